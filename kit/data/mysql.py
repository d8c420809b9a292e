"""MariaDB and MySQL, by PyMySQL: binary collation without padding, strict mode, snapshots that lose no update."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from kit.data.dialect import Dialect, dangling, json_text, no_table, refused, unique_violation
from kit.data.errors import Conflict, DataError, Lost, Timeout, Unavailable
from kit.data.schema import Column, Index, Schema
from kit.errors import needs

with needs("pymysql", extra="mysql", by=__name__):
    import pymysql

__all__ = ["Mysql"]

_MODE = "STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
_SILENCE = 300  # seconds


class Mysql(Dialect):
    """MariaDB 10.6 or later; MySQL 8.0.17 or later, with SERIALIZABLE transactions."""

    quote = "`"
    mark = "%s"
    types = {
        "int": "bigint",
        "float": "double",
        "bool": "boolean",
        "date": "date",
        "datetime": "datetime(3)",
        "json": "longtext",
    }
    suffix = " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4"
    dump = {
        "datetime": lambda column: lambda value: value.replace(tzinfo=None),
        "json": lambda column: json_text,
    }
    load = {
        "bool": lambda column: bool,
        "datetime": lambda column: lambda value: value.replace(tzinfo=UTC),
        "json": lambda column: json.loads,
    }

    def __init__(self, *, timeout: float) -> None:
        super().__init__()
        self._wait = max(1, round(timeout))  # the server counts whole seconds
        self._collation = "utf8mb4_nopad_bin"
        self._mariadb = True

    def type(self, column: Column) -> str:
        """Text compares by code points, and blanks at its end count."""
        if column.kind == "text":
            text = "longtext" if column.max is None or column.max > 10_000 else f"varchar({column.max})"
            return f"{text} CHARACTER SET utf8mb4 COLLATE {self._collation}"
        if column.kind == "bytes":
            return "longblob" if column.max is None or column.max > 10_000 else f"varbinary({column.max})"
        return f"decimal(18, {column.places})" if column.kind == "decimal" else self.types[column.kind]

    def contains(self, column: str) -> str:
        """By the column's own collation."""
        return f"LOCATE({self.mark}, {column}) > 0"

    def inline(self, schema: Schema) -> list[str]:
        """MySQL knows no CREATE INDEX IF NOT EXISTS."""
        return [self._key(schema, index) for index in schema.indexes]

    def _key(self, schema: Schema, index: Index) -> str:
        keys = ", ".join(self.name(name) + (" DESC" if down else "") for name, down in index.columns)
        return f"{'UNIQUE ' if index.unique else ''}KEY {self.name(schema.index_name(index))} ({keys})"

    def options(self, options: dict[str, Any]) -> dict[str, Any]:
        """A statement may take its time unless there is a deadline; a server silent for this long is gone."""
        return {**options, "read_timeout": _SILENCE, "write_timeout": _SILENCE}

    def prepare(self, database: Any) -> None:
        """MariaDB can refuse to write over what a snapshot has not seen; MySQL and old MariaDB serialise instead."""
        first = f"sql_mode = '{_MODE}', time_zone = '+00:00', innodb_lock_wait_timeout = {self._wait}"
        database.execute_sql(f"SET SESSION {first}")
        (version,) = database.execute_sql("SELECT VERSION()").fetchone()
        self._mariadb = "maria" in version.lower()
        if not self._mariadb:
            self._collation = "utf8mb4_0900_bin"
        if database.execute_sql("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'").fetchone():
            database.execute_sql("SET SESSION innodb_snapshot_isolation = ON, tx_isolation = 'REPEATABLE-READ'")
        else:
            database.execute_sql("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")

    def limit(self, database: Any, seconds: float | None) -> None:
        """MariaDB counts seconds, MySQL milliseconds and reads alone."""
        if self._mariadb:
            value = 0.0 if seconds is None else seconds
            database.execute_sql(f"SET SESSION max_statement_time = {value:.3f}")
        else:
            database.execute_sql(f"SET SESSION max_execution_time = {0 if seconds is None else int(seconds * 1000)}")
        wait = self._wait if seconds is None else max(1, min(self._wait, int(seconds)))
        database.execute_sql(f"SET SESSION innodb_lock_wait_timeout = {wait}")

    def error(self, exc: BaseException, schema: Schema | None) -> DataError | None:
        """By the server's numbers (MariaDB's documentation, "Error Codes")."""
        if not isinstance(exc, pymysql.err.MySQLError):
            return None
        code = exc.args[0] if exc.args else 0
        if code == 1062:
            key = str(exc.args[1]).rpartition("for key ")[2].strip("'").rpartition(".")[2]
            return unique_violation(schema, name=key)
        if code in (1216, 1217, 1451, 1452):
            return dangling(schema)
        if code in (1020, 1213):
            return Conflict("two transactions met on the same rows", hint="db.run tries again")
        if code in (1205, 1969, 3024):
            return Timeout("a row was locked for too long" if code == 1205 else "the deadline has passed")
        if code in (1048, 1264, 1292, 1366, 1406, 1690, 3819, 4025):
            return refused(schema)
        if code in (1146, 1054):
            return no_table(schema)
        if isinstance(exc, pymysql.err.InterfaceError) or code in (0, 1053, 1927, 2006, 2013, 2055):
            return Lost("the connection to the server broke")
        if code in (1040, 1045, 1049, 1044, 2002, 2003):
            return Unavailable(
                f"the server cannot be used (error {code})", hint="is it there, and does the URL name it?"
            )
        return DataError(f"the server refused the statement (error {code})")
