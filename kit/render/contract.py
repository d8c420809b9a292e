"""EngineContract: what every template engine must do; subclass it in your tests.

class TestMine(EngineContract):
    suffix = ".html"
    sources = {
        "text": "<p>{{ value }}</p>",                             # a value between tags
        "attribute": '<p title="{{ value }}"></p>',               # and in a quoted attribute
        "part": "[{% block one %}<b>{{ value }}</b>{% endblock %}]",   # a part named `one`
        "undefined": "<p>{{ nobody }}</p>",                       # a name that is not passed
        "broken": "<p>\\n{{ value",                               # cannot be read; the fault is after line 1
    }
    def engine(self, folder):
        return MyEngine([folder])
"""

from __future__ import annotations

import html
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kit.render.engine import Engine, TemplateError, UndefinedName
from kit.render.escape import Markup

__all__ = ["EngineContract"]

HOSTILE = "<script>alert('1')</script> & \"quoted\" ${7*7} {{7*7}} é ⟨ \U0001f600"


class EngineContract:
    """The suite; pytest collects it through the subclass."""

    #: of the template files
    suffix = ".html"
    #: name of the case -> template text; see the module's text
    sources: dict[str, str] = {}

    def engine(self, folder: Path) -> Engine:
        """An engine of the templates in `folder`."""
        raise TypeError(f"{type(self).__name__} must say how its engine is made: def engine(self, folder)")

    @pytest.fixture
    def made(self, tmp_path: Path) -> Engine:
        """The engine, with every source as a file."""
        (tmp_path / "sub").mkdir()
        for case, text in self.sources.items():
            (tmp_path / f"{case}{self.suffix}").write_text(text, encoding="utf-8")
        (tmp_path / "sub" / f"text{self.suffix}").write_text(self.sources["text"], encoding="utf-8")
        return self.engine(tmp_path)

    def render(self, made: Engine, case: str, part: str | None = None, **context: Any) -> str:
        """One template as text."""
        return made.render(case + self.suffix, part, context)

    def test_text_is_escaped_exactly_once(self, made: Engine) -> None:
        """What a browser reads between the tags is the value."""
        text = self.render(made, "text", value=HOSTILE).strip()
        inner = text.removeprefix("<p>").removesuffix("</p>")
        assert html.unescape(inner) == HOSTILE and "<" not in inner and "&amp;amp;" not in inner

    def test_attribute_cannot_be_left(self, made: Engine) -> None:
        """No quote of the value is a quote of the attribute."""
        text = self.render(made, "attribute", value=HOSTILE)
        inner = text[text.index('title="') + 7 : text.rindex('"')]
        assert html.unescape(inner) == HOSTILE and '"' not in inner

    def test_markup_passes_as_it_is(self, made: Engine) -> None:
        """`Markup`, and any object with `__html__`, is not escaped."""
        assert "<p><i>&amp;</i></p>" in self.render(made, "text", value=Markup("<i>&amp;</i>"))

    @pytest.mark.parametrize("value", [0, 7, -1, 2.5, True, "", "0"])
    def test_plain_values_are_their_text(self, made: Engine, value: Any) -> None:
        """Numbers too: zero is no nothing."""
        assert f"<p>{value}</p>" in self.render(made, "text", value=value)

    def test_part_is_rendered_alone_and_escaped(self, made: Engine) -> None:
        """A part is what stands between its marks, and nothing around it."""
        assert self.render(made, "part", "one", value="<").strip() == "<b>&lt;</b>"
        assert self.render(made, "part", value="<").strip() == "[<b>&lt;</b>]"

    def test_unknown_part_is_an_error_that_names_it(self, made: Engine) -> None:
        """Not an empty text."""
        with pytest.raises(TemplateError, match="nope"):
            self.render(made, "part", "nope", value=1)

    def test_unknown_template_is_an_error_that_names_it(self, made: Engine) -> None:
        """And says what is near."""
        with pytest.raises(TemplateError, match=r"txet.*text"):
            self.render(made, "txet", value=1)

    def test_undefined_name_is_an_error_that_names_it(self, made: Engine) -> None:
        """Not an empty text."""
        with pytest.raises(UndefinedName, match="nobody"):
            self.render(made, "undefined", value=1)

    def test_broken_template_is_an_error_that_names_its_file(self, made: Engine) -> None:
        """With the line, if the engine knows it."""
        with pytest.raises(TemplateError) as caught:
            self.render(made, "broken", value=1)
        assert str(caught.value.filename).endswith("broken" + self.suffix)

    @pytest.mark.parametrize("name", ["../{}", "/../{}", "sub/../../{}", "..\\{}", "{}\0", ""])
    def test_names_that_leave_the_folder_are_refused(self, tmp_path: Path, name: str) -> None:
        """Even though names never come from a request."""
        (tmp_path / "views").mkdir()
        (tmp_path / f"text{self.suffix}").write_text(self.sources["text"])
        with pytest.raises(TemplateError):
            self.engine(tmp_path / "views").render(name.format(f"text{self.suffix}"), None, {"value": 1})

    def test_write_gives_the_same_text_in_pieces(self, made: Engine) -> None:
        """`write` and `render` are one."""
        pieces: list[str] = []
        made.write("text" + self.suffix, None, {"value": HOSTILE}, pieces.append)
        assert "".join(pieces) == self.render(made, "text", value=HOSTILE)

    def test_names_lists_every_template(self, made: Engine) -> None:
        """With folders, and `/` between."""
        assert {f"text{self.suffix}", f"sub/text{self.suffix}"} <= set(made.names())

    def test_eight_threads_get_each_their_own_page(self, made: Engine) -> None:
        """From the first use on."""
        with ThreadPoolExecutor(8) as pool:
            texts = pool.map(lambda n: self.render(made, "text", value=n).strip(), range(400))
            assert list(texts) == [f"<p>{n}</p>" for n in range(400)]
