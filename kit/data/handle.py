"""What a database and a transaction have in common: `handle[Model]`, and the one gate that every operation passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from kit.data.errors import DataError, Unsupported
from kit.data.include import load
from kit.data.model import Model
from kit.data.predicate import Pred
from kit.data.protocol import CAPABILITIES, Session
from kit.data.relations import Many, Ref
from kit.data.schema import Schema
from kit.data.table import Table
from kit.data.watch import Event, counted
from kit.errors import ConfigError

if TYPE_CHECKING:
    from kit.data.database import Transaction
    from kit.data.engine import Engine

__all__ = ["Handle"]

M = TypeVar("M", bound=Model)
R = TypeVar("R")


class Handle:
    """A database, a transaction, or a request's share of a database: code that takes one takes all."""

    #: whether what is done here is part of one transaction
    transactional = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getitem__(self, model: type[M]) -> Table[M]:
        """The rows of `model`."""
        if model not in self._engine.models:
            name = getattr(model, "__name__", repr(model))
            raise ConfigError(f"this database does not know {name}", hint=f"open_db(…, models=[…, {name}])")
        return Table(self, model)

    @property
    def capabilities(self) -> frozenset[str]:
        """What this database can do: names of `kit.data.protocol.CAPABILITIES`."""
        return self._engine.backend.capabilities

    def report(self) -> str:
        """What the database can do and what it cannot, as text: one line for each capability."""
        have = self.capabilities
        lines = [f"{'yes' if name in have else 'no ':<4}{name:<14}{what}" for name, what in CAPABILITIES.items()]
        return "\n".join(lines)

    def require(self, *names: str) -> None:
        """`Unsupported`, at once, unless the database can do all of these: `db.require("transactions")`."""
        for name in names:
            if name not in self.capabilities:
                raise Unsupported(f"this database has no {name}", hint=self._engine.cure(name))

    def now(self) -> datetime:
        """The time by the database's clock: what stamps say."""
        return self._engine.now()

    def new_id(self) -> str:
        """A new id (UUIDv7)."""
        return self._engine.ids()

    def call(
        self, verb: str, schema: Schema, work: Callable[[Session], R], where: Pred | None = None, *, write: bool = False
    ) -> R:
        """Run one operation in a session of this handle, and tell the watchers."""
        watchers = self._engine.watchers
        if not watchers:
            return self._work(schema, work, write)
        start, rows, error = time.perf_counter(), 0, ""
        try:
            result = self._work(schema, work, write)
            rows = len(result) if isinstance(result, list) else result if isinstance(result, int) else 1
            return result
        except DataError as exc:
            error = type(exc).__name__
            raise
        finally:
            event = Event(verb, schema.table, where, time.perf_counter() - start, rows, error)
            for watch in tuple(watchers):
                watch(event)

    def _work(self, schema: Schema, work: Callable[[Session], R], write: bool) -> R:
        raise Unsupported(f"{type(self).__name__} runs nothing itself")

    def expect(self, queries: int) -> AbstractContextManager[list[Event]]:
        """A block of a test in which this thread makes exactly so many queries: `with db.expect(2): …`."""
        return counted(self._engine.watchers, queries)

    def run(
        self, fn: Callable[[Handle], R], *, retries: int = 50, deadline: float | None = None, stepwise: bool = False
    ) -> R:
        """Run `fn` in a transaction."""
        raise Unsupported(f"{type(self).__name__} runs nothing itself")

    def after_commit(self, hook: Callable[[], object]) -> None:
        """Call `hook` once what was done is stored: outside of a transaction, that is now."""
        hook()

    def transaction(self, *, deadline: float | None = None) -> AbstractContextManager[Transaction]:
        """A transaction."""
        raise Unsupported(f"{type(self).__name__} has no transaction")

    def include(self, relation: Ref[Any] | Many[Any], records: Iterable[Model]) -> None:
        """Load a relation into records: one query for each 1,000 keys."""
        load(self, relation, list(records))
