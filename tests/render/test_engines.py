"""Every engine to the same contract; and a broken one, to show that the contract bites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.render import Templates
from kit.render.contract import EngineContract
from kit.render.engines.chameleon import ChameleonEngine
from kit.render.engines.jinja2 import Jinja2Engine
from kit.render.engines.mako import MakoEngine
from kit.testing import environ

JINJA = {
    "text": "<p>{{ value }}</p>",
    "attribute": '<p title="{{ value }}"></p>',
    "part": "[{% block one %}<b>{{ value }}</b>{% endblock %}]",
    "undefined": "<p>{{ nobody }}</p>",
    "broken": "<p>\n{{ value",
}


class TestMako(EngineContract):
    sources = {
        "text": "<p>${value}</p>",
        "attribute": '<p title="${value}"></p>',
        "part": "[<%block name='one'><b>${value}</b></%block>]",
        "undefined": "<p>${nobody}</p>",
        "broken": "<p>\n% if value:\n",
    }

    def engine(self, folder: Path) -> MakoEngine:
        return MakoEngine([folder])


class TestJinja2(EngineContract):
    sources = JINJA

    def engine(self, folder: Path) -> Jinja2Engine:
        return Jinja2Engine([folder])


class TestChameleon(EngineContract):
    suffix = ".pt"
    sources = {
        "text": "<p>${value}</p>",
        "attribute": '<p title="${value}"></p>',
        "part": '<x tal:omit-tag="">[<b metal:define-macro="one">${value}</b>]</x>',
        "undefined": "<p>${nobody}</p>",
        "broken": "<p>\n<b tal:nothing='1'></p>",
    }

    def engine(self, folder: Path) -> ChameleonEngine:
        return ChameleonEngine([folder])


def test_contract_bites_an_engine_that_does_not_escape(tmp_path: Path) -> None:
    class Careless(EngineContract):
        sources = JINJA

    (tmp_path / "text.html").write_text(JINJA["text"])
    (tmp_path / "attribute.html").write_text(JINJA["attribute"])
    careless = Jinja2Engine([tmp_path], autoescape=False)
    for test in (Careless().test_text_is_escaped_exactly_once, Careless().test_attribute_cannot_be_left):
        with pytest.raises(AssertionError):
            test(careless)


@pytest.mark.parametrize(
    ("engine", "source"),
    [
        (MakoEngine, "<form>${csrf.field}${user}</form>"),
        (Jinja2Engine, "<form>{{ csrf.field }}{{ user }}</form>"),
        (ChameleonEngine, "<form>${csrf.field}${user}</form>"),
    ],
)
def test_response_works_the_same_with_every_engine(tmp_path: Path, engine: Any, source: str) -> None:
    (tmp_path / "a.html").write_text(source)
    made = environ(environ={"kit.csrf": lambda: "t", "kit.user": "<ann>"})
    text = Templates(engine=engine([tmp_path])).response(made, "a.html").text
    assert text == '<form><input type="hidden" name="_csrf" value="t">&lt;ann&gt;</form>'


def test_jinja_macro_is_a_fragment(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("{% macro row(post, css='x') %}<i class='{{ css }}'>{{ post }}</i>{% endmacro %}")
    assert Templates(engine=Jinja2Engine([tmp_path])).fragment("a.html", "row", post="<") == "<i class='x'>&lt;</i>"


def test_context_has_all_that_makos_own_has() -> None:
    """It is made without Mako's constructor, for speed: a new Mako that keeps more must be noticed."""
    from mako.runtime import Context

    from kit.render.engines.mako import _Context, _Writer

    theirs, ours = Context(_Writer(print), x=1), _Context(_Writer(print), {"x": 1})
    assert vars(theirs).keys() == vars(ours).keys()
    assert set(theirs.keys()) == set(ours.keys())
    assert theirs.kwargs == ours.kwargs == {"x": 1}
