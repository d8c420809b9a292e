"""SqlStore: entries in a table of SQLite, PostgreSQL or MariaDB, through connections of its own.

>>> import tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> store = SqlStore(f"sqlite:///{folder.name}/app.db")
>>> store.add("a", b"1", ttl=60), store.add("a", b"2", ttl=60)
(True, False)
>>> store.get("a").value
b'1'
>>> store.close(), folder.cleanup()
(None, None)

It takes a URL (`kit.url`) or a peewee Database, whose settings are copied: for SQLite into a file beside it
(`app.db` -> `app.stores.db`), since SQLite has one writer at a time and an open transaction of the application would
block the store. Limits of time are added where the Database has none of its own; a subclass that is not known is
refused, for a copy of SqlCipherDatabase, say, would be a plain file.

Every operation is one statement in autocommit, or a loop of them that is right at each step. The table is made at first
use; where the account may not, make it from `SqlStore.schema(engine)`.
"""

from __future__ import annotations

import contextlib
import random
import re
import time
from typing import TYPE_CHECKING

from kit.errors import ConfigError, Unavailable, needs
from kit.stores.pool import Pool
from kit.stores.protocol import Entry, check_key, check_ttl, new_version
from kit.url import URL, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["SqlStore"]

_TYPES = {  # id, value, expires, owner: exact comparison of text, and no cut of a long value
    "sqlite": ("TEXT", "BLOB", "REAL", "TEXT"),
    "postgresql": ('VARCHAR(255) COLLATE "C"', "BYTEA", "DOUBLE PRECISION", 'VARCHAR(255) COLLATE "C"'),
    "mysql": ("VARBINARY(255)", "LONGBLOB", "DOUBLE", "VARBINARY(255)"),
}
_SWEEP = {
    "sqlite": "DELETE FROM {t} WHERE rowid IN (SELECT rowid FROM {t} WHERE expires <= ? LIMIT ?) AND expires <= ?",
    "postgresql": "DELETE FROM {t} WHERE id IN (SELECT id FROM {t} WHERE expires <= ? LIMIT ? FOR UPDATE SKIP LOCKED)"
    " AND expires <= ?",
    "mysql": "DELETE FROM {t} WHERE expires <= ? ORDER BY expires LIMIT ?",
}
_COPIED = (  # modules of Database classes that may be copied; the last four keep plain SQLite files
    *("peewee", "playhouse.postgres_ext"),
    *("playhouse.sqlite_ext", "playhouse.sqliteq", "playhouse.apsw_ext", "playhouse.cysqlite_ext"),
)
_LIMITS = ("connect_timeout", "read_timeout", "write_timeout", "tcp_user_timeout", "options")
_SWEEP_CHANCE = 1 / 200  # of the insertions, at random, so that processes do not sweep in step
_AGAIN = (1205, 1213)  # MariaDB: lock wait timeout, deadlock; the statement was undone and may be sent again


