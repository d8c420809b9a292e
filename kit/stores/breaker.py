"""Breaker: a store around a store that stops asking a backend that is down, so that requests fail at once.

>>> from kit.stores import MemoryStore
>>> store = Breaker(MemoryStore(), failures=5, pause=2.0)
>>> store.add("a", b"1", ttl=60)
True

After `failures` calls in a row that ended in `Unavailable`, calls raise it at once for `pause` seconds. Then one call
is let through: if it succeeds, all are; if not, the next pause begins.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

from kit.errors import ConfigError, Unavailable
from kit.stores.forks import renew_after_fork

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit.stores.protocol import Entry, Store

__all__ = ["Breaker"]

T = TypeVar("T")


class Breaker:
    """`store`, asked only while it answers. `pause` is in seconds, by a clock that never goes back."""

    def __init__(
        self, store: Store, *, failures: int = 5, pause: float = 2.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if failures < 1 or pause <= 0:
            raise ConfigError(f"failures={failures}, pause={pause}", hint="failures >= 1, pause in seconds > 0")
        self._store, self._most, self._pause, self._clock = store, failures, pause, clock
        renew_after_fork(self)
        self._failures = 0
        self._until = 0.0
        self.one_process: bool = getattr(store, "one_process", False)

    def renew(self) -> None:
        """A lock that nobody holds (`kit.stores.forks`)."""
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """The entry, or None."""
        return self._call(self._store.get, key)

    def add(self, key: str, value: bytes, *, ttl: float, owner: str | None = None) -> bool:
        """Insert; False if a live entry is there."""
        return self._call(self._store.add, key, value, ttl=ttl, owner=owner)

    def swap(self, key: str, value: bytes, *, version: int, ttl: float | None = None, owner: str | None = None) -> bool:
        """Compare and set; False if the entry moved or is gone."""
        return self._call(self._store.swap, key, value, version=version, ttl=ttl, owner=owner)

    def touch(self, key: str, *, ttl: float) -> bool:
        """New expiry, same version."""
        return self._call(self._store.touch, key, ttl=ttl)

    def remove(self, key: str) -> bool:
        """Delete; True for exactly one of many callers."""
        return self._call(self._store.remove, key)

    def owned(self, owner: str) -> list[Entry]:
        """All live entries of `owner`."""
        return self._call(self._store.owned, owner)

    def sweep(self, limit: int = 1000) -> int:
        """Delete at most `limit` expired entries."""
        return self._call(self._store.sweep, limit)

    def close(self) -> None:
        """Close the store inside."""
        close = getattr(self._store, "close", None)
        if close is not None:
            close()

    def _call(self, act: Callable[..., T], *args: Any, **options: Any) -> T:
        if self._failures >= self._most:  # without the lock: a stale answer lets one call more through
            self._await_turn()
        try:
            answer = act(*args, **options)
        except Unavailable:
            with self._lock:
                self._failures += 1
                self._until = self._clock() + self._pause
            raise
        self._failures = 0
        return answer

    def _await_turn(self) -> None:
        with self._lock:
            if self._failures >= self._most:
                now = self._clock()
                if now < self._until:
                    raise Unavailable("the store is down and is not asked for the moment", hint="try again later")
                self._until = now + self._pause  # this call is the one that tries
