"""PostgreSQL, by psycopg 3: text in code point order, repeatable read in transactions."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any

from kit.data.dialect import Dialect, dangling, json_text, no_table, refused, unique_violation
from kit.data.errors import Conflict, DataError, Lost, Timeout, Unavailable
from kit.data.schema import Column, Schema
from kit.errors import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

with needs("psycopg", extra="postgresql", by=__name__):
    import psycopg

__all__ = ["Postgresql"]


class Postgresql(Dialect):
    """PostgreSQL 13 or later."""

    mark = "%s"
    nulls = (" NULLS FIRST", " NULLS LAST")
    begin = ("REPEATABLE READ",)
    types = {
        "int": "bigint",
        "float": "double precision",
        "bool": "boolean",
        "bytes": "bytea",
        "date": "date",
        "datetime": "timestamptz(3)",
        "json": "jsonb",
    }
    dump = {"json": lambda column: json_text}
    load = {
        "datetime": lambda column: lambda value: value.astimezone(UTC),
        "bytes": lambda column: bytes,
        "json": lambda column: lambda value: json.loads(value) if isinstance(value, str) else value,
    }

    def type(self, column: Column) -> str:
        """Text compares by code points: collation C."""
        if column.kind == "text":
            return ("text" if column.max is None else f"varchar({column.max})") + ' COLLATE "C"'
        return f"numeric(18, {column.places})" if column.kind == "decimal" else self.types[column.kind]

    def contains(self, column: str) -> str:
        """PostgreSQL has no INSTR."""
        return f"STRPOS({column}, {self.mark}) > 0"

    def options(self, options: dict[str, Any]) -> dict[str, Any]:
        """Times come and go in UTC; a statement may take its time unless there is a deadline."""
        return {**options, "options": f"{options.get('options', '')} -c timezone=UTC -c statement_timeout=0".strip()}

    @contextmanager
    def alone(self, database: Any) -> Iterator[None]:
        """One transaction, and one process at a time: IF NOT EXISTS alone does not hold against a race."""
        with database.transaction():
            database.execute_sql("SELECT pg_advisory_xact_lock(hashtext('kit.data.create'))")
            yield

    def limit(self, database: Any, seconds: float | None) -> None:
        """PostgreSQL counts milliseconds for each statement."""
        value = "DEFAULT" if seconds is None else str(max(1, int(seconds * 1000)))
        database.execute_sql(f"SET statement_timeout = {value}")

    scan = "Seq Scan"

    def explain(self, database: Any, statement: str, params: list[Any]) -> tuple[bool, str]:
        """PostgreSQL prefers to read a small table whole, unless it is asked not to."""
        database.execute_sql("SET enable_seqscan = off")
        try:
            return super().explain(database, statement, params)
        finally:
            database.execute_sql("RESET enable_seqscan")

    def error(self, exc: BaseException, schema: Schema | None) -> DataError | None:
        """By SQLSTATE (PostgreSQL's documentation, appendix A)."""
        if not isinstance(exc, psycopg.Error):
            return None
        state = exc.sqlstate or ""
        if state == "23505":
            return unique_violation(schema, name=exc.diag.constraint_name or "")
        if state == "23503":
            return dangling(schema)
        if state in ("40001", "40P01"):
            return Conflict("two transactions met on the same rows", hint="db.run tries again")
        if state in ("57014", "55P03"):
            return Timeout("the deadline has passed" if state == "57014" else "a row was locked for too long")
        if state.startswith(("22", "23")):
            return refused(schema)
        if state in ("42P01", "42703"):
            return no_table(schema)
        if state.startswith(("08", "57P")) or (not state and isinstance(exc, psycopg.OperationalError)):
            return Lost("the connection to PostgreSQL broke") if schema else Unavailable("PostgreSQL does not answer")
        return DataError(f"PostgreSQL refused the statement ({state})")
