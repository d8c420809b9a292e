"""A pool of connections: at most `size`, opened when needed, checked after a rest, never shared across a fork.

>>> pool = Pool(make=list, drop=list.clear, alive=lambda it: True, size=2, timeout=0.1)
>>> one = pool.take()
>>> pool.give(one)
>>> pool.take() is one
True
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from kit.data.errors import Timeout

__all__ = ["Pool"]

C = TypeVar("C")
_REST = 5.0  # seconds after which a connection is asked whether it is still there


class Pool(Generic[C]):
    """Connections made by `make` and closed by `drop`; `take` waits `timeout` seconds, then raises `Timeout`."""

    def __init__(
        self,
        *,
        make: Callable[[], C],
        drop: Callable[[C], object],
        alive: Callable[[C], bool],
        size: int,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make, self._drop, self._alive = make, drop, alive
        self._size, self._timeout, self._clock = size, timeout, clock
        self._inherited: list[object] = []
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._slots = threading.BoundedSemaphore(self._size)
        self._free: deque[tuple[C, float]] = deque()

    @property
    def idle(self) -> int:
        """How many connections are open and not in use."""
        return len(self._free)

    def take(self) -> C:
        """A connection of one's own, until `give`."""
        if self._pid != os.getpid():
            # a child of a fork: the parent's connections stay the parent's. They are kept, since even to collect them
            # as garbage could say goodbye to the server in the parent's name
            self._inherited += [self._free]
            self._reset()
        if not self._slots.acquire(timeout=self._timeout):
            raise Timeout(f"all {self._size} connections were in use for {self._timeout:g} s", hint="pool=… of open_db")
        try:
            rested = self._rested()
            return self._make() if rested is None else rested
        except BaseException:
            self._slots.release()
            raise

    def _rested(self) -> C | None:
        while True:
            try:
                connection, since = self._free.pop()
            except IndexError:
                return None
            if self._clock() - since < _REST or self._alive(connection):
                return connection
            self._drop(connection)

    def give(self, connection: C, *, broken: bool = False) -> None:
        """Give a connection back; a broken one is closed."""
        try:
            if broken:
                self._drop(connection)
            else:
                self._free.append((connection, self._clock()))
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close what is free now; what is in use goes on."""
        while self._pid == os.getpid():
            try:
                connection, _ = self._free.pop()
            except IndexError:
                return
            self._drop(connection)
