"""Draw the parts of a form: the pieces of its look (kit.forms.look), filled with what was posted or is stored.

Every function takes the sheet (a changeset), a part, the path before it, what was posted (`raw`) and what is stored
(`data`); MISSING stands for nothing. Paths are safe in HTML: `row_views` sees to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from kit.forms.choices import Choice, Several
from kit.forms.html import escape
from kit.forms.leaf import Leaf
from kit.forms.look import Fill, Look
from kit.forms.node import Error, Node, held
from kit.forms.nodes import Either, Group, Nest, Rows
from kit.forms.spec import MISSING

__all__ = ["Place", "Sheet", "draw", "draw_group", "draw_leaf", "places", "sentences", "shown", "within"]

_SPECIAL = re.compile(r"[&<>\"']").search


class Sheet(Protocol):
    """What drawing needs of a changeset."""

    @property
    def look(self) -> Look:
        """Theme and locale."""

    @property
    def faults(self) -> Mapping[str, list[Error]]:
        """Errors by path."""

    @property
    def focus(self) -> str:
        """The path of the input or button that takes the focus."""

    @property
    def keepsakes(self) -> Mapping[str, tuple[str, str]]:
        """Files kept from this post, by path: (token, name)."""


class Place(NamedTuple):
    """One row: its path, its number from 1, how many, what was posted and what is stored."""

    rows: Rows
    path: str
    number: int
    total: int
    raw: Any
    data: Any
    #: the part that draws it
    item: Node

    def buttons(self, sheet: Sheet) -> dict[str, str]:
        """The buttons of the row that make sense where it stands, by verb."""
        verbs = ["up"] * (self.rows.spec.reorder and self.number > 1)
        verbs += ["down"] * (self.rows.spec.reorder and self.number < self.total)
        verbs += ["remove"] * (self.total > self.rows.min)
        fills = ((verb, sheet.look.row_button(self.rows, verb)) for verb in verbs)
        return {verb: fill(self.path, "", "", "", "", str(self.number)) for verb, fill in fills}


def draw(sheet: Sheet, part: Node, prefix: str, raw: Any, data: Any) -> str:
    """Any part, whole."""
    if isinstance(part, Leaf):
        path = prefix + part.name
        if raw.__class__ is str and part.plain and path not in sheet.faults and sheet.focus != path:
            value = raw if raw.isalnum() or not _SPECIAL(raw) else escape(raw)
            return sheet.look.field(part, False, False)(prefix, value, "", "", "", "")
        return draw_leaf(sheet, part, prefix, raw, data)
    if isinstance(part, Rows):
        return draw_rows(sheet, part, prefix, raw, data)
    if isinstance(part, Nest):
        body = draw_group(sheet, part.item, f"{prefix}{part.name}.", raw, data)
        return sheet.look.nest(part)(prefix + part.name, "", "", "", body, "")
    raise TypeError(f"{type(part).__name__} cannot be drawn")


def draw_group(sheet: Sheet, group: Group, prefix: str, raw: Any, data: Any) -> str:
    """The parts of a form, one after the other."""
    if raw.__class__ is dict:
        return "".join([draw(sheet, part, prefix, raw.get(part.name), MISSING) for part in group.parts])
    return "".join([draw(sheet, part, prefix, *within(part, raw, data)) for part in group.parts])


def draw_leaf(
    sheet: Sheet,
    leaf: Leaf,
    prefix: str,
    raw: Any,
    data: Any,
    number: str = "",
    alone: bool = False,
    fill: Fill | None = None,
) -> str:
    """A field in any state; `fill` is what to draw it with, if it is not the usual."""
    path, look, flags, options, error = prefix + leaf.name, sheet.look, "", "", ""
    bad = path in sheet.faults
    if bad:
        error = escape(next(sentences(sheet, path, leaf.messages)))
    if fill is None:
        fill = look.field(leaf, bad, alone)
    if leaf.widget == "file":
        value = _kept(sheet, path)
    elif isinstance(leaf.kind, Choice | Several):
        value, options = "", _options(look, leaf, prefix, raw, data)
    else:
        value = escape(shown(leaf, raw, data))
        flags = " checked" if leaf.widget == "checkbox" and value else ""
    if sheet.focus == path:
        flags += " autofocus"
    return fill(prefix, value, error, flags, options, number)


def draw_rows(sheet: Sheet, rows: Rows, prefix: str, raw: Any, data: Any) -> str:
    """A list of rows with its buttons."""
    path, error, body = prefix + rows.name, "", []
    for place in places(rows, path, raw, data):
        body.append(draw_row(sheet, place))
    bad = path in sheet.faults
    if bad:
        error = escape(next(sentences(sheet, path)))
    add = add_button(sheet, rows, path, len(body))
    return sheet.look.rows(rows, bad)(prefix, add, error, "", "".join(body), "")


def draw_row(sheet: Sheet, place: Place) -> str:
    """One row with its buttons."""
    rows, number = place.rows, str(place.number)
    if isinstance(place.item, Group):
        body = kind_input(place) + draw_group(sheet, place.item, place.path + ".", place.raw, place.data)
    elif isinstance(place.item, Leaf):
        body = draw_leaf(sheet, place.item, place.path, place.raw, place.data, number)
    buttons = "".join(place.buttons(sheet).values())
    return sheet.look.row(rows)(place.path, buttons, "", "", body, number)


def kind_input(place: Place) -> str:
    """The hidden input that says which form a row of several is."""
    if not isinstance(place.rows.item, Either) or not isinstance(place.item, Group):
        return ""
    return f'<input type="hidden" name="{place.path}._kind" value="{place.item.make.__name__}">'


def add_button(sheet: Sheet, rows: Rows, path: str, count: int) -> str:
    """The button that adds a row; nothing where the list is full."""
    if count >= rows.max:
        return ""
    focus = " autofocus" if sheet.focus == f"{path}.add" else ""
    verbs = [f"add:{name}" for name in rows.item.kinds] if isinstance(rows.item, Either) else ["add"]
    return "".join([sheet.look.row_button(rows, verb)(path, "", "", focus, "", "") for verb in verbs])


def places(rows: Rows, path: str, raw: Any, data: Any) -> Iterator[Place]:
    """The rows of a list: those posted, else those stored and blank ones up to the least number."""
    found: list[tuple[str, Any, Any]]
    if isinstance(raw, dict):
        found = [(key if key.isdecimal() else escape(key), row, MISSING) for key, row in raw.items()]
    elif raw is not MISSING:
        found = [(str(i), row, MISSING) for i, row in enumerate(raw if isinstance(raw, list) else ())]
    else:
        stored = [] if data is MISSING or data is None else list(data)
        stored += [MISSING] * (rows.min - len(stored))
        found = [(str(i), MISSING, row) for i, row in enumerate(stored)]
    for number, (key, row, item) in enumerate(found, 1):
        yield Place(rows, f"{path}.{key}", number, len(found), row, item, rows.row(row, item))


def within(part: Node, raw: Any, data: Any) -> tuple[Any, Any]:
    """What was posted and what is stored for a part of a form."""
    if raw is MISSING:
        return MISSING, held(data, part.attribute)
    return (raw.get(part.name) if isinstance(raw, dict) else None), MISSING


def shown(leaf: Leaf, raw: Any, data: Any) -> str:
    """The text in an input: what was posted, else what is stored, else the default."""
    if not leaf.spec.redisplay:
        return ""
    if raw is MISSING:
        stored = leaf.default if data is MISSING else data
        return "" if stored is MISSING or stored is None else leaf.kind.show(stored)
    if raw is None or isinstance(raw, str):
        return raw or ""
    try:
        return leaf.kind.show(leaf.kind.accept(raw))  # it came as JSON
    except ValueError:
        return ""


def sentences(sheet: Sheet, path: str, own: Mapping[str, Any] | None = None) -> Iterator[str]:
    """What is wrong at a path, in words; `own` holds a field's own sentences by code."""
    for error in sheet.faults.get(path, ()):
        yield sheet.look.texts.message(error.code, error.params, own)


