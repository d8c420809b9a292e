"""From conditions and changes to SQL: text with marks, and the parameters that go with them.

Every value is a parameter, every name comes from a schema: there is no way for data to become SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.data.dialect import Dialect
from kit.data.predicate import And, Cmp, Or, Pred
from kit.data.protocol import Change, Group, Query
from kit.data.schema import Schema

__all__ = ["assignments", "condition", "grouping", "insert", "order", "where"]

_SYMBOL = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_OPPOSITE = {"eq": "<>", "lt": ">=", "le": ">", "gt": "<=", "ge": "<"}


def where(pred: Pred | None, dialect: Dialect, params: list[Any]) -> str:
    """` WHERE …`, or nothing."""
    return "" if pred is None else " WHERE " + condition(pred, dialect, params)


def condition(pred: Pred, dialect: Dialect, params: list[Any]) -> str:
    """A condition in normal form as SQL that is never NULL for the rows it is about."""
    if isinstance(pred, Cmp):
        return _leaf(pred, dialect, params)
    if isinstance(pred, And | Or):
        glue = " AND " if isinstance(pred, And) else " OR "
        return "(" + glue.join([condition(part, dialect, params) for part in pred.parts]) + ")"
    raise TypeError(f"{type(pred).__name__} is not in normal form")


def _leaf(cmp: Cmp, dialect: Dialect, params: list[Any]) -> str:
    column, op, value = cmp.column, cmp.op, cmp.value
    name = dialect.name(column.name)
    if value is None:
        return f"{name} IS NOT NULL" if cmp.negated else f"{name} IS NULL"
    if op == "in":
        params += [dialect.dumped(column, one) for one in value]
        text = f"{name} {'NOT ' * cmp.negated}IN ({', '.join([dialect.mark] * len(value))})"
    else:
        params.append(dialect.dumped(column, value))
        if op in _SYMBOL:
            text = f"{name} {(_OPPOSITE if cmp.negated else _SYMBOL)[op]} {dialect.mark}"
        else:
            text = dialect.contains(name) if op == "contains" else dialect.endswith(name, len(value))
            text = f"NOT ({text})" if cmp.negated else text
    return f"({text} OR {name} IS NULL)" if cmp.negated and column.null else text


def order(query: Query, dialect: Dialect) -> str:
    """` ORDER BY … LIMIT …`, or nothing."""
    keys = [f"{dialect.name(name)}{' DESC' if down else ''}{dialect.nulls[down]}" for name, down in query.order]
    text = f" ORDER BY {', '.join(keys)}" if keys else ""
    if query.limit is not None:
        text += f" LIMIT {query.limit:d}" + (f" OFFSET {query.offset:d}" if query.offset else "")
    return text


_AGGREGATES = {"count": "COUNT", "total": "SUM", "least": "MIN", "greatest": "MAX"}


def grouping(group: Group, dialect: Dialect, params: list[Any]) -> str:
    """The statement that groups rows."""
    keys = [dialect.name(name) for name in group.keys]
    parts = [
        "COUNT(*)" if part.column is None else f"{_AGGREGATES[part.verb]}({dialect.name(part.column.name)})"
        for part in group.parts
    ]
    text = f"SELECT {', '.join([*keys, *parts])} FROM {dialect.name(group.schema.table)}"
    text += where(group.where, dialect, params)
    if keys:
        order = ", ".join(key + dialect.nulls[0] for key in keys)
        text += f" GROUP BY {', '.join(keys)} ORDER BY {order} LIMIT {group.limit:d}"
    return text


def assignments(changes: Mapping[str, Change], dialect: Dialect, params: list[Any]) -> str:
    """`a = ?, b = b + ?`"""
    parts = []
    for name, change in changes.items():
        column, value = dialect.name(name), dialect.dumped(change.column, change.value)
        params.append(value)
        if change.op == "set":
            parts.append(f"{column} = {dialect.mark}")
        elif change.op == "add":
            parts.append(f"{column} = {column} + {dialect.mark}")
        else:
            params.append(value)
            symbol = "<" if change.op == "least" else ">"
            parts.append(f"{column} = CASE WHEN {column} {symbol} {dialect.mark} THEN {dialect.mark} ELSE {column} END")
    return ", ".join(parts)


def insert(schema: Schema, dialect: Dialect) -> str:
    """The statement that adds one row."""
    names = ", ".join([dialect.name(column.name) for column in schema.columns])
    return (
        f"INSERT INTO {dialect.name(schema.table)} ({names}) VALUES ({', '.join([dialect.mark] * len(schema.columns))})"
    )
