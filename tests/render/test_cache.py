"""Parts of pages kept in a store: made once, for every process, until the template or the time changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.errors import ConfigError, Unavailable
from kit.render import Templates
from kit.render.engines.jinja2 import Jinja2Engine
from kit.stores import MemoryStore

PAGE = "${n}[<%block name='menu' cached='True' cache_timeout='60'><b>${next(made)} ${x}</b></%block>]"
DEF = "<%def name='d(q)' cached='True' cache_key='d-${q}'><i>${next(made)}${q}</i></%def>${d(x)}${capture(d, x)}"


@pytest.fixture
def render(tmp_path: Path) -> Any:
    """`render(text, store, **context)`: by new templates each time, as in another process."""

    def page(text: str, store: Any, **context: Any) -> str:
        (tmp_path / "a.html").write_text(text)
        return Templates(tmp_path, cache=store).render("a.html", **context)

    return page


def test_a_part_is_made_once_and_the_rest_each_time(render: Any) -> None:
    made, store = iter(range(9)), MemoryStore()
    assert render(PAGE, store, made=made, n=1, x="<") == "1[<b>0 &lt;</b>]"
    assert render(PAGE, store, made=made, n=2, x="other") == "2[<b>0 &lt;</b>]"


def test_a_part_is_made_again_after_its_time_and_after_a_change_of_the_template(render: Any) -> None:
    now = [0.0]
    made, store = iter(range(9)), MemoryStore(clock=lambda: now[0])
    texts = [render(PAGE, store, made=made, n=1, x=1)]
    now[0] = 61
    texts.append(render(PAGE, store, made=made, n=1, x=1))
    texts.append(render(PAGE + " ", store, made=made, n=1, x=1).strip())
    assert texts == ["1[<b>0 1</b>]", "1[<b>1 1</b>]", "1[<b>2 1</b>]"]


def test_a_key_tells_parts_apart_and_nothing_is_escaped_twice(render: Any) -> None:
    made, store = iter(range(9)), MemoryStore()
    assert render(DEF, store, made=made, x="<") == "<i>0&lt;</i><i>0&lt;</i>"
    assert render(DEF, store, made=made, x=">") == "<i>1&gt;</i><i>1&gt;</i>"
    assert render(DEF, store, made=made, x="<") == "<i>0&lt;</i><i>0&lt;</i>"


class Down:
    def get(self, key: str) -> Any:
        raise Unavailable("down")

    add = get


class Full(MemoryStore):
    def add(self, *args: Any, **named: Any) -> bool:
        raise Unavailable("full")


@pytest.mark.parametrize("store", [None, Down(), Full()])
def test_without_a_store_the_page_is_made_all_the_same(render: Any, store: Any) -> None:
    made = iter(range(9))
    assert render(PAGE, store, made=made, n=1, x=1) == "1[<b>0 1</b>]"
    assert render(PAGE, store, made=made, n=1, x=1) == "1[<b>1 1</b>]"


def test_another_engine_brings_a_cache_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Templates(engine=Jinja2Engine([tmp_path]), cache=MemoryStore())
