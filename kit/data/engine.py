"""The engine under a database: backend, clock, ids and the map of errors; shared by all handles of one database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from kit.data.errors import DataError
from kit.data.ids import Ids
from kit.data.protocol import Backend
from kit.data.schema import Schema
from kit.data.watch import Event
from kit.errors import KitError

__all__ = ["Engine"]

_CURES = {
    "transactions": "MongoDB has them on a replica set: start mongod with --replSet; or db.run(fn, stepwise=True)",
}


class Engine:
    """What the handles of one database share."""

    def __init__(
        self,
        backend: Backend,
        models: Sequence[Any],
        *,
        deadline: float | None,
        clock: Callable[[], float],
        watchers: Sequence[Callable[[Event], object]] = (),
    ) -> None:
        self.backend, self.models, self.deadline = backend, frozenset(models), deadline
        self.ids = Ids(clock=clock)
        self.watchers = list(watchers)
        self._clock = clock
        self._inside: set[int] = set()  # threads that are in a transaction

    def now(self) -> datetime:
        """The time, in whole milliseconds."""
        return datetime.fromtimestamp(int(self._clock() * 1000) / 1000, UTC)

    def cure(self, capability: str) -> str:
        """What to do where a capability is absent."""
        return _CURES.get(capability, "use another database, or do without")

    def enter(self) -> None:
        """This thread begins a transaction."""
        self.check()
        self._inside.add(threading.get_ident())

    def leave(self) -> None:
        """This thread's transaction is over."""
        self._inside.discard(threading.get_ident())

    def check(self) -> None:
        """Refuse to go around a transaction that this thread is in: the cause of many a lost update and deadlock."""
        if threading.get_ident() in self._inside:
            hint = "use the handle that the transaction gave you: tx[Post], tx.run(fn)"
            raise DataError("the database was used while this thread is in a transaction of it", hint=hint)

    def error(self, exc: Exception, schema: Schema | None) -> DataError | None:
        """The error of kit.data that `exc` stands for; None if it is not the database's."""
        if isinstance(exc, KitError):
            return exc if isinstance(exc, DataError) else None
        return self.backend.translate(exc, schema)

    def sleep(self, attempt: int) -> None:
        """Wait before another attempt: random, so that those who met do not meet again; at most 0.1 s."""
        time.sleep(min(0.1, 0.001 * 2**attempt) * (self.ids._random(1)[0] + 1) / 256)
