"""What differs between SQL databases: names, types, codecs, three functions, errors. One subclass for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from typing import Any

from kit.data.errors import DataError, Invalid, ReferenceViolation, UniqueViolation
from kit.data.protocol import Query
from kit.data.schema import Column, Index, Schema

__all__ = ["Codec", "Dialect", "dangling", "iso", "iso_date", "json_text", "no_table", "refused", "unique_violation"]

#: from a column: the function that turns a value into what the driver takes (or gives); None where it is the same
Codec = Callable[[Column], Callable[[Any], Any] | None]


class Dialect:
    """One SQL database, for `kit.data.sql`. Subclasses fill in what is theirs."""

    quote = '"'
    mark = "?"
    nulls = ("", "")  # what follows a key of an order, ascending and descending, so that None is the least
    #: how peewee begins a transaction that loses no update
    begin: tuple[str, ...] = ()
    types: dict[str, str] = {}
    capabilities: frozenset[str] = frozenset({"transactions", "references", "durable", "shared", "explain"})
    dump: dict[str, Codec] = {}
    load: dict[str, Codec] = {}

    def __init__(self) -> None:
        self._dumpers: dict[Schema, Callable[[Mapping[str, Any]], list[Any]]] = {}
        self._heads: dict[tuple[Schema, tuple[str, ...]], tuple[str, list[tuple[str, Callable[[Any], Any]]]]] = {}

    def name(self, name: str) -> str:
        """A name from a schema, quoted: schemas hold small letters, digits and _ alone."""
        return f"{self.quote}{name}{self.quote}"

    def contains(self, column: str) -> str:
        """The condition that `column` has the parameter in it."""
        return f"INSTR({column}, {self.mark}) > 0"

    def endswith(self, column: str, length: int) -> str:
        """The condition that the last `length` characters of `column` are the parameter."""
        return f"RIGHT({column}, {length}) = {self.mark}"

    def dumper(self, schema: Schema) -> Callable[[Mapping[str, Any]], list[Any]]:
        """What makes the parameters of an INSERT of a row."""
        if schema not in self._dumpers:
            names = [column.name for column in schema.columns]
            codecs = [self.dump[c.kind](c) if c.kind in self.dump else None for c in schema.columns]
            coded = [(at, codec) for at, codec in enumerate(codecs) if codec is not None]

            def dump(row: Mapping[str, Any]) -> list[Any]:
                values = [row[name] for name in names]
                for at, codec in coded:
                    if values[at] is not None:
                        values[at] = codec(values[at])
                return values

            self._dumpers[schema] = dump
        return self._dumpers[schema]

    def dumped(self, column: Column, value: Any) -> Any:
        """`value` as a parameter."""
        if value is None or column.kind not in self.dump:
            return value
        codec = self.dump[column.kind](column)
        return codec(value) if codec else value

    def loader(self, column: Column) -> Callable[[Any], Any] | None:
        """What makes a value of the driver ours; None where it is the same."""
        return self.load[column.kind](column) if column.kind in self.load else None

    def head(self, query: Query) -> tuple[str, list[tuple[str, Callable[[Any], Any]]]]:
        """The start of a SELECT, and the columns whose values must be decoded."""
        key = (query.schema, query.columns)
        if key not in self._heads:
            names = ", ".join(map(self.name, query.columns))
            loads = [(name, load) for name in query.columns if (load := self.loader(query.schema.column(name)))]
            self._heads[key] = (f"SELECT {names} FROM {self.name(query.schema.table)}", loads)
        return self._heads[key]

    # -- schema ------------------------------------------------------------------------------------------------------

    def type(self, column: Column) -> str:
        """The SQL type of a column."""
        return self.types[column.kind]

    def table(self, schema: Schema, known: set[str]) -> list[str]:
        """The statements that make a table that is not there; references only to tables in `known`."""
        lines = [self._column(column) for column in schema.columns]
        for name, target in schema.references:
            if target in known or target == schema.table:
                lines.append(f"FOREIGN KEY ({self.name(name)}) REFERENCES {self.name(target)} ({self.name('id')})")
        lines += self.inline(schema)
        made = f"CREATE TABLE IF NOT EXISTS {self.name(schema.table)} (\n  " + ",\n  ".join(lines) + f"\n){self.suffix}"
        return [made, *(self.index(schema, index) for index in schema.indexes if not self.inline(schema))]

    #: what follows the columns of a CREATE TABLE
    suffix = ""

    def inline(self, schema: Schema) -> list[str]:
        """Indexes that can only be made with the table."""
        return []

    def index(self, schema: Schema, index: Index) -> str:
        """The statement that makes an index that is not there."""
        keys = ", ".join(self.name(name) + (" DESC" if down else "") + self.nulls[down] for name, down in index.columns)
        head = f"CREATE {'UNIQUE ' if index.unique else ''}INDEX IF NOT EXISTS {self.name(schema.index_name(index))}"
        return f"{head} ON {self.name(schema.table)} ({keys})"

    def _column(self, column: Column) -> str:
        line = f"{self.name(column.name)} {self.type(column)}{'' if column.null else ' NOT NULL'}"
        if column.name == "id":
            line += " PRIMARY KEY"
        return line + self.check(column)

    def check(self, column: Column) -> str:
        """The server's own check of a number's bounds: it holds for what `.add(…)` computes, too."""
        name, tests = self.name(column.name), []
        for bound, symbol in ((column.low, ">="), (column.high, "<=")):
            if bound is not None:
                tests.append(f"{name} {symbol} {self.dumped(column, bound)}")
        return f" CHECK ({' AND '.join(tests)})" if tests else ""

    # -- connections -------------------------------------------------------------------------------------------------

    def options(self, options: dict[str, Any]) -> dict[str, Any]:
        """The driver's options, from those that the URL gave."""
        return options

    def prepare(self, database: Any) -> None:
        """What a new connection is told first."""

    def alone(self, database: Any) -> AbstractContextManager[Any]:
        """A block that makes tables, safe from another process that makes them too."""
        return nullcontext()

    #: whether a limit begins to run when it is set, and so is set for each session
    limit_runs = False

    def limit(self, database: Any, seconds: float | None) -> None:
        """End every statement of this connection after `seconds`; None: the connection's own limit."""

    def explain(self, database: Any, statement: str, params: list[Any]) -> tuple[bool, str]:
        """Whether indexes alone serve the statement, and the server's own words."""
        rows = database.execute_sql(f"EXPLAIN {statement}", params).fetchall()
        text = "; ".join(" ".join(str(value) for value in row if value is not None) for row in rows)
        return self.scan not in f" {text} ", text

    #: what stands in a plan that reads the whole table
    scan = " ALL "

    def error(self, exc: BaseException, schema: Schema | None) -> DataError | None:
        """The error of kit.data for one of the driver."""
        return None


