"""The protocol of an expiring key-value store with compare-and-swap, and the rules that every store keeps.

`Store` is all that sessions, rate limits, login throttles and single-use tokens ask of a backend: seven methods over
opaque bytes. To add a backend, write them, and let `kit.stores.contract.StoreContract` prove them.

Keys and owners are str of 1 to 255 bytes of UTF-8 without NUL. A `ttl` is in seconds, above 0. `expires` is in seconds
since 1970, UTC. A version is an int that is never used again for a key, not even after the entry was removed.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple, Protocol

from kit.errors import ConfigError, Invalid

__all__ = ["Entry", "Store", "check_key", "check_process", "check_ttl", "new_version"]


class Entry(NamedTuple):
    """What a store holds under a key. `owner` is None or the text that `owned` finds it by."""

    key: str
    value: bytes
    version: int
    expires: float
    owner: str | None


class Store(Protocol):
    """An expiring key-value store. Every method is atomic; an expired entry is absent from all of them.

    A backend that does not answer raises `kit.errors.Unavailable`, within its timeout; nothing else is raised but for
    arguments that break the rules. All methods may be called by many threads at once.
    """

    def get(self, key: str) -> Entry | None:
        """The entry, or None."""

    def add(self, key: str, value: bytes, *, ttl: float, owner: str | None = None) -> bool:
        """Insert; False, and nothing changes, if a live entry is there."""

    def swap(self, key: str, value: bytes, *, version: int, ttl: float | None = None, owner: str | None = None) -> bool:
        """Replace the value if the version is still that; None keeps expiry or owner. False if it moved or is gone."""

    def touch(self, key: str, *, ttl: float) -> bool:
        """Set a new expiry and keep the version; False if there is no entry."""

    def remove(self, key: str) -> bool:
        """Delete; True for exactly one of many callers."""

    def owned(self, owner: str) -> list[Entry]:
        """All live entries of `owner`, in no order."""

    def sweep(self, limit: int = 1000) -> int:
        """Delete at most `limit` expired entries; how many. Never needed for a right answer, only for room."""


def check_key(key: str, what: str = "key") -> str:
    """`key`, if it is one that every backend keeps as it is."""
    if not isinstance(key, str):
        raise Invalid(f"a store's {what} is a str, not {type(key).__name__}")
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise Invalid(f"a store's {what} is not Unicode text (it holds a lone surrogate)") from None
    if not 0 < size <= 255 or "\0" in key:
        raise Invalid(f"a store's {what} is 1 to 255 bytes of UTF-8 without NUL", hint="take its SHA-256 instead")
    return key


def check_ttl(ttl: float) -> float:
    """`ttl`, if it is a finite number of seconds above 0."""
    if not 0 < ttl <= 1e11:
        raise Invalid(f"a ttl is a number of seconds above 0, not {ttl!r}")
    return ttl


def new_version() -> int:
    """A version that no entry ever had: 63 random bits, so that no store must remember what it has removed."""
    return secrets.randbits(63)


def check_process(store: object, environ: dict[str, object]) -> None:
    """Refuse a store that lives in one process under a server that runs several (`wsgi.multiprocess`)."""
    if environ.get("wsgi.multiprocess") and getattr(store, "one_process", False):
        what = f"{type(store).__name__} lives in one process, and this server runs several"
        raise ConfigError(what, hint="use kit.stores.open_store('sqlite:///app.db'), or a server with threads only")