def _options(look: Look, leaf: Leaf, prefix: str, raw: Any, data: Any) -> str:
    chosen = _chosen(leaf, raw, data)
    mark = " selected" if leaf.widget == "select" else " checked"
    made = []
    for group, options in look.options(leaf):
        drawn = "".join([fill(prefix, "", "", mark if text in chosen else "", "", "") for text, fill in options])
        made.append(look.theme.options(group, drawn) if group and leaf.widget == "select" else drawn)
    return "".join(made)


def _chosen(leaf: Leaf, raw: Any, data: Any) -> set[str]:
    """The texts of the choices that are on."""
    if raw is MISSING:
        stored = leaf.default if data is MISSING else data
        if stored is MISSING or stored is None:
            return set()
        kind = leaf.kind
        return {kind.kind.show(one) for one in stored} if isinstance(kind, Several) else {kind.show(stored)}
    return {str(one) for one in raw} if isinstance(raw, list) else {str(raw)}


def _kept(sheet: Sheet, path: str) -> str:
    if path not in sheet.keepsakes:
        return ""
    token, name = map(escape, sheet.keepsakes[path])
    note = sheet.look.text("Kept: {name}").replace("{name}", name)
    return f'<input type="hidden" name="_keep.{path}" value="{token}"><p>{note}</p>'
