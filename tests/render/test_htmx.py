"""Parts of a page: the same template gives the page and its pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.render import Templates
from kit.testing import environ

PAGE = (
    "<html><ul><%block name='rows'><li>${x}</li></%block></ul>"
    "<b id='count'><%block name='count'>${len(x)}</%block></b></html>"
)


@pytest.fixture
def swap(tmp_path: Path) -> Any:
    (tmp_path / "page.html").write_text(PAGE)
    templates = Templates(tmp_path)

    def ask(*parts: str, **headers: str) -> Any:
        made = environ(headers={name.replace("_", "-"): value for name, value in headers.items()})
        return templates.swap(made, "page.html", *parts, x="<>")

    return ask


WHOLE = "<html><ul><li>&lt;&gt;</li></ul><b id='count'>2</b></html>"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HX_Request": "false"},
        {"HX_Request": "true", "HX_Boosted": "true"},
        {"HX_Request": "true", "HX_History_Restore_Request": "true"},
        {"Accept": "text/html"},
    ],
)
def test_page_load_gets_the_whole_page(swap: Any, headers: dict[str, str]) -> None:
    answer = swap("rows", "count", **headers)
    assert answer.text == WHOLE and "HX-Request" in answer.headers["Vary"]


def test_htmx_gets_the_part_and_the_others_out_of_band(swap: Any) -> None:
    answer = swap("rows", HX_Request="true")
    assert answer.text == "<li>&lt;&gt;</li>" and "HX-Request" in answer.headers["Vary"]
    both = swap("rows", "count", HX_Request="true")
    assert both.text == '<li>&lt;&gt;</li><div hx-swap-oob="innerHTML:#count">2</div>'


def test_turbo_gets_streams(swap: Any) -> None:
    answer = swap("rows", "count", Accept="text/vnd.turbo-stream.html, text/html")
    assert answer.content_type == "text/vnd.turbo-stream.html"
    assert '<turbo-stream action="update" target="count"><template>2</template></turbo-stream>' in answer.text


def test_without_parts_it_is_the_page(swap: Any) -> None:
    assert swap(HX_Request="true").text == WHOLE