class SqlStore:
    """A store in the table `table`. `timeout` in seconds bounds connecting, locks and statements."""

    def __init__(
        self,
        database: str | URL | Any,
        *,
        table: str = "kit_store",
        timeout: float = 5.0,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,50}", table):
            raise ConfigError(f"{table!r} is no name of a table", hint="use letters, digits and _")
        if isinstance(database, str):
            database = parse(database)
        kind: Any
        if isinstance(database, URL):
            kind, name, settings = database.peewee_args(timeout=timeout)
            self._engine, self._shown = database.engine, database.masked
        else:
            kind, name, settings = _copied(database, timeout)
            self._engine, self._shown = _engine(database), f"the copied {type(database).__name__}"
        if self._engine == "sqlite" and name in (":memory:", ""):
            raise ConfigError("SqlStore needs a file, for it has several connections", hint="use MemoryStore()")
        self._kind, self._name, self._settings, self._timeout = kind, name, settings, timeout
        self._clock, self._chance = clock, chance
        self._pool = Pool(self._connect)
        self._table = table
        self._sql = {name: self._text(text) for name, text in _STATEMENTS.items()}
        self._sql["sweep"] = self._text(_SWEEP[self._engine])

    @staticmethod
    def schema(engine: str, table: str = "kit_store") -> list[str]:
        """The statements that make the table on "sqlite", "postgresql" or "mysql"."""
        key, value, expires, owner = _TYPES[engine]
        columns = f"id {key} PRIMARY KEY NOT NULL, value {value} NOT NULL, version BIGINT NOT NULL"
        columns += f", expires {expires} NOT NULL, owner {owner}"
        if engine == "mysql":
            keys = f"INDEX {table}_expires (expires), INDEX {table}_owner (owner)"
            return [f"CREATE TABLE IF NOT EXISTS {table} ({columns}, {keys}) ENGINE=InnoDB"]
        index = "CREATE INDEX IF NOT EXISTS {0}_{1} ON {0} ({1})"
        indexes = [index.format(table, column) for column in ("expires", "owner")]
        return [f"CREATE TABLE IF NOT EXISTS {table} ({columns})", *indexes]

    def get(self, key: str) -> Entry | None:
        """The entry, or None."""
        bound = self._bind(check_key(key))
        try:
            rows = self._rows("get", bound, self._clock())
        except Unavailable:  # an idle connection may have died; the failure has emptied the pool, and reading is safe
            rows = self._rows("get", bound, self._clock())
        return self._entry(rows[0]) if rows else None

    def add(self, key: str, value: bytes, *, ttl: float, owner: str | None = None) -> bool:
        """Insert; False if a live entry is there."""
        row = [bytes(value), new_version(), self._clock() + check_ttl(ttl), self._bind_owner(owner)]
        bound = self._bind(check_key(key))
        while not self._count("insert", bound, *row):
            if self._count("replace", *row, bound, self._clock()):  # what was there had expired
                break
            if self._rows("get", bound, self._clock()):
                return False
        self._tidy()
        return True

    def swap(self, key: str, value: bytes, *, version: int, ttl: float | None = None, owner: str | None = None) -> bool:
        """Compare and set; False if the entry moved or is gone."""
        now = self._clock()
        expires = None if ttl is None else now + check_ttl(ttl)
        row = (bytes(value), new_version(), expires, self._bind_owner(owner))
        return self._count("swap", *row, self._bind(check_key(key)), version, now) == 1

    def touch(self, key: str, *, ttl: float) -> bool:
        """New expiry, same version."""
        now = self._clock()
        return self._count("touch", now + check_ttl(ttl), self._bind(check_key(key)), now) == 1

    def remove(self, key: str) -> bool:
        """Delete; True for exactly one of many callers."""
        return self._count("remove", self._bind(check_key(key)), self._clock()) == 1

    def owned(self, owner: str) -> list[Entry]:
        """All live entries of `owner`."""
        return [self._entry(row) for row in self._rows("owned", self._bind(check_key(owner, "owner")), self._clock())]

    def sweep(self, limit: int = 1000) -> int:
        """Delete at most `limit` expired entries."""
        now = self._clock()
        return self._count("sweep", *((now, limit) if self._engine == "mysql" else (now, limit, now)))

    def close(self) -> None:
        """Close the idle connections; a later call opens again."""
        self._pool.close()

    def _text(self, text: str) -> str:
        text = text.replace("{t}", self._table)
        return text if self._engine == "sqlite" else text.replace("?", "%s")

    def _bind(self, text: str) -> str | bytes:
        return text.encode() if self._engine == "mysql" else text

    def _bind_owner(self, owner: str | None) -> str | bytes | None:
        return None if owner is None else self._bind(check_key(owner, "owner"))

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        key, value, version, expires, owner = row
        return Entry(_str(key), bytes(value), version, expires, None if owner is None else _str(owner))

    def _tidy(self) -> None:
        if self._chance() < _SWEEP_CHANCE:
            with contextlib.suppress(Unavailable):  # the entry is in; whoever comes next will sweep
                self.sweep()

    def _rows(self, name: str, *params: object) -> list[tuple[Any, ...]]:
        with self._connection() as connection:
            rows: list[tuple[Any, ...]] = connection.execute_sql(self._sql[name], params).fetchall()
            return rows

    def _count(self, name: str, *params: object) -> int:
        import peewee

        for attempt in range(8):
            with self._connection() as connection:
                try:
                    count: int = connection.execute_sql(self._sql[name], params).rowcount
                    return count
                except peewee.IntegrityError:
                    if name != "insert":
                        raise
                    return 0
                except peewee.OperationalError as exc:
                    if attempt == 7 or exc.args[:1] not in [(code,) for code in _AGAIN]:
                        raise
        return 0

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        with needs("peewee", extra="sql", by=__name__):
            import peewee
        try:
            with self._pool.connection() as connection:
                yield connection
        except peewee.PeeweeException as exc:
            what = f"the store in {self._shown} fails ({exc})"
            raise Unavailable(what, hint="is the server up and within reach?") from exc

    def _connect(self) -> Any:
        import peewee

        if self._engine == "postgresql":
            with needs("psycopg", extra="postgresql", by=__name__):
                import psycopg  # noqa: F401
        if self._engine == "mysql":
            with needs("pymysql", extra="mysql", by=__name__):
                import pymysql  # noqa: F401
        kind = getattr(peewee, self._kind) if isinstance(self._kind, str) else self._kind
        end = time.monotonic() + self._timeout
        while True:
            connection = kind(self._name, thread_safe=False, **_across_threads(self._engine, self._settings))
            try:
                connection.connect()
                self._ensure(connection)
                return connection
            except peewee.OperationalError as exc:
                connection.close()
                # SQLite does not wait for its lock while a new file is turned to write-ahead logging
                if "locked" not in str(exc) or time.monotonic() > end:
                    raise
                time.sleep(0.01)

    def _ensure(self, connection: Any) -> None:
        """Make the table if it is not there; of many processes that find it missing, all go on."""
        import peewee

        probe = self._text("SELECT version FROM {t} LIMIT 1")
        try:
            connection.execute_sql(probe).fetchall()
            return
        except (peewee.OperationalError, peewee.ProgrammingError):
            pass
        try:
            with connection.atomic():
                for statement in self.schema(self._engine, self._table):
                    connection.execute_sql(statement)
        except peewee.DatabaseError as exc:  # PostgreSQL: another one has made it in the same moment
            if not isinstance(exc, peewee.IntegrityError) and "already exists" not in str(exc):
                raise
            connection.execute_sql(probe).fetchall()


