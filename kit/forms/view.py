"""What a template gets hold of: `form.email`, `form.addresses`, a row, and their pieces. Each is HTML when written.

```mako
${form.email}  ${form.photo.widget(class_="wide")}
% for row in form.addresses:
  <fieldset><legend>${row.legend}</legend>${row.street} ${row.city} ${row.remove_button}</fieldset>
% endfor
${form.addresses.add_button}
```

Views belong to one changeset (`sheet`) and read it; they hold no state of their own. `form["name"]` is the same as
`form.name`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from kit.forms.html import Html, attributes, escape
from kit.forms.look import Look
from kit.forms.nodes import Error, Group, Leaf, Node, Rows, held
from kit.forms.spec import MISSING

__all__ = ["FieldView", "GroupView", "RowsView", "Sheet", "view"]


class Sheet(Protocol):
    """What the views need of a changeset."""

    @property
    def look(self) -> Look:
        """Theme and locale."""

    @property
    def faults(self) -> Mapping[str, list[Error]]:
        """Errors by path."""

    @property
    def focus(self) -> str:
        """The path of the input that takes the focus."""


class FieldView:
    """One field. `raw` is what was posted (MISSING: nothing was), `data` what is stored."""

    def __init__(self, sheet: Sheet, leaf: Leaf, prefix: str, raw: Any, data: Any) -> None:
        self._sheet, self._leaf, self._prefix, self._raw, self._data = sheet, leaf, prefix, raw, data

    def __html__(self) -> str:
        return self._render(self._sheet.look.field(self._leaf, self._path in self._sheet.faults, False))

    __str__ = __html__

    def widget(self, **attrs: Any) -> Html:
        """The control alone; `attrs` are further HTML attributes (`class_="wide"`)."""
        bad, look = self._path in self._sheet.faults, self._sheet.look
        template = look.make(self._leaf, bad, True, attrs) if attrs else look.field(self._leaf, bad, True)
        return Html(self._render(template))

    @property
    def name(self) -> str:
        """The name of the input."""
        return self._path

    @property
    def id(self) -> str:
        """The id of the input."""
        return self._sheet.look.scope + self._path

    @property
    def label(self) -> Html:
        """The label's text."""
        return Html(self._sheet.look.text(self._leaf.label))

    @property
    def hint(self) -> Html:
        """The hint's text."""
        return Html(self._sheet.look.text(self._leaf.hint))

    @property
    def value(self) -> str:
        """The text in the input: what was posted, else what is stored, else the default."""
        if not self._leaf.spec.redisplay:
            return ""
        if self._raw is not MISSING:
            return self._raw if isinstance(self._raw, str) else _shown(self._leaf, self._raw)
        stored = self._leaf.default if self._data is MISSING else self._data
        return "" if stored is MISSING or stored is None else self._leaf.kind.show(stored)

    @property
    def errors(self) -> list[str]:
        """The sentences about this field."""
        texts, own = self._sheet.look.texts, self._leaf.spec.messages
        return [texts.message(e.code, e.params, own) for e in self._sheet.faults.get(self._path, ())]

    @property
    def error(self) -> str:
        """The first sentence about this field, or ""."""
        return next(iter(self.errors), "")

    @property
    def _path(self) -> str:
        return self._prefix + self._leaf.name

    def _render(self, template: str) -> str:
        value = self.value
        flags = " checked" if self._leaf.kind.blank_is_value and value else ""
        if self._sheet.focus == self._path:
            flags += " autofocus"
        return template % {"p": escape(self._prefix), "v": escape(value), "e": escape(self.error), "f": flags, "o": ""}


class GroupView:
    """A nested form or one row: its fields by attribute, and its buttons if it is a row."""

    def __init__(
        self, sheet: Sheet, group: Group, prefix: str, raw: Any, data: Any, place: _Place | None = None
    ) -> None:
        self._sheet, self._group, self._prefix = sheet, group, prefix
        self._raw, self._data, self._place = raw, data, place

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __getitem__(self, name: str) -> Any:
        return view(self._sheet, self._group, name, self._prefix, self._raw, self._data)

    def __iter__(self) -> Iterator[Any]:
        return (self[part.attribute] for part in self._group.parts)

    def __html__(self) -> str:
        body = "".join(str(piece) for piece in self)
        buttons = "".join((self.up_button, self.down_button, self.remove_button))
        path = escape(self._prefix[:-1])
        return self._sheet.look.theme.group(self._sheet.look.scope + path, self.legend, body, buttons)

    __str__ = __html__

    @property
    def legend(self) -> Html:
        """ "Choice 2" for a row, the label of a nested form."""
        look = self._sheet.look
        if self._place is None:
            return Html(look.text(self._group.label))
        return Html(f"{look.text(self._place.rows.each)} {self._place.number}")

    @property
    def remove_button(self) -> Html:
        """The button that removes this row; nothing where the list has no row too many."""
        place = self._place
        return self._button("remove", "Remove {row}") if place and place.count > place.rows.min else Html()

    @property
    def up_button(self) -> Html:
        """The button that moves this row up; nothing for the first, and where rows cannot be moved."""
        place = self._place
        return self._button("up", "Move {row} up") if place and place.rows.spec.reorder and place.number > 1 else Html()

    @property
    def down_button(self) -> Html:
        """The button that moves this row down."""
        place = self._place
        movable = place and place.rows.spec.reorder and place.number < place.count
        return self._button("down", "Move {row} down") if movable else Html()

    def _button(self, verb: str, text: str) -> Html:
        return button(self._sheet, self._prefix + verb, self._sheet.look.text(text).replace("{row}", self.legend))


