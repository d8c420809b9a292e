"""Sealed: a store around a store, whose values are encrypted at rest and bound to their keys.

>>> from kit.seal import KeyRing, new_key
>>> from kit.stores import MemoryStore
>>> plain = MemoryStore()
>>> store = Sealed(plain, KeyRing([new_key()]))
>>> store.add("a", b"secret", ttl=60), store.get("a").value, b"secret" in plain.get("a").value
(True, b'secret', False)

Keys, owners and times stay readable: hash what is secret in them. A value that was changed, or moved to another key,
raises `kit.seal.BrokenSeal` from `get`; in the list of `owned` it is b"", so that it can still be removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit.seal import BrokenSeal, KeyRing, Sealer
from kit.stores.protocol import check_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kit.stores.protocol import Entry, Store

__all__ = ["Sealed"]


class Sealed:
    """`store`, with values sealed by `ring` (a KeyRing, or its keys). It costs about 15 microseconds an operation."""

    def __init__(self, store: Store, ring: KeyRing | str | bytes | Iterable[str | bytes]) -> None:
        self._store = store
        self._sealer = Sealer(KeyRing(ring), "store")
        self.one_process: bool = getattr(store, "one_process", False)

    def get(self, key: str) -> Entry | None:
        """The entry, opened; `BrokenSeal` if it does not open."""
        entry = self._store.get(key)
        return entry and entry._replace(value=self._sealer.open_bytes(entry.value, bound=key.encode()))

    def add(self, key: str, value: bytes, *, ttl: float, owner: str | None = None) -> bool:
        """Insert; False if a live entry is there."""
        return self._store.add(key, self._seal(key, value), ttl=ttl, owner=owner)

    def swap(self, key: str, value: bytes, *, version: int, ttl: float | None = None, owner: str | None = None) -> bool:
        """Compare and set; False if the entry moved or is gone."""
        return self._store.swap(key, self._seal(key, value), version=version, ttl=ttl, owner=owner)

    def touch(self, key: str, *, ttl: float) -> bool:
        """New expiry, same version."""
        return self._store.touch(key, ttl=ttl)

    def remove(self, key: str) -> bool:
        """Delete; True for exactly one of many callers."""
        return self._store.remove(key)

    def owned(self, owner: str) -> list[Entry]:
        """All live entries of `owner`; the value of one that does not open is b""."""
        return [self._opened(entry) for entry in self._store.owned(owner)]

    def sweep(self, limit: int = 1000) -> int:
        """Delete at most `limit` expired entries."""
        return self._store.sweep(limit)

    def close(self) -> None:
        """Close the store inside."""
        close = getattr(self._store, "close", None)
        if close is not None:
            close()

    def _seal(self, key: str, value: bytes) -> bytes:
        return self._sealer.seal_bytes(bytes(value), bound=check_key(key).encode())

    def _opened(self, entry: Entry) -> Entry:
        try:
            return entry._replace(value=self._sealer.open_bytes(entry.value, bound=entry.key.encode()))
        except BrokenSeal:
            return entry._replace(value=b"")