_STATEMENTS = {
    "get": "SELECT id, value, version, expires, owner FROM {t} WHERE id = ? AND expires > ?",
    "owned": "SELECT id, value, version, expires, owner FROM {t} WHERE owner = ? AND expires > ?",
    "insert": "INSERT INTO {t} (id, value, version, expires, owner) VALUES (?, ?, ?, ?, ?)",
    "replace": "UPDATE {t} SET value = ?, version = ?, expires = ?, owner = ? WHERE id = ? AND expires <= ?",
    "swap": "UPDATE {t} SET value = ?, version = ?, expires = COALESCE(?, expires), owner = COALESCE(?, owner)"
    " WHERE id = ? AND version = ? AND expires > ?",
    "touch": "UPDATE {t} SET expires = ? WHERE id = ? AND expires > ?",
    "remove": "DELETE FROM {t} WHERE id = ? AND expires > ?",
}


def _str(text: str | bytes) -> str:
    return text.decode() if isinstance(text, bytes) else text


def _across_threads(engine: str, settings: dict[str, Any]) -> dict[str, Any]:
    """SQLite ties a connection to the thread that made it; here it has one borrower at a time, whatever its thread."""
    return {**settings, "check_same_thread": False} if engine == "sqlite" else settings


def _engine(database: Any) -> str:
    names = {cls.__name__: cls for cls in type(database).__mro__}
    known = {"SqliteDatabase": "sqlite", "PostgresqlDatabase": "postgresql", "MySQLDatabase": "mysql"}
    for name, engine in known.items():
        if name in names:
            return engine
    raise ConfigError(f"SqlStore takes a URL or a peewee Database, not {type(database).__name__}")


def _copied(database: Any, timeout: float) -> tuple[Any, str, dict[str, Any]]:
    """Class, name and settings of a connection like those of a peewee Database, but outside of its pool."""
    engine = _engine(database)
    if not database.database:
        raise ConfigError("SqlStore was given a peewee Database that is not initialised", hint="call its init() first")
    pooled = [any(base.__module__ == "playhouse.pool" for base in cls.__mro__) for cls in type(database).__mro__]
    kind = type(database).__mro__[pooled.index(False)]
    outer = type(database).__mro__[: pooled.index(False)]
    if kind.__module__ not in _COPIED or any(not cls.__module__.startswith("playhouse.") for cls in outer):
        what = f"SqlStore cannot copy a {type(database).__name__}, for it does not know what that class adds"
        raise ConfigError(what, hint="give it a URL (kit.url), or write a store (kit.stores.contract)")
    url = URL("", engine, str(database.database))
    if engine == "sqlite":
        _, name, settings = url.beside("stores").peewee_args(timeout=timeout)
        return "SqliteDatabase", name, settings
    settings = _limited(dict(database.connect_params), url.peewee_args(timeout=timeout)[2], url.name)
    if engine == "mysql":
        settings["client_flag"] = settings.get("client_flag", 0) | 2  # FOUND_ROWS: count matched rows
    return kind, database.database, settings


def _limited(given: dict[str, Any], ours: dict[str, Any], name: str) -> dict[str, Any]:
    """`given` with the limits of `ours` that it leaves open; in PostgreSQL's `options` the later one wins."""
    limits = {key: ours[key] for key in _LIMITS if key in ours}
    if "options" in given:
        limits["options"] += f" {given['options']}"
        given = {key: value for key, value in given.items() if key != "options"}
    elif "options=" in name:  # a connection string in place of a name: an argument would hide what stands there
        limits.pop("options", None)
    return {**limits, **given}
