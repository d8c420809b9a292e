"""Quota: at most so many in so long, exactly, for all processes that share a store.

>>> from kit.stores import MemoryStore
>>> quota = Quota(MemoryStore(), limit=2, per=60, clock=lambda: 1000.0)
>>> [quota.take("ann").allowed for _ in range(3)], quota.take("bob").allowed
([True, True, False], True)
>>> quota.take("ann").retry_after
30.0

The generic cell rate algorithm: one number per key, the time at which the bucket will be full again, moved by
compare-and-swap. `limit` may come at once; they come back evenly over `per` seconds. All arithmetic is in whole
numbers, so nothing is lost to rounding. A refused call writes nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from typing import NamedTuple

from kit.errors import ConfigError, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from kit.stores.protocol import Store

__all__ = ["Quota", "Verdict"]

_MICRO = 1_000_000
_TRIES = 200


class Verdict(NamedTuple):
    """What `take` found. Times are in seconds."""

    allowed: bool
    #: how many more may come now
    remaining: int
    #: until one may come again; 0 if one may come now
    retry_after: float
    #: until all may come again
    reset: float


class Quota:
    """`Quota(store, limit=100, per=60)`: `limit` units for each key in `per` seconds."""

    def __init__(
        self, store: Store, *, limit: int, per: float, name: str = "quota", clock: Callable[[], float] = time.time
    ) -> None:
        if limit < 1 or not 0 < per <= 366 * 86_400:
            raise ConfigError(f"limit {limit} per {per} s", hint="1 or more, within a year")
        self.store, self.limit, self.per, self._name, self._clock = store, limit, per, name, clock
        self._unit = round(per * _MICRO)  # one unit, in microseconds times `limit`
        self._locks = [threading.Lock() for _ in range(64)]  # threads wait here rather than race in the store

    def take(self, key: str, units: int = 1) -> Verdict:
        """Take `units` for `key` if they are there; `Unavailable` if the store does not answer or is overrun."""
        hashed = hashlib.sha256(f"{self._name}/{self.limit}/{self._unit}/{key}".encode()).hexdigest()
        lock = self._locks[int(hashed[:2], 16) % 64]
        held = lock.acquire(timeout=1)  # without it the store decides alone: a fork may have left it locked for ever
        try:
            return self._take(hashed, units)
        finally:
            if held:
                lock.release()

    def _take(self, key: str, units: int) -> Verdict:
        for attempt in range(_TRIES):
            verdict = self._try(key, units)
            if verdict is not None:
                return verdict
            time.sleep(secrets.randbelow(1 + min(attempt, 16)) / 1000)
        raise Unavailable("a quota is contended by too many processes", hint="give them quotas of their own")

    def peek(self, key: str) -> Verdict:
        """What `take` would find; takes nothing."""
        return self.take(key, 0)

    def forget(self, key: str) -> None:
        """Give `key` its whole quota back."""
        self.store.remove(hashlib.sha256(f"{self._name}/{self.limit}/{self._unit}/{key}".encode()).hexdigest())

    def _try(self, key: str, units: int) -> Verdict | None:
        now = round(self._clock() * _MICRO) * self.limit
        entry = self.store.get(key)
        full = now if entry is None else max(int(entry.value), now)
        then = full + max(units, 1) * self._unit
        over = then - now - self._unit * self.limit
        if over > 0 or not units:
            return self._verdict(over <= 0, full - now, max(over, 0))
        value, ttl = str(then).encode(), self.per * 2  # twice, for the clock of the store may differ
        if entry is None:
            moved = self.store.add(key, value, ttl=ttl)
        else:
            moved = self.store.swap(key, value, version=entry.version, ttl=ttl)
        return self._verdict(True, then - now, 0) if moved else None

    def _verdict(self, allowed: bool, used: int, over: int) -> Verdict:
        scale = _MICRO * self.limit
        return Verdict(allowed, self.limit - -(-used // self._unit), over / scale, used / scale)
