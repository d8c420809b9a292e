"""The database: `open_db` gives a handle that is cheap, safe for threads, and opens nothing before its first use.

>>> from kit.data import Field, Model, field
>>> class Account(Model):
...     owner: Field[str] = field(max=80, unique=True)
...     cents: Field[int] = field(default=0, ge=0)
>>> db = open_db("memory:", models=[Account])
>>> db.create()
>>> ann, bob = db[Account].add_many([Account(owner="Ann", cents=100), Account(owner="Bob")])
>>> def pay(tx):                                    # may run again after a conflict, so it only talks to tx
...     tx[Account].where(Account.id == ann.id).update(Account.cents.add(-30))
...     tx[Account].where(Account.id == bob.id).update(Account.cents.add(30))
>>> db.run(pay)
>>> db[Account].get(bob.id).cents
30
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from kit.data.declare import resolve
from kit.data.engine import Engine
from kit.data.errors import Conflict, Lost, Timeout, TransactionAborted
from kit.data.handle import Handle
from kit.data.protocol import Backend, Session
from kit.data.schema import Schema
from kit.data.watch import Event, slow_log
from kit.errors import ConfigError
from kit.url import parse

__all__ = ["Database", "Transaction", "open_backend", "open_db"]

R = TypeVar("R")
_ATTEMPTS = 12  # of a single operation that met a conflict


def open_db(
    url_or_backend: str | Backend,
    models: Sequence[Any],
    *,
    pool: int = 10,
    timeout: float = 5.0,
    deadline: float | None = None,
    log: Callable[[Event], object] | None = None,
    slow: float | None = 1.0,
    clock: Callable[[], float] = time.time,
) -> Database:
    """A database for `models`: at a URL of `kit.url` (`sqlite:///app.db`, `mongodb://…` …), or a `Backend` of your own.

    The same words everywhere: `pool` is the most connections; `timeout` (seconds) bounds the wait for a connection or
    a lock; `deadline` (seconds) bounds every operation and transaction; `log` is called with an `Event` for each
    operation, and those that take `slow` seconds are warned of in the log `kit.data`; `clock` gives the seconds of ids
    and stamps.
    """
    models = list(models)
    resolve(models)
    if pool < 1 or timeout <= 0 or (deadline is not None and deadline <= 0):
        raise ConfigError("pool, timeout and deadline are above 0")
    tables = [model._table for model in models]
    if len(set(tables)) < len(tables):
        raise ConfigError(
            f"two models have one table: {', '.join(sorted(tables))}", hint='class Post(Model, table="…")'
        )
    backend = url_or_backend
    if isinstance(backend, str):
        backend = open_backend(backend, pool=pool, timeout=timeout)
    watchers = [watch for watch in (log, slow_log(slow) if slow is not None else None) if watch is not None]
    return Database(Engine(backend, models, deadline=deadline, clock=clock, watchers=watchers))


def open_backend(text: str, *, pool: int = 10, timeout: float = 5.0) -> Backend:
    """The backend for a URL of `kit.url`; it opens nothing yet."""
    url = parse(text)
    if url.engine == "memory":
        from kit.data.memory import MemoryBackend

        return MemoryBackend(timeout=timeout)
    if url.engine == "mongodb":
        from kit.data.mongo import MongoBackend

        return MongoBackend(url, pool=pool, timeout=timeout)
    from kit.data.sql import SqlBackend

    return SqlBackend(url, pool=pool, timeout=timeout)


class Database(Handle):
    """A database; made by `open_db`. Each operation takes a connection from the pool and gives it back."""

    def __init__(self, engine: Engine, *, until: float | None = None) -> None:
        super().__init__(engine)
        self._until = until

    def within(self, seconds: float) -> Database:
        """The same database, for `seconds` from now: every operation must end by then, or fails with `Timeout`."""
        return Database(self._engine, until=time.monotonic() + seconds)

    def _left(self, deadline: float | None = None) -> float | None:
        """The seconds left for an operation: the least of those given here, to `open_db`, and to `within`."""
        left = [limit for limit in (deadline, self._engine.deadline) if limit is not None]
        if self._until is not None:
            left.append(self._until - time.monotonic())
        if left and min(left) <= 0:
            raise Timeout("the deadline has passed")
        return min(left, default=None)

    def create(self) -> None:
        """Make the tables and indexes that are not there yet; may run at every start, in several processes at once."""
        done: list[Schema] = []
        schemas = [model.schema() for model in self._engine.models]
        while schemas:
            known = {schema.table for schema in done}
            ready = [s for s in schemas if {table for _, table in s.references} <= known | {s.table}]
            ready = sorted(ready or schemas, key=lambda schema: schema.table)
            done += ready
            schemas = [schema for schema in schemas if schema not in ready]
        self._engine.check()
        with self._translated():
            self._engine.backend.create(done)

    def close(self) -> None:
        """Give all connections back; the next operation opens anew."""
        self._engine.backend.close()

    def _work(self, schema: Schema, work: Callable[[Session], R], write: bool) -> R:
        """One operation in a session of its own; tried again after a conflict, and a read after a lost connection."""
        engine = self._engine
        engine.check()
        attempt = 0
        while True:
            try:
                with engine.backend.session(transaction=False, deadline=self._left()) as session:
                    return work(session)
            except Exception as exc:
                error = engine.error(exc, schema)
                again = isinstance(error, Conflict) or (isinstance(error, Lost) and not write and attempt == 0)
                if not again or attempt >= _ATTEMPTS:
                    if error is None or error is exc:
                        raise
                    raise error from exc
            attempt += 1
            engine.sleep(attempt)

    def run(
        self, fn: Callable[[Handle], R], *, retries: int = 50, deadline: float | None = None, stepwise: bool = False
    ) -> R:
        """Run `fn(tx)` in a transaction, again after each `Conflict`, at most `retries` times and `deadline` seconds.

        `fn` may run several times, so it should touch nothing but `tx`. Where the server has no transactions (MongoDB
        on its own), this is `Unsupported`, unless `stepwise` says that `fn` is right, too, when its operations are
        stored one by one and it may stop between any two of them; then it gets the database itself, and runs once.
        """
        if stepwise and "transactions" not in self.capabilities:
            return fn(self)
        ends = time.monotonic() + (self._left(deadline) or 30.0)
        attempt = 0
        while True:
            try:
                with self.transaction(deadline=max(0.001, ends - time.monotonic())) as tx:
                    return fn(tx)
            except (Conflict, TransactionAborted) as exc:
                conflict = isinstance(exc, Conflict) or isinstance(exc.__cause__, Conflict)
                if not conflict or attempt >= retries or time.monotonic() >= ends:
                    raise
            attempt += 1
            self._engine.sleep(attempt)

    @contextmanager
    def transaction(self, *, deadline: float | None = None) -> Iterator[Transaction]:
        """One attempt: stored at the end of the block, undone if it raises. Prefer `run`, which tries again."""
        engine = self._engine
        self.require("transactions")
        left = self._left(deadline)
        engine.enter()
        try:
            with (
                self._translated(),
                engine.backend.session(transaction=True, deadline=left) as session,
            ):
                tx = Transaction(engine, session, until=None if left is None else time.monotonic() + left)
                try:
                    yield tx
                    tx.check()
                finally:
                    tx.end()
        finally:
            engine.leave()
        for hook in tx.hooks:
            hook()

    @property
    @contextmanager
    def native(self) -> Iterator[Any]:
        """The driver's own handle, for what kit.data has no word for: `with db.native as peewee_database:`."""
        self._engine.check()
        with self._translated(), self._engine.backend.session(transaction=False, deadline=None) as session:
            yield session.native

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as exc:
            error = self._engine.error(exc, None)
            if error is None or error is exc:
                raise
            raise error from exc


