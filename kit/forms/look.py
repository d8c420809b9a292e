"""A theme in one locale: the finished HTML of every piece, with holes for what changes from request to request.

>>> fill = holed(f"<i id='{PATH}a'>{VALUE}</i>")
>>> fill("b.0.", "5%", "", "", "", "")
"<i id='b.0.a'>5%</i>"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from kit.forms.choices import Choice, Several
from kit.forms.html import attributes, escape
from kit.forms.kinds import Kind
from kit.forms.leaf import Leaf
from kit.forms.messages import Catalogue, Texts
from kit.forms.nodes import Nest, Rows
from kit.forms.theme import Piece, Theme

__all__ = ["Fill", "Look", "holed", "look"]

#: fill(path before the field, value, error, flags, options or body, row number) -> HTML
Fill = Callable[..., str]

# characters for private use stand for the holes until the theme has done its part
PATH, VALUE, ERROR, FLAGS, BODY, NUMBER = _MARKS = "\ue0f0\ue0f1\ue0f2\ue0f3\ue0f4\ue0f5"

_BUTTONS = {"add": "Add {row}", "remove": "Remove {row}", "up": "Move {row} up", "down": "Move {row} down"}


def holed(html: str) -> Fill:
    """A function that fills the holes of a piece of HTML."""
    body = html.replace("{", "{{").replace("}", "}}")
    for mark, name in zip(_MARKS, "pvefon", strict=True):
        body = body.replace(mark, "{" + name + "}")
    # an f-string of nothing but literals and these six names: three times as fast as filling a template with %
    fill: Fill = eval(f"lambda p, v, e, f, o, n: f{body!r}", {"__builtins__": {}})
    return fill


class Look:
    """One theme with the texts of one locale, for forms whose ids begin with `scope`.

    What is made is kept at the part it was made for, unless `part.fixed` says that it differs from request to request.
    """

    def __init__(self, theme: Theme, texts: Texts, scope: str) -> None:
        self.theme, self.texts, self.scope = theme, texts, scope

    def text(self, text: str) -> str:
        """A text of the class (label, hint, button), translated and escaped."""
        return escape(self.texts.text(text)) if text else ""

    def field(self, leaf: Leaf, bad: bool, alone: bool) -> Fill:
        """A field, with or without an error; `alone`: its control without label and error."""
        key = (self, bad, alone) if bad or alone else self  # the usual state has the quick key
        fill: Fill | None = leaf.drawn.get(key)
        if fill is None:
            fill = self.make(leaf, bad, alone, {})
            if leaf.fixed:
                leaf.drawn[key] = fill
        return fill

    def make(self, leaf: Leaf, bad: bool, alone: bool, extra: dict[str, Any]) -> Fill:
        """A field made anew, with `extra` attributes of the control."""
        id, optional = self.scope + PATH + leaf.name, not leaf.required and leaf.kind.blank is None
        piece = Piece(
            id=id,
            label=self.text(leaf.label) + ("" if leaf.name else f" {NUMBER}"),
            hint=self.text(leaf.hint),
            error=ERROR if bad else "",
            widget=leaf.widget,
            attrs=attributes(self._attrs(leaf, id, bad) | dict(leaf.spec.attrs) | extra)
            + ("" if _is_many(leaf) else FLAGS),
            value=VALUE,
            options=BODY,
            optional=self.text("optional") if optional else "",
        )
        return holed(self.theme.control(piece) if alone else self.theme.field(piece))

    def options(self, leaf: Leaf) -> list[tuple[str, list[tuple[str, Fill]]]]:
        """The choices of a field in their groups, each with its text; FLAGS is for what marks the chosen ones."""
        found: list[tuple[str, list[tuple[str, Fill]]]] | None = leaf.drawn.get((self, "options"))
        if found is not None:
            return found
        choice = leaf.kind.kind if isinstance(leaf.kind, Several) else leaf.kind
        if not isinstance(choice, Choice):
            return []
        made, first = [], True
        if leaf.widget == "select" and not isinstance(leaf.kind, Several):
            made.append(("", [("", holed(self.theme.option(f' value=""{FLAGS}', self.text("Choose …"))))]))
        for group, options in choice.options():
            drawn = []
            for text, _, label in options:
                drawn.append((text, holed(self._option(leaf, text, self.text(label), first))))
                first = False
            made.append((self.text(group), drawn))
        if choice.fixed:
            leaf.drawn[self, "options"] = made
        return made

    def rows(self, rows: Rows, bad: bool) -> Fill:
        """A list of rows: BODY are the rows, VALUE is the button that adds one."""
        return self._kept(rows, bad, lambda: self.theme.rows(self._rows_piece(rows, bad), BODY, VALUE))

    def row(self, rows: Rows) -> Fill:
        """One row of forms (PATH is its own) or of inputs: BODY is what is in it, VALUE its buttons."""

        def make() -> str:
            legend = f"{self.text(rows.each)} {NUMBER}"
            alone = isinstance(rows.item, Leaf)
            return self.theme.item(BODY, VALUE) if alone else self.theme.group(self.scope + PATH, legend, BODY, VALUE)

        return self._kept(rows, "row", make)

    def nest(self, nest: Nest) -> Fill:
        """A form within a form (PATH is its own)."""
        return self._kept(nest, "", lambda: self.theme.group(self.scope + PATH, self.text(nest.label), BODY, ""))

    def row_button(self, rows: Rows, verb: str) -> Fill:
        """A button of a list (PATH is the list's) or of a row (PATH is the row's)."""

        def make() -> str:
            word, _, kind = verb.partition(":")
            each = self.text(kind or rows.each) + ("" if word == "add" else f" {NUMBER}")
            return self.button(f"{PATH}.{verb}", self.text(_BUTTONS[word]).replace("{row}", each), main=False)

        return self._kept(rows, verb, make)

    def button(self, do: str, text: str, *, main: bool) -> str:
        """A submit button that posts `_do`; browsers check nothing for one that is not `main`. `text` is HTML."""
        attrs = {"type": "submit", "name": "_do", "value": do, "formnovalidate": not main}
        return self.theme.button(text, attributes(attrs) + FLAGS, main=main)

    def _kept(self, part: Rows | Nest, what: Any, make: Callable[[], str]) -> Fill:
        fill: Fill | None = part.drawn.get((self, what))
        if fill is None:
            fill = part.drawn[self, what] = holed(make())
        return fill

    def _rows_piece(self, rows: Rows, bad: bool) -> Piece:
        id, hint, error = self.scope + PATH + rows.name, self.text(rows.hint), ERROR if bad else ""
        attrs = attributes({"aria-describedby": _described(id, bool(hint), bad)})
        return Piece(id, self.text(rows.label), hint, error, "rows", attrs, "", "")

    def _option(self, leaf: Leaf, text: str, label: str, first: bool) -> str:
        if leaf.widget == "select":
            return self.theme.option(attributes({"value": text}) + FLAGS, label)
        # the first has the id of the field, so that links from the summary lead to it
        id = self.scope + PATH + leaf.name + ("" if first else "-" + re.sub(r"[^\w.\-]", "_", text))
        kind = "radio" if leaf.widget == "radios" else "checkbox"
        attrs = {
            "id": id,
            "type": kind,
            "name": PATH + leaf.name,
            "value": text,
            "required": kind == "radio" and leaf.required,
        }
        return self.theme.choice(kind, id, attributes(attrs) + FLAGS, label)

    def _attrs(self, leaf: Leaf, id: str, bad: bool) -> dict[str, Any]:
        described = {"aria-describedby": _described(id, bool(leaf.hint), bad)}
        if _is_many(leaf):
            return described
        made: dict[str, Any] = {"id": id, "name": PATH + leaf.name, **_typed(leaf)}
        if leaf.widget == "hidden":
            return made
        for row, bound in leaf.bounds() if leaf.widget not in ("select", "file") else ():
            if row.html and not (row.word == "pattern" and leaf.widget == "textarea"):
                made[row.html] = _bound(leaf.kind, bound)
        made["required"] = leaf.required and leaf.widget != "file"
        return made | described | {"aria-invalid": "true" if bad else None}


def _is_many(leaf: Leaf) -> bool:
    return leaf.widget in ("radios", "checkboxes")


def _typed(leaf: Leaf) -> dict[str, Any]:
    """Type and value of an input; other elements have neither."""
    if leaf.widget == "select":
        return {"multiple": isinstance(leaf.kind, Several)}
    if leaf.widget == "textarea":
        return {}
    if leaf.widget == "file":
        kind = leaf.kind.kind if isinstance(leaf.kind, Several) else leaf.kind
        return {**kind.attributes, "multiple": kind is not leaf.kind}
    own = {"type": leaf.widget} if leaf.widget in ("password", "hidden") else {}
    return {**leaf.kind.attributes, **own, "value": "on" if leaf.widget == "checkbox" else VALUE}


def _bound(kind: Kind, bound: Any) -> str:
    return str(bound) if isinstance(bound, int | str) else kind.show(bound)


def _described(id: str, hint: bool, error: bool) -> str | None:
    return " ".join([f"{id}-hint"] * hint + [f"{id}-error"] * error) or None


def look(theme: Theme, catalogue: Catalogue, locale: str, scope: str) -> Look:
    """The look of a theme in a locale; made once for each language that there is."""
    return _look(theme, catalogue, catalogue.language(locale), scope)


@lru_cache(maxsize=256)
def _look(theme: Theme, catalogue: Catalogue, language: str, scope: str) -> Look:
    return Look(theme, catalogue.texts(language), scope)
