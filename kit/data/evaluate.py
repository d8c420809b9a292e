"""The reference evaluator: what every condition, order and change means, as runnable Python.

>>> hits = Column("hits", "int", null=True)
>>> holds(~Cmp(hits, "gt", 3), {"hits": None})
True

The memory backend is built on it, and the differential fuzz of `kit.data.contract` holds every other backend to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kit.data.errors import Invalid
from kit.data.predicate import And, Cmp, Not, Or, Pred
from kit.data.protocol import Group, Row
from kit.data.schema import Column

__all__ = ["changed", "grouped", "holds", "ordered"]


def holds(pred: Pred, row: Mapping[str, Any]) -> bool:
    """Whether `row` fits `pred`, which may be in normal form or not."""
    if isinstance(pred, Cmp):
        return _compare(pred.op, row[pred.column.name], pred.value) != pred.negated
    if isinstance(pred, And):
        return all(holds(part, row) for part in pred.parts)
    if isinstance(pred, Or):
        return any(holds(part, row) for part in pred.parts)
    if isinstance(pred, Not):
        return not holds(pred.part, row)
    raise Invalid(f"{type(pred).__name__} is no condition")


def _compare(op: str, have: Any, value: Any) -> bool:
    if op == "eq":
        return bool(have == value)
    if op == "in":
        return have in value
    if have is None or value is None:
        return False
    match op:
        case "lt":
            return bool(have < value)
        case "le":
            return bool(have <= value)
        case "gt":
            return bool(have > value)
        case "ge":
            return bool(have >= value)
        case "contains":
            return value in have
        case "startswith":
            return bool(have.startswith(value))
        case "endswith":
            return bool(have.endswith(value))
    raise Invalid(f"no operator {op!r}")


def ordered(rows: Iterable[Mapping[str, Any]], order: Sequence[tuple[str, bool]]) -> list[Mapping[str, Any]]:
    """`rows` by `order`, pairs of column and descending; None comes before everything. Python's sort is stable."""
    done = list(rows)
    for name, descending in reversed(order):
        done.sort(
            key=lambda row: (row[name] is not None, row[name]) if row[name] is not None else (False,),
            reverse=descending,
        )
    return done


def grouped(rows: Iterable[Mapping[str, Any]], group: Group) -> list[Row]:
    """The groups of `rows`, which fit already; without keys one group, of no rows too."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {} if group.keys else {(): []}
    for row in ordered(rows, [(name, False) for name in group.keys]):
        groups.setdefault(tuple(row[name] for name in group.keys), []).append(row)
    return [
        dict(zip(group.keys, key, strict=True))
        | {f"_a{at}": _aggregate(part.verb, part.column, members) for at, part in enumerate(group.parts)}
        for key, members in list(groups.items())[: group.limit]
    ]


def _aggregate(verb: str, column: Column | None, rows: Sequence[Mapping[str, Any]]) -> Any:
    if column is None:
        return len(rows)
    values = [value for row in rows if (value := row[column.name]) is not None]
    if verb == "count":
        return len(values)
    if not values:
        return None
    return sum(values) if verb == "total" else min(values) if verb == "least" else max(values)


def changed(column: Column, op: str, have: Any, value: Any) -> Any:
    """The value of `column` after a change: `set`, `add`, `least` (at least value), `most`. None stays None."""
    if op == "set":
        return value
    if have is None:
        return None
    if op == "add":
        after = have + value
        if column.kind == "int" and not -(2**63) <= after < 2**63:
            raise Invalid(f"{column.name} leaves the range of 64-bit integers")
    else:
        after = max(have, value) if op == "least" else min(have, value)
    if (column.low is not None and after < column.low) or (column.high is not None and after > column.high):
        raise Invalid(f"{column.name} leaves its range")
    return after
