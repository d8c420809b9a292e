"""The SQL backend: SQLite, PostgreSQL, MariaDB and MySQL, with peewee as the engine.

Each connection of the pool is a peewee `Database` of its own, so `tx.native` is a peewee Database inside this very
transaction: `tx.native.execute_sql(…)`, or your own peewee models with `bind_ctx`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kit.data.dialect import Dialect
from kit.data.errors import DataError, Unavailable
from kit.data.pool import Pool
from kit.data.predicate import Pred
from kit.data.protocol import Change, Group, Query, Row
from kit.data.schema import Column, Schema
from kit.data.statements import assignments, grouping, insert, order, where
from kit.errors import KitError, needs
from kit.url import URL

with needs("peewee", extra="sql", by=__name__):
    import peewee

__all__ = ["SqlBackend"]


class SqlBackend:
    """A SQL database at a URL of `kit.url`."""

    def __init__(self, url: URL, *, pool: int = 10, timeout: float = 5.0) -> None:
        self._url, self._timeout = url, timeout
        self.dialect = _dialect(url, timeout)
        self.capabilities = self.dialect.capabilities - ({"durable", "shared"} if url.in_memory else set())
        name, database, options = url.peewee_args(timeout=timeout)
        self._open: Callable[[], Any] = lambda: getattr(peewee, name)(
            database, thread_safe=False, **self.dialect.options(options)
        )
        size = 1 if url.in_memory else pool
        self._pool: Pool[Any] = Pool(make=self._connect, drop=_drop, alive=_alive, size=size, timeout=timeout)

    def _connect(self) -> Any:
        database = self._open()
        database.connect()
        self.dialect.prepare(database)
        database.kit_limit = None
        return database

    @contextmanager
    def session(self, *, transaction: bool, deadline: float | None) -> Iterator[SqlSession]:
        """A connection of the pool; dropped rather than given back after any error that is not a refused value."""
        database = self._pool.take()
        broken = True
        try:
            self._limit(database, deadline)
            if transaction:
                with database.transaction(*self.dialect.begin):
                    yield SqlSession(database, self.dialect)
            else:
                yield SqlSession(database, self.dialect)
            broken = False
        except Exception as exc:
            broken = not isinstance(exc, KitError | peewee.IntegrityError | peewee.DataError)
            raise
        finally:
            self._pool.give(database, broken=broken and not self._url.in_memory)

    def _limit(self, database: Any, deadline: float | None) -> None:
        if deadline is not None:  # to two digits, so that a limit is not set anew for each transaction
            unit = 10.0 ** (math.floor(math.log10(deadline)) - 1)
            deadline = math.ceil(deadline / unit) * unit
        if deadline != database.kit_limit or (deadline is not None and self.dialect.limit_runs):
            self.dialect.limit(database, deadline)
            database.kit_limit = deadline

    def create(self, schemas: Sequence[Schema]) -> None:
        """Tables and indexes, each if it is not there."""
        database = self._pool.take()
        broken = True
        try:
            with self.dialect.alone(database):
                known: set[str] = set()
                for schema in schemas:
                    for statement in self.dialect.table(schema, known):
                        database.execute_sql(statement)
                    known.add(schema.table)
            broken = False
        finally:
            self._pool.give(database, broken=broken and not self._url.in_memory)

    def translate(self, exc: Exception, schema: Schema | None) -> DataError | None:
        """By the driver's own error, which peewee keeps."""
        error = self.dialect.error(getattr(exc, "orig", exc), schema)
        if error is None and isinstance(exc, peewee.PeeweeException):
            return Unavailable("the database cannot be used", hint="is it there, and does the URL name it?")
        return error

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.close()


class SqlSession:
    """One connection."""

    def __init__(self, database: Any, dialect: Dialect) -> None:
        self.native = database
        self._dialect = dialect

    def insert(self, schema: Schema, rows: Sequence[Mapping[str, Any]]) -> None:
        """One statement for one row; the driver's own way for many, which the core wraps into a transaction."""
        values = list(map(self._dialect.dumper(schema), rows))
        statement = insert(schema, self._dialect)
        if len(values) == 1:
            self.native.execute_sql(statement, values[0])
        else:
            self.native.cursor().executemany(statement, values)

    def find(self, query: Query) -> list[Row]:
        """SELECT."""
        params: list[Any] = []
        head, loads = self._dialect.head(query)
        statement = head + where(query.where, self._dialect, params) + order(query, self._dialect)
        found = self.native.execute_sql(statement, params).fetchall()
        rows = [dict(zip(query.columns, values, strict=True)) for values in found]
        for name, load in loads:
            for row in rows:
                value = row[name]
                if value is not None:
                    row[name] = load(value)
        return rows

    def count(self, query: Query) -> int:
        """SELECT COUNT."""
        params: list[Any] = []
        head = f"SELECT COUNT(*) FROM {self._dialect.name(query.schema.table)}"
        row = self.native.execute_sql(head + where(query.where, self._dialect, params), params).fetchone()
        return int(row[0])

    def explain(self, query: Query) -> tuple[bool, str]:
        """EXPLAIN, as if the table were big."""
        params: list[Any] = []
        statement = f"SELECT * FROM {self._dialect.name(query.schema.table)}"
        statement += where(query.where, self._dialect, params) + order(query, self._dialect)
        return self._dialect.explain(self.native, statement, params)

    def group(self, group: Group) -> list[Row]:
        """SELECT … GROUP BY."""
        params: list[Any] = []
        statement = grouping(group, self._dialect, params)
        names = (*group.keys, *(f"_a{at}" for at in range(len(group.parts))))
        columns = [group.schema.column(name) for name in group.keys]
        columns += [Column("", "int") if p.column is None or p.verb == "count" else p.column for p in group.parts]
        loads = [self._dialect.loader(column) for column in columns]
        return [
            {n: v if v is None or load is None else load(v) for n, v, load in zip(names, values, loads, strict=True)}
            for values in self.native.execute_sql(statement, params).fetchall()
        ]

    def update(self, schema: Schema, pred: Pred | None, changes: Mapping[str, Change]) -> int:
        """UPDATE: the drivers are set to count the rows matched."""
        params: list[Any] = []
        head = f"UPDATE {self._dialect.name(schema.table)} SET {assignments(changes, self._dialect, params)}"
        return int(self.native.execute_sql(head + where(pred, self._dialect, params), params).rowcount)

    def delete(self, schema: Schema, pred: Pred | None) -> int:
        """DELETE."""
        params: list[Any] = []
        head = f"DELETE FROM {self._dialect.name(schema.table)}"
        return int(self.native.execute_sql(head + where(pred, self._dialect, params), params).rowcount)


def _dialect(url: URL, timeout: float) -> Dialect:
    if url.engine == "sqlite":
        from kit.data.sqlite import Sqlite

        return Sqlite(timeout=url.timeout(timeout))
    if url.engine == "postgresql":
        from kit.data.postgresql import Postgresql

        return Postgresql()
    from kit.data.mysql import Mysql

    return Mysql(timeout=url.timeout(timeout))


def _drop(database: Any) -> None:
    """Close, whatever state the connection is in."""
    connection = database.connection()
    database.dispose()
    connection.close()


def _alive(database: Any) -> bool:
    try:
        database.execute_sql("SELECT 1").fetchall()
    except Exception:
        return False
    return True
