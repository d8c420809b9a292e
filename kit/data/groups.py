"""Groups: count, total, mean, least and greatest, over all rows that fit or for each value of some fields.

>>> from kit.data import Field, Model, field, open_db
>>> class Sale(Model):
...     shop: Field[str] = field(max=20)
...     cents: Field[int | None] = field()
>>> db = open_db("memory:", models=[Sale])
>>> _ = db[Sale].add_many([Sale(shop="a", cents=3), Sale(shop="a", cents=None), Sale(shop="b", cents=None)])
>>> db[Sale].group(Sale.shop).agg(n=count(), sum=total(Sale.cents), each=mean(Sale.cents))
[{'shop': 'a', 'n': 2, 'sum': 3, 'each': 3.0}, {'shop': 'b', 'n': 1, 'sum': None, 'each': None}]
>>> db[Sale].group(Sale.shop).having(n__gt=1).agg(n=count())
[{'shop': 'a', 'n': 2}]

None counts for nothing in an aggregate, and one of nothing is None, on every backend. A total keeps the type of its
field, and one that leaves the field's range is `Invalid`; a mean is a Decimal for decimals, else a float.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kit.data.errors import Invalid
from kit.data.evaluate import grouped
from kit.data.fields import Field
from kit.data.predicate import NOTHING, normal
from kit.data.protocol import Aggregate, Group, Query, Row
from kit.data.schema import Column

if TYPE_CHECKING:
    from kit.data.query import Rows

__all__ = ["Aggregation", "Groups", "count", "greatest", "least", "mean", "total"]

_MOST = 10_000  # groups; more of them belong into a report made by the database itself
_NUMBERS = ("int", "float", "decimal")
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda have, want: have == want,
    "ne": lambda have, want: have != want,
    "lt": lambda have, want: have is not None and have < want,
    "le": lambda have, want: have is not None and have <= want,
    "gt": lambda have, want: have is not None and have > want,
    "ge": lambda have, want: have is not None and have >= want,
}


@dataclass(frozen=True, slots=True)
class Aggregation:
    """What to compute of a group; made by `count()`, `total(field)` and the others."""

    verb: str
    field: Field[Any] | None = None

    def parts(self) -> tuple[Aggregate, ...]:
        """What a backend is asked for."""
        column = None if self.field is None else self.field.column
        verbs = {"mean": ("total", "count"), "total": ("total", "count")}.get(self.verb, (self.verb,))
        return tuple(Aggregate(verb, column) for verb in verbs)

    def value(self, row: Mapping[Aggregate, Any]) -> Any:
        """The result, from what a backend answered."""
        values = [row[part] for part in self.parts()]
        if self.field is None or self.verb == "count":
            return values[0]
        if self.verb in ("least", "greatest"):
            return None if values[0] is None else self.field.kind.load(values[0])
        if not values[1]:
            return None
        summed = _in_range(self.field.column, values[0])
        if self.verb == "mean":
            return summed / values[1]
        return self.field.kind.load(summed)


def _in_range(column: Column, value: Any) -> Any:
    if column.kind == "int":
        if isinstance(value, float) or not -(2**63) <= value < 2**63:
            raise Invalid(f"the total of {column.name} leaves the range of 64-bit integers")
        return int(value)
    if column.kind == "float":
        if not math.isfinite(value):
            raise Invalid(f"the total of {column.name} leaves the range of floats")
        return float(value)
    if abs(value) >= Decimal(10) ** (18 - column.places):
        raise Invalid(f"the total of {column.name} has more than 18 digits")
    return Decimal(value).quantize(Decimal(1).scaleb(-column.places))


def count(field: Field[Any] | None = None) -> Aggregation:
    """How many rows; with a field: how many of them have a value there."""
    return Aggregation("rows") if field is None else Aggregation("count", field)


def total(field: Field[Any]) -> Aggregation:
    """The sum."""
    return _of(field, "total", _NUMBERS)


def mean(field: Field[Any]) -> Aggregation:
    """The sum by the count."""
    return _of(field, "mean", _NUMBERS)


def least(field: Field[Any]) -> Aggregation:
    """The smallest value."""
    return _of(field, "least", (*_NUMBERS, "text", "date", "datetime"))


def greatest(field: Field[Any]) -> Aggregation:
    """The largest value."""
    return _of(field, "greatest", (*_NUMBERS, "text", "date", "datetime"))


def _of(field: Field[Any], verb: str, kinds: Sequence[str]) -> Aggregation:
    if field.column.kind not in kinds:
        raise Invalid(f"no {verb} of {field}, which is {field.column.kind}")
    return Aggregation(verb, field)


class Groups:
    """Rows put together by the values of fields; without fields, all of them are one group."""

    def __init__(self, rows: Rows[Any], fields: tuple[Field[Any], ...]) -> None:
        self._rows, self._fields = rows, fields
        self._having: dict[str, Any] = {}

    def having(self, **tests: Any) -> Groups:
        """Only groups whose results pass: `having(n__gt=3)`, with eq, ne, lt, le, gt, ge."""
        other = Groups(self._rows, self._fields)
        other._having = {**self._having, **tests}
        return other

    def agg(self, **aggregations: Aggregation) -> list[dict[str, Any]]:
        """One dict for each group: its fields, then its results; ordered by the fields, None first."""
        rows, keys = self._rows, tuple(one.column.name for one in self._fields)
        parts = tuple(dict.fromkeys(part for one in aggregations.values() for part in one.parts()))
        where = normal(rows._where)
        group = Group(rows._schema, where, keys, parts, _MOST + 1)
        found: list[Row] = []
        if where is not NOTHING:
            found = rows._handle.call("group", rows._schema, lambda session: _ask(session, group), where)
        elif not keys:
            found = grouped([], group)
        if len(found) > _MOST:
            raise Invalid(f"more than {_MOST} groups", hint="a narrower condition, or fewer fields")
        return [done for row in found if self._passes(done := self._done(row, parts, aggregations))]

    def _done(self, row: Row, parts: tuple[Aggregate, ...], aggregations: Mapping[str, Aggregation]) -> dict[str, Any]:
        answers = {part: row[f"_a{at}"] for at, part in enumerate(parts)}
        keys = {one.name: None if (v := row[one.column.name]) is None else one.kind.load(v) for one in self._fields}
        return {**keys, **{name: one.value(answers) for name, one in aggregations.items()}}

    def _passes(self, row: Mapping[str, Any]) -> bool:
        for test, want in self._having.items():
            name, _, verb = test.partition("__")
            if name not in row or (verb or "eq") not in _TESTS:
                raise Invalid(f"no such test: {test}", hint=f"having(name__gt=3), with {', '.join(_TESTS)}")
            if not _TESTS[verb or "eq"](row[name], want):
                return False
        return True


def _ask(session: Any, group: Group) -> list[Row]:
    """The backend's own grouping, or that of the reference over the columns that matter."""
    if hasattr(session, "group"):
        found: list[Row] = session.group(group)
        return found
    names = dict.fromkeys((*group.keys, *(part.column.name for part in group.parts if part.column is not None), "id"))
    return grouped(session.find(Query(group.schema, group.where, columns=tuple(names))), group)
