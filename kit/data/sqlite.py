"""SQLite: strict tables, scaled decimals, times as text, writers that queue at the start of their transaction."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import AbstractContextManager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kit.data.dialect import Dialect, dangling, iso, iso_date, json_text, no_table, refused, unique_violation
from kit.data.errors import DataError, Timeout, Unavailable
from kit.data.schema import Column, Schema
from kit.errors import ConfigError

__all__ = ["Sqlite"]


class Sqlite(Dialect):
    """SQLite 3.37 or later (STRICT tables)."""

    types = {
        "text": "TEXT", "int": "INTEGER", "float": "REAL", "bool": "INTEGER", "bytes": "BLOB", "decimal": "INTEGER",
        "date": "TEXT", "datetime": "TEXT", "json": "TEXT",
    }  # fmt: skip
    suffix = " STRICT"
    dump = {
        "decimal": lambda column: lambda value: int(value.scaleb(column.places)),
        "datetime": lambda column: iso,
        "date": lambda column: iso_date,
        "json": lambda column: json_text,
    }
    load = {
        "bool": lambda column: bool,
        "decimal": lambda column: lambda value: Decimal(value).scaleb(-column.places),
        "datetime": lambda column: datetime.fromisoformat,
        "date": lambda column: date.fromisoformat,
        "json": lambda column: json.loads,
    }

    def __init__(self, *, timeout: float) -> None:
        super().__init__()
        if sqlite3.sqlite_version_info < (3, 37):
            hint = "use a Python that brings 3.37 or later: kit's tables are STRICT"
            raise ConfigError(f"this Python has SQLite {sqlite3.sqlite_version}", hint=hint)
        self._timeout = timeout

    def options(self, options: dict[str, Any]) -> dict[str, Any]:
        """A connection of the pool serves one thread at a time, but not always the same one."""
        return {**options, "check_same_thread": False, "pragmas": {**options["pragmas"], "synchronous": "full"}}

    limit_runs = True

    def endswith(self, column: str, length: int) -> str:
        """SQLite has no RIGHT."""
        return f"SUBSTR({column}, -{length}) = {self.mark}"

    def check(self, column: Column) -> str:
        """SQLite keeps a bool as a number: 0 or 1."""
        return f" CHECK ({self.name(column.name)} IN (0, 1))" if column.kind == "bool" else super().check(column)

    def alone(self, database: Any) -> AbstractContextManager[Any]:
        """One transaction: SQLite has one writer."""
        block: AbstractContextManager[Any] = database.transaction()
        return block

    def limit(self, database: Any, seconds: float | None) -> None:
        """A progress handler ends a statement that computes, the busy timeout one that waits."""
        wait = self._timeout if seconds is None else min(seconds, self._timeout)
        database.execute_sql(f"PRAGMA busy_timeout = {int(wait * 1000)}")
        ends = None if seconds is None else time.monotonic() + seconds
        late = None if ends is None else lambda: time.monotonic() > ends
        database.connection().set_progress_handler(late, 10_000)

    def explain(self, database: Any, statement: str, params: list[Any]) -> tuple[bool, str]:
        """EXPLAIN QUERY PLAN says SEARCH, or SCAN of the table or of an index."""
        rows = database.execute_sql(f"EXPLAIN QUERY PLAN {statement}", params).fetchall()
        text = "; ".join(row[3] for row in rows)
        return all("SEARCH" in row[3] or "USING" in row[3] for row in rows), text

    def error(self, exc: BaseException, schema: Schema | None) -> DataError | None:
        """By SQLite's extended result codes (sqlite.org/rescode.html)."""
        if not isinstance(exc, sqlite3.Error):
            return None
        name = getattr(exc, "sqlite_errorname", "")
        if name in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"):
            columns = str(exc).partition(": ")[2].split(", ")
            return unique_violation(schema, columns=tuple(column.rpartition(".")[2] for column in columns))
        if name == "SQLITE_CONSTRAINT_FOREIGNKEY":
            return dangling(schema)
        if (
            isinstance(exc, sqlite3.IntegrityError)
            or str(exc) == "integer overflow"
            or name in ("SQLITE_MISMATCH", "SQLITE_TOOBIG")
        ):
            return refused(schema)
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return Timeout(
                "the database was locked by another writer", hint="keep transactions short, or raise timeout="
            )
        if name == "SQLITE_INTERRUPT":
            return Timeout("the deadline has passed")
        if name.startswith(
            ("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_NOTADB", "SQLITE_CORRUPT")
        ):
            return Unavailable(f"SQLite cannot use its file ({name})", hint="check that folder and file can be written")
        return _other(exc, schema)


def _other(exc: BaseException, schema: Schema | None) -> DataError:
    if "no such table" in str(exc) or "has no column" in str(exc) or "no such column" in str(exc):
        return no_table(schema)
    return DataError("SQLite refused the statement" + (f" on {schema.table}" if schema else ""))
