"""What the parts of a compiled form have in common, and what one reading of an input leaves behind.

`Leaf` (kit.forms.leaf) is one input; `Group`, `Nest`, `Either` and `Rows` (kit.forms.nodes) are made of others.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kit.forms.spec import MISSING

__all__ = ["Absent", "Error", "Node", "Reader", "Run", "held"]


class Error(NamedTuple):
    """What is wrong: `path` is the name of the input ("choices.2.text"; "" for the form), the others say why."""

    path: str
    code: str
    params: Mapping[str, Any]


class Absent(AttributeError):
    """A field of a form's value was read that the input gave no good value for."""


Reader = Callable[..., Any]


class Run:
    """One reading of one input: how to read, what was found wrong, and files kept from an earlier post, by path."""

    __slots__ = ("errors", "json", "kept", "partial")

    def __init__(self, *, json: bool = False, partial: bool = False) -> None:
        self.json, self.partial = json, partial
        self.kept: Mapping[str, Any] = {}
        self.errors: list[Error] = []

    def wrong(self, path: str, code: str, **params: Any) -> Any:
        """Note an error; the answer is MISSING."""
        self.errors.append(Error(path, code, params))
        return MISSING


def held(data: Any, attribute: str) -> Any:
    """What a stored thing (a record, a form's value, a mapping) has for an attribute; MISSING if nothing."""
    if data is None or data is MISSING:
        return MISSING
    return data.get(attribute, MISSING) if isinstance(data, Mapping) else getattr(data, attribute, MISSING)


class Node:  # no ABC: its isinstance() costs as much as drawing a field
    """What all parts have in common: a name, texts, and `read(raw, prefix, run, data)`."""

    #: what stands between the path of this part and the names in it
    join = "."

    def __init__(self, attribute: str, name: str | None = None, label: str | None = None, hint: str = "") -> None:
        #: the attribute of the form's value, and the name of the input
        self.attribute, self.name = attribute, name or attribute
        self.label = attribute.replace("_", " ").strip().capitalize() if label is None else label
        self.hint, self.stored = hint, True
        #: HTML of this part, kept by kit.forms.look
        self.drawn: dict[Any, Any] = {}

    @abstractmethod
    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        """The value of `raw`, or MISSING with errors in `run`. `data` is what a partial input is laid over."""

    def reader(self, json: bool) -> Reader:
        """`read` for one kind of input."""
        return self.read

    @abstractmethod
    def empty(self, raw: Any) -> bool:
        """Whether the user has left this part empty."""
