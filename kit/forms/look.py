"""A theme in one locale: the finished HTML of every field, with holes for what changes from request to request.

`Look.field(leaf, bad, alone)` is a template for `%`, made once: `p` is the path before the field, `v` the value, `e`
the error, `f` flags (checked, autofocus), `o` options.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from kit.forms.html import attributes, escape
from kit.forms.messages import Texts, texts
from kit.forms.nodes import Leaf, Rows
from kit.forms.theme import Piece, Theme

__all__ = ["Look", "look"]

# characters for private use stand for the holes until the theme has done its part
_HOLES = {"\ue0f0": "%(p)s", "\ue0f1": "%(v)s", "\ue0f2": "%(e)s", "\ue0f3": "%(f)s", "\ue0f4": "%(o)s"}
_PATH, _VALUE, _ERROR, _FLAGS, _OPTIONS = _HOLES


class Look:
    """One theme with the texts of one locale, for the form whose ids begin with `scope`."""

    def __init__(self, theme: Theme, texts: Texts, scope: str) -> None:
        self.theme, self.texts, self.scope = theme, texts, scope
        self._fields: WeakKeyDictionary[Leaf, dict[tuple[bool, bool], str]] = WeakKeyDictionary()

    def text(self, text: str) -> str:
        """A text of the class (label, hint, button), translated and escaped."""
        return escape(self.texts.text(text))

    def field(self, leaf: Leaf, bad: bool, alone: bool) -> str:
        """The template of a field, with or without an error, or (`alone`) of its control without label and error."""
        made = self._fields.get(leaf)
        if made is None:
            made = self._fields[leaf] = {}
        found = made.get((bad, alone))
        if found is None:
            found = self.make(leaf, bad, alone)
            if not any(callable(bound) for _, bound in leaf.checks):
                made[bad, alone] = found
        return found

    def make(self, leaf: Leaf, bad: bool, alone: bool, extra: dict[str, Any] | None = None) -> str:
        """The template made anew, with `extra` attributes of the control."""
        id, name = self.scope + _PATH + leaf.name, _PATH + leaf.name
        widget = leaf.spec.widget or leaf.kind.widget
        holder = Piece(
            id=id,
            name=name,
            label=self.text(leaf.label),
            hint=self.text(leaf.hint) if leaf.hint else "",
            error=_ERROR if bad else "",
            widget=widget,
            attrs=self._attrs(leaf, id, name, widget, bad, extra or {}),
            value=_VALUE,
            options=_OPTIONS,
            required=leaf.required,
            optional="" if leaf.required or leaf.kind.blank_is_value else self.text("optional"),
        )
        return _holed(self.theme.control(holder) if alone else self.theme.field(holder))

    def rows(self, part: Rows, prefix: str, error: str) -> Piece:
        """A list of rows as a theme sees it."""
        id = self.scope + prefix + part.name
        hint = self.text(part.hint) if part.hint else ""
        described = _described(id, bool(hint), bool(error))
        attrs, label = attributes({"aria-describedby": described}), self.text(part.label)
        return Piece(id, prefix + part.name, label, hint, error, "rows", attrs, "", "", part.min > 0, "")

    def _attrs(self, leaf: Leaf, id: str, name: str, widget: str, bad: bool, extra: dict[str, Any]) -> str:
        made: dict[str, Any] = {"id": id, "name": name}
        if widget != "textarea":
            made |= leaf.kind.attributes
            if widget in ("password", "hidden"):
                made["type"] = widget
            made["value"] = "on" if leaf.kind.blank_is_value else _VALUE
        if widget != "hidden":
            for row, bound in leaf.bounds():
                if row.html:
                    made[row.html] = leaf.kind.show(bound) if row.word in ("ge", "le") else str(bound)
            made["required"] = leaf.required
            made["aria-describedby"] = _described(id, bool(leaf.hint), bad)
            made["aria-invalid"] = "true" if bad else None
        return attributes(made | leaf.spec.attrs | extra) + _FLAGS


def _described(id: str, hint: bool, error: bool) -> str | None:
    return " ".join([f"{id}-hint"] * hint + [f"{id}-error"] * error) or None


def _holed(html: str) -> str:
    html = html.replace("%", "%%")
    for mark, hole in _HOLES.items():
        html = html.replace(mark, hole)
    return html


@lru_cache(maxsize=256)
def look(theme: Theme, locale: str, scope: str) -> Look:
    """The look of a theme in a locale; made once."""
    return Look(theme, texts(locale), scope)
