"""MongoDB's forms of rows, conditions, changes and schemas.

Every value stands behind an explicit operator (`{"title": {"$eq": value}}`) or under `$literal`, every name comes
from a schema, and no condition compares by `$expr`, which would not use an index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from kit.data.predicate import And, Cmp, Or, Pred
from kit.data.protocol import Aggregate, Change, Group, Row
from kit.data.schema import Column, Index, Schema
from kit.errors import needs

with needs("pymongo", extra="mongo", by=__name__):
    from bson import Decimal128, Regex

__all__ = ["filter_of", "grouping", "index_options", "loader", "stored", "update_of", "validator"]

_DUMP: dict[str, Callable[[Any], Any]] = {"decimal": Decimal128, "date": lambda value: value.isoformat()}
_LOAD: dict[str, Callable[[Any], Any]] = {
    "int": int,  # bson's own Int64 otherwise
    "decimal": lambda value: value.to_decimal(),
    "date": date.fromisoformat,
    "datetime": lambda value: value.replace(tzinfo=UTC),
    "bytes": bytes,
}
_BSON: dict[str, Any] = {
    "text": "string", "int": ["int", "long"], "float": "double", "bool": "bool", "bytes": "binData",
    "decimal": "decimal", "date": "string", "datetime": "date",
}  # fmt: skip
#: the least value of a type: an index over values from there on leaves None out, and the planner still sees its use
_LEAST: dict[str, Any] = {
    "text": "", "date": "", "int": float("-inf"), "float": float("-inf"), "decimal": Decimal128("-Infinity"),
    "bool": False, "datetime": datetime(1, 1, 1, tzinfo=UTC), "bytes": b"",
}  # fmt: skip


def _dumped(column: Column, value: Any) -> Any:
    return value if value is None or column.kind not in _DUMP else _DUMP[column.kind](value)


def _name(column: Column) -> str:
    return "_id" if column.name == "id" else column.name


def stored(schema: Schema, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a document."""
    return {_name(column): _dumped(column, row[column.name]) for column in schema.columns}


def loader(schema: Schema, columns: tuple[str, ...]) -> tuple[dict[str, int], Callable[[Mapping[str, Any]], Row]]:
    """The projection for `columns`, and what makes a row of a document; a field that is not there is None."""
    plan = [(name, _name(schema.column(name)), _LOAD.get(schema.column(name).kind)) for name in columns]
    projection = {"_id": 0, **{stored_name: 1 for _, stored_name, _ in plan}}

    def load(document: Mapping[str, Any]) -> Row:
        row = {}
        for name, stored_name, codec in plan:
            value = document.get(stored_name)
            row[name] = value if codec is None or value is None else codec(value)
        return row

    return projection, load


def filter_of(pred: Pred | None) -> dict[str, Any]:
    """A condition in normal form as a filter document."""
    if pred is None:
        return {}
    if isinstance(pred, Cmp):
        return {_name(pred.column): _test(pred)}
    if isinstance(pred, Or):
        return {"$or": [filter_of(part) for part in pred.parts]}
    if isinstance(pred, And):
        return _every([filter_of(part) for part in pred.parts])
    raise TypeError(f"{type(pred).__name__} is not in normal form")


def _every(filters: list[dict[str, Any]]) -> dict[str, Any]:
    """All filters in one document: tests of one field beside each other, so that a range is seen as one."""
    done: dict[str, Any] = {}
    rest = []
    for one in filters:
        ((name, test),) = one.items() if len(one) == 1 else (("", {}),)
        have = done.get(name, {})
        if not name or name.startswith("$") or have.keys() & test.keys():
            rest.append(one)
        else:
            done[name] = {**have, **test}
    return {**done, "$and": rest} if rest else done


def _test(cmp: Cmp) -> dict[str, Any]:
    op, column = cmp.op, cmp.column
    if op == "in":
        values = [_dumped(column, value) for value in cmp.value]
        if cmp.negated:
            return {"$nin": values}
        # the bound says nothing new, but a planner must see that an index without None has these rows
        return {"$in": values, "$gte": _LEAST[column.kind]} if column.null else {"$in": values}
    if op in ("contains", "endswith"):
        pattern = Regex(re.escape(cmp.value) + (r"\z" if op == "endswith" else ""), "s")
        return {"$not": pattern} if cmp.negated else {"$regex": pattern}
    value = _dumped(column, cmp.value)
    if op == "eq":
        return {"$ne" if cmp.negated else "$eq": value}
    test = {"$" + {"le": "lte", "ge": "gte"}.get(op, op): value}
    return {"$not": test} if cmp.negated else test


