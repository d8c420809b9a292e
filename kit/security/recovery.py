"""Recovery codes: ten printed codes, each of which replaces the second factor once.

>>> from kit.stores import MemoryStore
>>> codes = RecoveryCodes(MemoryStore())
>>> printed = codes.make("ann")
>>> len(printed), codes.use("ann", printed[0]), codes.use("ann", printed[0]), codes.left("ann")
(10, True, False, 9)

A code has 120 random bits, so its plain SHA-256 is what the store holds. New codes make all older ones void.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b32encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit.stores.protocol import Store

__all__ = ["RecoveryCodes"]

_TEN_YEARS = 10 * 366 * 86_400.0


class RecoveryCodes:
    """`RecoveryCodes(store)`: keep it in a store that lasts, not in memory."""

    def __init__(self, store: Store, *, count: int = 10) -> None:
        self._store, self._count = store, count

    def make(self, user: str) -> list[str]:
        """New codes for `user` (an id), to be shown once; the older ones are void."""
        for entry in self._store.owned(_owner(user)):
            self._store.remove(entry.key)
        codes = [b32encode(secrets.token_bytes(15)).decode().lower() for _ in range(self._count)]
        for text in codes:
            self._store.add(_key(user, text), b"recovery", ttl=_TEN_YEARS, owner=_owner(user))
        return ["-".join(re.findall(".{6}", text)) for text in codes]

    def use(self, user: str, code: str) -> bool:
        """Whether it is a code of `user` that was not used yet; of many who come with it, one hears True."""
        plain = re.sub(r"[\s-]", "", code[:100]).lower()
        return bool(re.fullmatch(r"[a-z2-7]{24}", plain)) and self._store.remove(_key(user, plain))

    def left(self, user: str) -> int:
        """How many codes of `user` are still good."""
        return len(self._store.owned(_owner(user)))


def _owner(user: str) -> str:
    return "recovery:" + hashlib.sha256(user.encode()).hexdigest()


def _key(user: str, code: str) -> str:
    return hashlib.sha256(f"kit/recovery/{len(user)}/{user}/{code}".encode()).hexdigest()