class Transaction(Handle):
    """A transaction: use it like the database. After its first failure nothing works: nothing will be stored."""

    transactional = True

    def __init__(self, engine: Engine, session: Session, *, until: float | None) -> None:
        super().__init__(engine)
        self._session, self._until = session, until
        self._failed: Exception | None = None
        self._over = False
        #: called after the commit
        self.hooks: list[Callable[[], object]] = []

    def _work(self, schema: Schema, work: Callable[[Session], R], write: bool) -> R:
        """One operation of this transaction."""
        self.check()
        try:
            if self._until is not None and time.monotonic() > self._until:
                raise Timeout("the deadline of this transaction has passed")
            return work(self._session)
        except Exception as exc:
            error = self._engine.error(exc, schema)
            self._failed = error or exc
            if error is None or error is exc:
                raise
            raise error from exc

    def check(self) -> None:
        """Raise `TransactionAborted` if this transaction failed or is over."""
        if self._failed is not None:
            hint = "let the first error out of the transaction, and handle it outside"
            raise TransactionAborted("an operation of this transaction failed before", hint=hint) from self._failed
        if self._over:
            raise TransactionAborted("this transaction is over", hint="use the database itself")

    def end(self) -> None:
        """From here on, nothing works."""
        self._over = True

    def after_commit(self, hook: Callable[[], object]) -> None:
        """Call `hook` once all of this is stored, and only then: the place to send the mail."""
        self.hooks.append(hook)

    def run(
        self, fn: Callable[[Handle], R], *, retries: int = 50, deadline: float | None = None, stepwise: bool = False
    ) -> R:
        """Run `fn` as part of this transaction, once."""
        return fn(self)

    def transaction(self, *, deadline: float | None = None) -> AbstractContextManager[Transaction]:
        """This very transaction: an inner block joins the outer one."""
        return nullcontext(self)

    @property
    def native(self) -> Any:
        """The driver's handle inside this transaction: a peewee Database, or pymongo's (Database, ClientSession)."""
        self.check()
        return self._session.native
