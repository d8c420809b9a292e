"""Keyset pages: a cursor is the position of a row in an order, as text that a URL can carry.

>>> Page([], None).next is None
True

A cursor holds the values of the order's keys in the last row, and which keys they are. It is not signed, since it gives
nothing away and grants nothing: it is read like any filter from outside, through the value gate.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from kit.data.errors import WrongCursor
from kit.data.predicate import And, Cmp, Or, Pred
from kit.data.schema import Column, Schema
from kit.data.values import Refuse, Rules, kind_of

__all__ = ["Page", "after_cursor", "cursor_of"]

M = TypeVar("M")
_MOST = 4000  # characters of a cursor: longer ones do not fit into a URL everywhere
_TYPES: dict[str, Any] = {
    "text": str, "int": int, "float": float, "bool": bool, "decimal": Decimal, "date": date,
    "datetime": datetime,
}  # fmt: skip

Keys = Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows, and the cursor of the page behind them (None on the last one)."""

    rows: list[M]
    next: str | None


def cursor_of(schema: Schema, keys: Keys, row: Mapping[str, Any]) -> str:
    """The cursor behind `row`."""
    values = [[_signature(keys)], *(_plain(row[name]) for name, _ in keys)]
    return base64.urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode().rstrip("=")


def after_cursor(schema: Schema, keys: Keys, cursor: str) -> Pred:
    """The condition that a row comes behind `cursor`; `WrongCursor` if it is not one of this order."""
    values = _read(cursor)
    if len(values) != len(keys) + 1 or values[0] != [_signature(keys)]:
        raise _wrong()
    columns = [schema.column(name) for name, _ in keys]
    position = [_gated(column, value) for column, value in zip(columns, values[1:], strict=True)]
    behind: list[Pred] = []
    for at, (_, descending) in enumerate(keys):
        same = [Cmp(columns[i], "eq", position[i]) for i in range(at)]
        behind.append(And((*same, _beyond(columns[at], position[at], descending))))
    return Or(behind)


def _beyond(column: Column, value: Any, descending: bool) -> Pred:
    """Strictly behind `value` in this column alone; None comes first ascending and last descending."""
    none = Cmp(column, "eq", None)
    if value is None:
        return Or() if descending else ~none
    return Cmp(column, "lt", value) | none if descending else Cmp(column, "gt", value)


def _signature(keys: Keys) -> str:
    return ",".join("-" * descending + name for name, descending in keys)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _read(cursor: str) -> list[Any]:
    if len(cursor) > _MOST or not cursor.isascii():
        raise _wrong()
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise _wrong() from None
    if not isinstance(values, list):
        raise _wrong()
    return values


def _gated(column: Column, value: Any) -> Any:
    if value is None and column.null:
        return None
    kind = kind_of(_TYPES[column.kind])
    try:
        if column.kind in ("decimal", "date", "datetime"):
            if not isinstance(value, str):
                raise _wrong()
            value = kind.parse(value)
        return kind.gate(value, Rules(places=column.places))
    except (Refuse, ValueError):
        raise _wrong() from None


def _wrong() -> WrongCursor:
    return WrongCursor("this cursor belongs to no page here", hint="start again without it")
