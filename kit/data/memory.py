"""The memory backend: rows in dicts, questions answered by the reference evaluator. For tests, and as a worked example.

>>> from kit.data import Field, Model, open_db
>>> class Note(Model):
...     text: Field[str]
>>> db = open_db("memory:", models=[Note])
>>> db[Note].add(Note(text="hello")).text
'hello'

Transactions run one after the other; what others read meanwhile is the state before. Data dies with the process.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kit.data.errors import DataError, Timeout, UniqueViolation
from kit.data.evaluate import changed, holds, ordered
from kit.data.predicate import Pred
from kit.data.protocol import Change, Query, Row
from kit.data.schema import Schema

__all__ = ["MemoryBackend"]

_Table = dict[str, Row]  # by id; a row is never changed, only replaced


class MemoryBackend:
    """Rows in this process. `timeout` (seconds) bounds the wait for another transaction."""

    capabilities = frozenset({"transactions"})

    def __init__(self, *, timeout: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout, self._clock = timeout, clock
        self._tables: dict[str, _Table] = {}
        self._writer = threading.Lock()

    @contextmanager
    def session(self, *, transaction: bool, deadline: float | None) -> Iterator[MemorySession]:
        """One writer at a time: single operations and transactions alike."""
        wait = self._timeout if deadline is None else min(self._timeout, max(deadline, 0))
        if not self._writer.acquire(timeout=wait):
            raise Timeout(f"another transaction took longer than {wait:g} s")
        try:
            until = None if deadline is None else self._clock() + deadline
            session = MemorySession(dict(self._tables), lambda: until is not None and self._clock() > until)
            yield session
            self._tables = session.tables
        finally:
            self._writer.release()

    def create(self, schemas: Sequence[Schema]) -> None:
        """Nothing to do: a table is made by its first row."""

    def translate(self, exc: Exception, schema: Schema | None) -> DataError | None:
        """No driver, no errors of a driver."""
        return None

    def close(self) -> None:
        """The data stays until the backend itself goes."""


class MemorySession:
    """A view of all tables; a table is copied by its first write."""

    def __init__(self, tables: dict[str, _Table], late: Callable[[], bool]) -> None:
        self.tables, self._late = tables, late

    @property
    def native(self) -> dict[str, _Table]:
        """The tables: name -> id -> row."""
        return self.tables

    def insert(self, schema: Schema, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows under their ids."""
        table = dict(self._table(schema))
        for row in rows:
            if row["id"] in table:
                raise UniqueViolation(f"another row of {schema.table} has this id", fields=("id",))
            table[row["id"]] = {name: _copied(value) for name, value in row.items()}
        self._store(schema, table)

    def find(self, query: Query) -> list[Row]:
        """Rows that hold, ordered, cut, copied."""
        rows = ordered(self._fitting(query.schema, query.where), query.order)
        end = None if query.limit is None else query.offset + query.limit
        return [{name: _copied(row[name]) for name in query.columns} for row in rows[query.offset : end]]

    def count(self, query: Query) -> int:
        """How many rows hold."""
        return len(self._fitting(query.schema, query.where))

    def update(self, schema: Schema, where: Pred | None, changes: Mapping[str, Change]) -> int:
        """Replace each row that holds by its changed copy."""
        table = dict(self._table(schema))
        fitting = self._fitting(schema, where)
        for row in fitting:
            after = {name: changed(one.column, one.op, row[name], one.value) for name, one in changes.items()}
            table[row["id"]] = {**row, **after}
        self._store(schema, table)
        return len(fitting)

    def delete(self, schema: Schema, where: Pred | None) -> int:
        """Drop the rows that hold."""
        gone = {row["id"] for row in self._fitting(schema, where)}
        self._store(schema, {key: row for key, row in self._table(schema).items() if key not in gone})
        return len(gone)

    def _table(self, schema: Schema) -> _Table:
        if self._late():
            raise Timeout("the deadline has passed")
        return self.tables.get(schema.table, {})

    def _fitting(self, schema: Schema, where: Pred | None) -> list[Row]:
        return [row for row in self._table(schema).values() if where is None or holds(where, row)]

    def _store(self, schema: Schema, table: _Table) -> None:
        for index in schema.indexes:
            if index.unique:
                keys = [key for row in table.values() if None not in (key := tuple(row[name] for name in index.names))]
                if len(set(keys)) < len(keys):
                    names = ", ".join(index.fields)
                    raise UniqueViolation(f"another row of {schema.table} has this {names}", fields=index.fields)
        self.tables[schema.table] = table


def _copied(value: Any) -> Any:
    return copy.deepcopy(value) if isinstance(value, dict | list) else value
