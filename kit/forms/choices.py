"""Kinds of choices: one of several values, or some of them.

>>> size = Choice([("s", "Small"), ("l", "Large")])
>>> size.parse("l"), list(size.options())
('l', [('', [('s', 's', 'Small'), ('l', 'l', 'Large')])])

Choices may be values, (value, label) pairs, groups `{label: choices}`, an Enum (labels from `member.label`, else from
the name), or a function without arguments that returns one of these and is asked at each use.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kit.forms.constraints import ITEMS, Constraint
from kit.forms.kinds import Kind, Wrong

__all__ = ["Choice", "Several"]

#: (text in the form, value, label)
Option = tuple[str, Any, str]


class Choice(Kind):
    """One of `choices`."""

    widget = "select"
    attributes = {}
    messages = {"required": "Choose one of the options"}

    def __init__(self, choices: Any) -> None:
        self._choices = choices
        #: whether the choices are the same at every request
        self.fixed = isinstance(choices, type) or not callable(choices)
        self._kept = list(_grouped(choices)) if self.fixed else []
        self._known = self._by_text() if self.fixed else {}
        if self.fixed:
            self.schema = {"enum": [self.dump(value) for value in self._known.values()]}

    def options(self) -> list[tuple[str, list[Option]]]:
        """(label of the group, options); the group without a label is the list itself."""
        return self._kept if self.fixed else list(_grouped(self._choices()))

    def parse(self, text: str) -> Any:
        known = self._known if self.fixed else self._by_text()
        if text not in known:
            raise Wrong("choice")
        return known[text]

    def accept(self, data: Any) -> Any:
        if not isinstance(data, str | int | float | bool):
            raise Wrong("choice")
        value = self.parse(str(data))
        if type(self.dump(value)) is not type(data):  # "1" is not 1
            raise Wrong("choice")
        return value

    def _by_text(self) -> dict[str, Any]:
        return {text: value for _, options in self.options() for text, value, _ in options}

    def show(self, value: Any) -> str:
        return str(value.value if isinstance(value, enum.Enum) else value)

    def dump(self, value: Any) -> Any:
        value = value.value if isinstance(value, enum.Enum) else value
        return value if isinstance(value, str | int | float) else str(value)


class Several(Kind):
    """Any number of the values of one kind, each once: checkboxes, a select of several, files."""

    attributes = {}
    blank: Any = ()
    messages = {
        "too_few": ("min", "Choose at least {min}", "Choose at least {min}"),
        "too_many": ("max", "Choose at most {max}", "Choose at most {max}"),
        "duplicate": "Choose each only once",
    }
    takes: tuple[type, ...] = (list,)

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.table = ITEMS | {word: row._replace(holds=_each(row)) for word, row in kind.table.items()}
        self.takes = (list, *kind.takes)
        self.widget = "checkboxes" if kind.widget == "select" else kind.widget
        self.schema = {"type": "array", "items": kind.schema, "uniqueItems": True}

    def parse(self, text: Any) -> Any:
        raw = text if isinstance(text, list) else [text]
        return self._once([self.kind.parse(item) for item in raw if item != ""])

    def accept(self, data: Any) -> Any:
        if not isinstance(data, list):
            raise Wrong("type")
        return self._once([self.kind.accept(item) for item in data])

    def show(self, value: Any) -> str:
        return "\n".join(self.kind.show(item) for item in value)

    def dump(self, value: Any) -> Any:
        return [self.kind.dump(item) for item in value]

    def _once(self, values: list[Any]) -> list[Any]:
        if len(set(values)) < len(values):
            raise Wrong("duplicate")
        return values


def _each(row: Constraint) -> Callable[[Any, Any], bool]:
    return lambda values, bound: all(row.holds(value, bound) for value in values)


def _grouped(choices: Any) -> Iterator[tuple[str, list[Option]]]:
    if isinstance(choices, Mapping):
        for label, inner in choices.items():
            yield str(label), [_option(choice) for choice in inner]
    else:
        yield "", [_option(choice) for choice in choices]


def _option(choice: Any) -> Option:
    if isinstance(choice, enum.Enum):
        label = getattr(choice, "label", None) or choice.name.replace("_", " ").capitalize()
        return str(choice.value), choice, str(label)
    value, label = choice if isinstance(choice, tuple) else (choice, choice)
    return str(value), value, str(label)
