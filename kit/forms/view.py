"""What a template gets hold of: `form.email`, `form.addresses`, a row, and their pieces. Each is HTML when written.

```mako
${form.email}  ${form.photo.widget(class_="wide")}
% for row in form.addresses:
  <fieldset><legend>${row.legend}</legend>${row.street} ${row.city} ${row.remove_button}</fieldset>
% endfor
${form.addresses.add_button}
```

Views belong to one changeset and read it; they hold no state of their own. `form["name"]` is the same as `form.name`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.forms.draw import (
    Place,
    Sheet,
    add_button,
    draw,
    draw_group,
    draw_leaf,
    draw_row,
    kind_input,
    places,
    sentences,
    shown,
    within,
)
from kit.forms.html import Html
from kit.forms.leaf import Leaf
from kit.forms.node import Node
from kit.forms.nodes import Group, Nest, Rows

__all__ = ["FieldView", "GroupView", "RowsView", "view"]


class _View:
    """A part of a form with what was posted and what is stored for it."""

    def __init__(self, sheet: Sheet, part: Any, prefix: str, raw: Any, data: Any, place: Place | None = None) -> None:
        self._sheet, self._part, self._prefix, self._raw, self._data = sheet, part, prefix, raw, data
        self._place = place

    def __html__(self) -> str:
        return draw(self._sheet, self._part, self._prefix, self._raw, self._data)

    def __str__(self) -> str:
        return self.__html__()

    @property
    def name(self) -> str:
        """The name of the input, which is also the path of its errors."""
        return f"{self._prefix}{self._part.name}"

    @property
    def id(self) -> str:
        """The id of the input."""
        return self._sheet.look.scope + self.name

    @property
    def label(self) -> Html:
        """The label's text, or the legend of a list."""
        return Html(self._sheet.look.text(self._part.label))

    @property
    def hint(self) -> Html:
        """The hint's text."""
        return Html(self._sheet.look.text(self._part.hint))

    @property
    def errors(self) -> list[str]:
        """The sentences about this part."""
        own = self._part.messages if isinstance(self._part, Leaf) else None
        return list(sentences(self._sheet, self.name, own))

    @property
    def error(self) -> str:
        """The first sentence about this part, or ""."""
        return next(iter(self.errors), "")

    def _button(self, verb: str) -> Html:
        return Html(self._place.buttons(self._sheet).get(verb, "") if self._place else "")

    @property
    def remove_button(self) -> Html:
        """The button that removes this row; nothing where the list has no row too many, or this is no row."""
        return self._button("remove")

    @property
    def up_button(self) -> Html:
        """The button that moves this row up; nothing for the first, and where rows cannot be moved."""
        return self._button("up")

    @property
    def down_button(self) -> Html:
        """The button that moves this row down."""
        return self._button("down")


class FieldView(_View):
    """One field."""

    def __html__(self) -> str:
        number = str(self._place.number) if self._place else ""
        return draw_leaf(self._sheet, self._part, self._prefix, self._raw, self._data, number)

    def widget(self, **attrs: Any) -> Html:
        """The control alone; `attrs` are further HTML attributes (`class_="wide"`)."""
        bad = self.name in self._sheet.faults
        fill = self._sheet.look.make(self._part, bad, True, attrs) if attrs else None
        return Html(draw_leaf(self._sheet, self._part, self._prefix, self._raw, self._data, "", True, fill))

    @property
    def value(self) -> str:
        """The text in the input: what was posted, else what is stored, else the default."""
        return shown(self._part, self._raw, self._data)


class GroupView(_View):
    """A form within a form, or a row: its fields by attribute. `draw` writes it with legend and buttons."""

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __getitem__(self, name: str) -> Any:
        group, prefix = self._group
        return view(self._sheet, group, name, prefix, self._raw, self._data)

    def __iter__(self) -> Iterator[Any]:
        return (self[part.attribute] for part in self._group[0].parts)

    def __html__(self) -> str:
        return draw_row(self._sheet, self._place) if self._place else super().__html__()

    @property
    def legend(self) -> Html:
        """ "Choice 2" for a row, the label of a form within a form."""
        return (
            Html(f"{self._sheet.look.text(self._place.rows.each)} {self._place.number}") if self._place else self.label
        )

    @property
    def body(self) -> Html:
        """The fields alone, without legend and buttons."""
        group, prefix = self._group
        kind = kind_input(self._place) if self._place else ""
        return Html(kind + draw_group(self._sheet, group, prefix, self._raw, self._data))

    @property
    def _group(self) -> tuple[Group, str]:
        part = self._part
        return (part.item, f"{self._prefix}{part.name}.") if isinstance(part, Nest) else (part, self._prefix)


class RowsView(_View):
    """A list of rows: iterate over it, or write it whole."""

    def __len__(self) -> int:
        return len(list(self._places()))

    def __iter__(self) -> Iterator[Any]:
        for place in self._places():
            kind = GroupView if isinstance(place.item, Group) else FieldView
            yield kind(self._sheet, place.item, place.path + place.item.join, place.raw, place.data, place)

    @property
    def add_button(self) -> Html:
        """The button that adds a row; nothing where the list is full."""
        return Html(add_button(self._sheet, self._part, self.name, len(self)))

    def _places(self) -> Iterator[Place]:
        return places(self._part, self.name, self._raw, self._data)


def view(sheet: Sheet, group: Group, name: str, prefix: str, raw: Any, data: Any) -> FieldView | RowsView | GroupView:
    """The view of the part `name` of `group`; AttributeError, with the names there are, if it has no such part."""
    part: Node | None = group.by_attribute.get(name)
    if part is None:
        known = ", ".join(group.by_attribute)
        raise AttributeError(f"{group.make.__name__} has no field {name!r}; it has: {known}")
    kind: type[FieldView | RowsView | GroupView] = GroupView
    if isinstance(part, Leaf | Rows):
        kind = FieldView if isinstance(part, Leaf) else RowsView
    return kind(sheet, part, prefix, *within(part, raw, data))
