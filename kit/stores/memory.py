"""MemoryStore: entries in this process, for tests and for servers of one process.

>>> store = MemoryStore(clock=lambda: 100.0)
>>> store.add("a", b"1", ttl=60)
True
>>> entry = store.get("a")
>>> entry.value, entry.expires
(b'1', 160.0)
>>> store.swap("a", b"2", version=entry.version), store.swap("a", b"3", version=entry.version)
(True, False)
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING

from kit.stores.forks import renew_after_fork
from kit.stores.protocol import Entry, check_key, check_ttl, new_version

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MemoryStore"]

_EVERY = 256


class MemoryStore:
    """A store in a dict behind one lock. Layers refuse it where `wsgi.multiprocess` is true."""

    one_process = True

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._owners: dict[str, set[str]] = {}
        self._rest = _EVERY  # insertions until the next sweep
        renew_after_fork(self)

    def renew(self) -> None:
        """A lock that nobody holds, and owners as the entries have them (`kit.stores.forks`)."""
        self._lock = threading.Lock()
        self._owners = {}
        for entry in self._entries.values():
            if entry.owner is not None:
                self._owners.setdefault(entry.owner, set()).add(entry.key)

    def get(self, key: str) -> Entry | None:
        """The entry, or None."""
        entry = self._entries.get(check_key(key))
        return entry if entry is not None and entry.expires > self._clock() else None

    def add(self, key: str, value: bytes, *, ttl: float, owner: str | None = None) -> bool:
        """Insert; False if a live entry is there."""
        check_key(key), check_ttl(ttl)
        owner = owner if owner is None else check_key(owner, "owner")
        self._tidy()
        with self._lock:
            if self._live(key) is not None:
                return False
            self._put(Entry(key, bytes(value), new_version(), self._clock() + ttl, owner))
            return True

    def swap(self, key: str, value: bytes, *, version: int, ttl: float | None = None, owner: str | None = None) -> bool:
        """Compare and set; False if the entry moved or is gone."""
        check_key(key)
        owner = owner if owner is None else check_key(owner, "owner")
        with self._lock:
            old = self._live(key)
            if old is None or old.version != version:
                return False
            expires = old.expires if ttl is None else self._clock() + check_ttl(ttl)
            self._put(Entry(key, bytes(value), new_version(), expires, old.owner if owner is None else owner))
            return True

    def touch(self, key: str, *, ttl: float) -> bool:
        """New expiry, same version."""
        check_key(key), check_ttl(ttl)
        with self._lock:
            old = self._live(key)
            if old is None:
                return False
            self._put(old._replace(expires=self._clock() + ttl))
            return True

    def remove(self, key: str) -> bool:
        """Delete; True for exactly one of many callers."""
        check_key(key)
        with self._lock:
            live = self._live(key) is not None
            self._drop(key)
            return live

    def owned(self, owner: str) -> list[Entry]:
        """All live entries of `owner`."""
        check_key(owner, "owner")
        with self._lock:
            entries = [self._live(key) for key in self._owners.get(owner, ())]
            return [entry for entry in entries if entry is not None]

    def sweep(self, limit: int = 1000) -> int:
        """Delete at most `limit` expired entries."""
        with self._lock:
            now = self._clock()
            dead = itertools.islice((entry.key for entry in self._entries.values() if entry.expires <= now), limit)
            keys = list(dead)
            for key in keys:
                self._drop(key)
            return len(keys)

    def close(self) -> None:
        """Nothing to release; the entries stay."""

    def _live(self, key: str) -> Entry | None:
        entry = self._entries.get(key)
        return entry if entry is not None and entry.expires > self._clock() else None

    def _put(self, entry: Entry) -> None:
        old = self._entries.get(entry.key)
        if old is not None and old.owner != entry.owner:
            self._drop(entry.key)
        self._entries[entry.key] = entry
        if entry.owner is not None:
            self._owners.setdefault(entry.owner, set()).add(entry.key)

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is None or entry.owner is None:
            return
        keys = self._owners[entry.owner]
        keys.discard(key)
        if not keys:
            del self._owners[entry.owner]

    def _tidy(self) -> None:
        """Sweep once in as many insertions as entries were left the last time: a constant price for each."""
        self._rest -= 1
        if self._rest <= 0:
            self.sweep(len(self._entries))
            self._rest = max(_EVERY, len(self._entries))