def grouping(group: Group) -> tuple[list[dict[str, Any]], Callable[[Mapping[str, Any]], Row]]:
    """The pipeline of a group, and what makes a row of a document."""
    keys = {name: {"$ifNull": ["$" + _name(group.schema.column(name)), None]} for name in group.keys}
    parts = {f"_a{at}": _accumulator(part) for at, part in enumerate(group.parts)}
    sort: list[dict[str, Any]] = [{"$sort": {f"_id.{name}": 1 for name in group.keys}}] if keys else []
    pipeline = [{"$match": filter_of(group.where)}, {"$group": {"_id": keys, **parts}}, *sort, {"$limit": group.limit}]
    loads = {name: _LOAD.get(group.schema.column(name).kind) for name in group.keys}
    for at, part in enumerate(group.parts):
        loads[f"_a{at}"] = _LOAD.get(part.column.kind) if part.column and part.verb in ("least", "greatest") else None

    def load(document: Mapping[str, Any]) -> Row:
        values = {**document["_id"], **document}
        row = {n: values[n] if codec is None or values[n] is None else codec(values[n]) for n, codec in loads.items()}
        return {n: v.to_decimal() if isinstance(v, Decimal128) else v for n, v in row.items()}

    return pipeline, load


def _accumulator(part: Aggregate) -> dict[str, Any]:
    if part.column is None:
        return {"$sum": 1}
    name = "$" + _name(part.column)
    if part.verb == "count":
        return {"$sum": {"$cond": [{"$eq": [{"$ifNull": [name, None]}, None]}, 0, 1]}}
    if part.verb == "total" and part.column.kind == "int":
        return {"$sum": {"$toDecimal": name}}  # a sum of 64-bit integers that overflows would go on as a float
    return {{"total": "$sum", "least": "$min", "greatest": "$max"}[part.verb]: name}


def update_of(changes: Mapping[str, Change]) -> Any:
    """The update document, or a pipeline where a number that may be None is computed with."""
    if any(change.column.null and change.op != "set" for change in changes.values()):
        return [{"$set": {name: _computed(name, change) for name, change in changes.items()}}]
    operators = {"set": "$set", "add": "$inc", "least": "$max", "most": "$min"}
    update: dict[str, Any] = {}
    for name, change in changes.items():
        update.setdefault(operators[change.op], {})[name] = _dumped(change.column, change.value)
    return update


def _computed(name: str, change: Change) -> Any:
    value, have = {"$literal": _dumped(change.column, change.value)}, "$" + name
    if change.op == "set":
        return value
    operator = {"add": "$add", "least": "$max", "most": "$min"}[change.op]
    return {"$cond": [{"$eq": [{"$ifNull": [have, None]}, None]}, None, {operator: [have, value]}]}


def index_options(schema: Schema, index: Index) -> dict[str, Any]:
    """Options of create_index: a unique index leaves out rows that have None in it."""
    partial = {}
    if index.unique:
        columns = [schema.column(name) for name in index.names]
        partial = {_name(column): {"$gte": _LEAST[column.kind]} for column in columns if column.null}
    return {"unique": index.unique} | ({"partialFilterExpression": partial} if partial else {})


def validator(schema: Schema) -> dict[str, Any]:
    """What the server itself checks of every document, whoever writes it."""
    properties = {_name(column): _rule(column) for column in schema.columns}
    required = [_name(column) for column in schema.columns if not column.null]
    shape = {"$jsonSchema": {"bsonType": "object", "required": required, "properties": properties}}
    return {"$and": [shape, *(bound for column in schema.columns for bound in _bounds(column))]}


def _bounds(column: Column) -> list[dict[str, Any]]:
    """A number's bounds, as conditions that None meets: they hold for what `.add(…)` computes, too."""
    bounds = ((column.low, "$lt"), (column.high, "$gt"))
    return [{column.name: {"$not": {op: _dumped(column, bound)}}} for bound, op in bounds if bound is not None]


def _rule(column: Column) -> dict[str, Any]:
    if column.kind == "json":
        return {}
    kinds = _BSON[column.kind]
    kinds = kinds if isinstance(kinds, list) else [kinds]
    rule: dict[str, Any] = {"bsonType": kinds + ["null"] * column.null}
    if column.kind == "text" and column.max is not None:
        rule["maxLength"] = column.max
    return rule