def unique_violation(schema: Schema | None, *, name: str = "", columns: tuple[str, ...] = ()) -> UniqueViolation:
    """The error for a unique index, known by its name or by its columns."""
    fields = schema.unique_fields(name=name, columns=columns) if schema else columns
    table = f"row of {schema.table}" if schema else "row"
    return UniqueViolation(f"another {table} has this {', '.join(fields)}", fields=fields)


def refused(schema: Schema | None) -> Invalid:
    """The server refused a value that passed the gate: a sum out of range, a bound."""
    return Invalid(
        f"{schema.table if schema else 'the database'} refuses a value", hint="it is outside the field's range"
    )


def no_table(schema: Schema | None) -> DataError:
    """The server does not know the table or a column."""
    table = schema.table if schema else "a table"
    return DataError(f"{table} is not there, or not as its model says", hint="run db.create() first")


def dangling(schema: Schema | None) -> ReferenceViolation:
    """The server found a reference without its row."""
    return ReferenceViolation(
        f"{schema.table if schema else 'a row'} refers to a row that is not there, or is referred to"
    )


def json_text(value: Any) -> str:
    """JSON in one canonical form."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def iso(value: datetime) -> str:
    """A UTC time as text of one length, which sorts like the time."""
    return value.isoformat(timespec="milliseconds")


def iso_date(value: date) -> str:
    """A date as text, which sorts like the date."""
    return value.isoformat()
