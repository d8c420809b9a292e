"""Load relations: the keys of all records at once, so that 1 row and 100 rows cost the same number of queries."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kit.data.predicate import CHUNK, Cmp
from kit.data.relations import Many, Ref

if TYPE_CHECKING:
    from kit.data.handle import Handle
    from kit.data.model import Model

__all__ = ["load"]


def load(handle: Handle, relation: Ref[Any] | Many[Any], records: list[Model]) -> None:
    """Put the related rows beside the values of `records`."""
    if isinstance(relation, Ref):
        keys = {record.__dict__[relation.name] for record in records} - {None}
        found = {row.id: row for row in _rows(handle, relation.target, relation.target.id, keys)}
        for record in records:
            row = found.get(record.__dict__[relation.name])
            if row is not None:
                record.__dict__["+" + relation.name] = row
        return
    back = relation.target._fields[relation.ref_name]
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in _rows(handle, relation.target, back, {record.id for record in records}):
        groups[row.__dict__[back.name]].append(row)
    for record in records:
        record.__dict__[relation.name] = tuple(groups[record.id])


def _rows(handle: Handle, model: Any, field: Any, keys: set[Any]) -> list[Any]:
    ordered = sorted(keys)
    chunks = [tuple(ordered[at : at + CHUNK]) for at in range(0, len(ordered), CHUNK)]
    return [row for chunk in chunks for row in handle[model].where(Cmp(field.column, "in", chunk)).all()]
