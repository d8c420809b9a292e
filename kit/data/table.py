"""One model in one database: `db[Post]`. Single rows are added, found, saved and removed here, and many by queries.

>>> from kit.data import Field, Model, field, open_db
>>> class Post(Model):
...     title: Field[str] = field(max=200, unique=True)
>>> db = open_db("memory:", models=[Post])
>>> post = db[Post].add(Post(title="Hello"))
>>> db[Post].save(post.replace(title="Hello again")).title
'Hello again'
>>> db[Post].get(post.id).title
'Hello again'
>>> db[Post].add(Post(title="Hello again"))
Traceback (most recent call last):
kit.data.errors.UniqueViolation: another row of post has this title
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from kit.data.errors import Conflict, Invalid, Missing, ReferenceViolation, Stale, UniqueViolation
from kit.data.fields import ID, Field
from kit.data.model import Model, record_of, row_of
from kit.data.predicate import And, Cmp, Pred
from kit.data.protocol import Change, Query, Row
from kit.data.query import Rows

__all__ = ["Table"]

M = TypeVar("M", bound=Model)
_ID = re.compile(ID)
_MOST_BYTES = 8_000_000


class Table(Rows[M], Generic[M]):
    """All rows of a model."""

    def add(self, record: M) -> M:
        """Store a new row; returns it with its id, stamps and version. `UniqueViolation` names the fields."""
        return self._insert([self._fresh(record, self._given_later())])[0]

    def add_many(self, records: Iterable[M], *, stepwise: bool = False) -> list[M]:
        """Store all records or none, in a transaction of its own, unless this is one.

        Where there are no transactions this is `Unsupported`, unless `stepwise` says that some of them may stay alone.
        """
        later = self._given_later()
        fresh = [self._fresh(record, later) for record in records]
        if len(fresh) < 2:
            return self._insert(fresh) if fresh else []
        return self._handle.run(lambda tx: tx[self._model]._insert(fresh), stepwise=stepwise)

    def get(self, id: str) -> M:
        """The row with this id; `Missing` (404) if there is none. `id` may come straight from a URL."""
        record = self.find(id)
        if record is None:
            raise Missing(f"no {self._model.__name__} has this id")
        return record

    def find(self, id: str) -> M | None:
        """The row with this id, or None."""
        if not _may_be_id(id):
            return None
        schema = self._schema
        where = Cmp(schema.columns[0], "eq", str.__str__(id))
        query = Query(schema, where, (), 1, 0, schema.names)
        rows = self._handle.call("get", schema, lambda session: session.find(query), where)
        return record_of(self._model, rows[0]) if rows else None

    def save(self, record: M) -> M:
        """Store all values of a record that was added before; returns what is stored now.

        `Missing` if the row is gone. Where the model has a `version()`, a row that has moved on since `record` was read
        is `Stale`, and nothing is stored; where it has none, the last one to save wins.
        """
        key, fields = self._key(record), self._model._fields
        new = self._gated(record)
        values: dict[str, Any] = {"id": key, **dict(self._stamps("save"))}
        for name, one in fields.items():
            if one.options.version:
                values[name] = new.__dict__[name] + 1
        new = new.replace(**values)
        row = row_of(new)
        self._check_size(row)
        self._check_references([row])
        changes = {
            column.name: Change(column, "set", row[column.name])
            for column in self._schema.columns[1:]
            if column.name not in fields or fields[column.name].options.stamp != "add"
        }
        where = self._at(record)
        if not self._write("save", where, lambda session: session.update(self._schema, where, changes)):
            self._gone(record)
        return new

    def remove(self, record: M | str) -> None:
        """Delete a row, by its record (`Stale` if its version has moved on) or its id; `Missing` if it is gone."""
        if not isinstance(record, Model) and not _may_be_id(record):
            raise Missing(f"no {self._model.__name__} has this id")
        where = self._at(record) if isinstance(record, Model) else Cmp(self._schema.columns[0], "eq", record)
        if not self._write("remove", where, lambda session: session.delete(self._schema, where)):
            self._gone(record)

    def upsert(self, record: M, *, on: Field[Any] | tuple[Field[Any], ...]) -> M:
        """Add `record`, or change the row that has the same values in `on`, the fields of a unique index.

        Of many callers at once exactly one adds, and the others change: no `UniqueViolation` for `on`. The row keeps
        its id and its stamp of adding.
        """
        keys = on if isinstance(on, tuple) else (on,)
        names = tuple(one.name for one in keys)
        if names not in [index.fields for index in self._schema.indexes if index.unique]:
            raise Invalid(f"no unique index over {', '.join(names)}", hint="upsert goes by a unique index")
        record = self._gated(record)
        if None in [record.__dict__[name] for name in names]:
            raise Invalid("None is never a duplicate", hint="upsert by fields that have values")
        rows = self.where(*(one == record.__dict__[one.name] for one in keys))
        changes = [
            one.to(record.__dict__[name]) for name, one in self._model._fields.items() if _free(name, one, names)
        ]
        while True:
            if (rows.update(*changes) if changes else rows.count()) and (found := rows.first()) is not None:
                return found
            try:
                return self.add(record)
            except UniqueViolation as exc:
                if exc.fields != names:
                    raise
                if self._handle.transactional:
                    raise Conflict("another transaction added the same row at once") from exc

    # -- inside ------------------------------------------------------------------------------------------------------

    def _gated(self, record: M) -> M:
        """`record` checked again: a dict or list in it may have been changed since it was made."""
        if type(record) is not self._model:
            raise Invalid(f"{type(record).__name__} is no {self._model.__name__}")
        return record.replace() if self._schema.has_json else record

    def _given_later(self) -> dict[str, Any]:
        """What a new row is given where its record has None: its version and its stamps."""
        versions = {name: 1 for name, one in self._model._fields.items() if one.options.version}
        return {**versions, **dict(self._stamps("add", "save"))}

    def _fresh(self, record: M, later: dict[str, Any]) -> Row:
        row = row_of(self._gated(record))
        if row["id"] is None:
            row["id"] = self._handle.new_id()
        for name, value in later.items():
            if row[name] is None:
                row[name] = value
        return row

    def _stamps(self, *kinds: str) -> list[tuple[str, Any]]:
        names = [name for name, one in self._model._fields.items() if one.options.stamp in kinds]
        return [(name, now) for now in [self._handle.now()] for name in names] if names else []

    def _check_size(self, row: Row) -> None:
        """A row must fit everywhere: MongoDB's documents end at 16 MB, and so do MariaDB's packets."""
        if self._schema.unbounded and sum(_size(row[name]) for name in self._schema.unbounded) > _MOST_BYTES:
            raise Invalid(
                f"this {self._model.__name__} has more than {_MOST_BYTES:,} bytes", hint="keep files as files"
            )

    def _insert(self, rows: list[Row]) -> list[M]:
        for row in rows:
            self._check_size(row)
        self._check_references(rows)
        self._handle.call("add", self._schema, lambda session: session.insert(self._schema, rows), write=True)
        for row in rows:
            for _, shadow in self._model._folds:
                del row[shadow]
        return [record_of(self._model, row) for row in rows]

    def _check_references(self, rows: list[Row]) -> None:
        """Where the server does not look after references, ask: one query for each Ref."""
        if self._schema.references and "references" not in self._handle.capabilities:
            for name, one in self._model._fields.items():
                if hasattr(one, "target") and (keys := {row[name] for row in rows} - {None}):
                    there = self._handle[one.target]
                    if there.where(there._model.id.in_(keys)).count() < len(keys):
                        raise ReferenceViolation(f"{self._model.__name__}.{name} refers to a row that is not there")

    def _key(self, record: M) -> str:
        key: str | None = record.__dict__["id"]
        versions = [record.__dict__[name] for name, one in self._model._fields.items() if one.options.version]
        if key is None or None in versions:
            raise Invalid(
                f"this {self._model.__name__} was never added", hint="add it first, and save what add returns"
            )
        return key

    def _at(self, record: M) -> Pred:
        """The condition that meets this very row, in the version that `record` was read in."""
        parts: list[Pred] = [Cmp(self._schema.columns[0], "eq", self._key(record))]
        for name, one in self._model._fields.items():
            if one.options.version:
                parts.append(Cmp(one.column, "eq", record.__dict__[name]))
        return And(parts) if len(parts) > 1 else parts[0]

    def _gone(self, record: M | str) -> None:
        key = record if isinstance(record, str) else self._key(record)
        if self.find(key) is not None:
            raise Stale(f"this {self._model.__name__} has changed since it was read", hint="read it again, and decide")
        raise Missing(f"no {self._model.__name__} has this id")


def _free(name: str, one: Field[Any], keys: tuple[str, ...]) -> bool:
    return name != "id" and name not in keys and not one.options.stamp and not one.options.version


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    return 0 if value is None else len(value) if isinstance(value, bytes) else len(json.dumps(value))


def _may_be_id(id: object) -> bool:
    """Whether a text from outside can be an id at all; nothing else ever reaches the database."""
    return isinstance(id, str) and len(id) <= 64 and _ID.fullmatch(id) is not None