class _Place:
    """Where a row stands: its list, its number from 1, and how many there are."""

    __slots__ = ("count", "number", "rows")

    def __init__(self, rows: Rows, number: int, count: int) -> None:
        self.rows, self.number, self.count = rows, number, count


class RowsView:
    """A list of rows: iterate over it, or write it whole."""

    def __init__(self, sheet: Sheet, rows: Rows, prefix: str, raw: Any, data: Any) -> None:
        self._sheet, self._rows, self._prefix = sheet, rows, prefix
        self._items = self._found(raw, data)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[GroupView]:
        for number, (key, raw, data) in enumerate(self._items, 1):
            place = _Place(self._rows, number, len(self._items))
            yield GroupView(self._sheet, self._rows.item, f"{self._path}.{key}.", raw, data, place)

    def __html__(self) -> str:
        look = self._sheet.look
        body = "".join(str(row) for row in self)
        return look.theme.rows(look.rows(self._rows, escape(self._prefix), escape(self.error)), body, self.add_button)

    __str__ = __html__

    @property
    def label(self) -> Html:
        """The label's text."""
        return Html(self._sheet.look.text(self._rows.label))

    @property
    def add_button(self) -> Html:
        """The button that adds a row; nothing where the list is full."""
        if len(self._items) >= self._rows.max:
            return Html()
        look = self._sheet.look
        text = look.text("Add {row}").replace("{row}", look.text(self._rows.each))
        return button(self._sheet, f"{self._path}.add", text)

    @property
    def errors(self) -> list[str]:
        """The sentences about the list as a whole."""
        return [self._sheet.look.texts.message(e.code, e.params) for e in self._sheet.faults.get(self._path, ())]

    @property
    def error(self) -> str:
        """The first sentence about the list, or ""."""
        return next(iter(self.errors), "")

    @property
    def _path(self) -> str:
        return self._prefix + self._rows.name

    def _found(self, raw: Any, data: Any) -> list[tuple[str, Any, Any]]:
        """(key, posted, stored) of each row."""
        if isinstance(raw, dict):
            return [(key, row, MISSING) for key, row in raw.items()]
        if isinstance(raw, list):
            return [(str(i), row, MISSING) for i, row in enumerate(raw)]
        stored = [] if data is MISSING or data is None or raw is not MISSING else list(data)
        blank = [MISSING] * (self._rows.min - len(stored))
        return [(str(i), MISSING, row) for i, row in enumerate(stored + blank)]


def view(sheet: Sheet, group: Group, name: str, prefix: str, raw: Any, data: Any) -> FieldView | RowsView | GroupView:
    """The view of the part `name` of `group`; AttributeError, with the names there are, if it has no such part."""
    part: Node | None = next((part for part in group.parts if part.attribute == name), None)
    if part is None:
        known = ", ".join(part.attribute for part in group.parts)
        raise AttributeError(f"{group.make.__name__} has no field {name!r}; it has: {known}")
    inner = MISSING if raw is MISSING else raw.get(part.name, "") if isinstance(raw, dict) else ""
    stored = MISSING if data is MISSING else held(data, part.attribute)
    if isinstance(part, Leaf):
        return FieldView(sheet, part, prefix, inner, stored)
    if isinstance(part, Rows):
        return RowsView(sheet, part, prefix, inner, stored)
    raise TypeError(f"no view for {type(part).__name__}")


def button(sheet: Sheet, do: str, text: str, *, main: bool = False) -> Html:
    """A submit button that posts `_do`; browsers check nothing for one that is not `main`. `text` is HTML."""
    attrs: dict[str, Any] = {"type": "submit", "name": "_do", "value": do, "formnovalidate": not main}
    attrs["autofocus"] = sheet.focus == do
    return Html(sheet.look.theme.button(text, attributes(attrs), main=main))


def _shown(leaf: Leaf, raw: Any) -> str:
    """The text for a value that came as JSON."""
    try:
        return leaf.kind.show(leaf.kind.accept(raw))
    except ValueError:
        return ""
