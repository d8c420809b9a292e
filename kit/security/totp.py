"""Time-based one-time passwords (RFC 6238) as a second factor, each good once.

>>> from kit.stores import MemoryStore
>>> secret = b"12345678901234567890"
>>> at = code(secret, 59)
>>> second = Totp(MemoryStore(), clock=lambda: 59.0)
>>> at, second.check("ann", secret, at), second.check("ann", secret, at)
('287082', True, False)

`new_secret()` gives 160 random bits, to be kept sealed (`kit.seal.Sealer`); `uri` is what an authenticator app scans.
Turn the factor on only after the user has shown a first code. A code passes in its 30 seconds and one step to either
side; it and all older ones never pass again (the last step is kept in the store), and ten wrong ones in 15 minutes
close the second factor of the account for a while.
"""

from __future__ import annotations

import re
import secrets
import time

from kit.errors import needs
from kit.security.quota import Quota

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit.stores.protocol import Store

__all__ = ["Totp", "code", "new_secret", "uri"]

STEP = 30
_CODE = re.compile(r"[0-9]{6}")
_KEEP = 600.0  # seconds for which the last step is remembered: longer than any code can pass


def new_secret() -> bytes:
    """A new secret of 160 bits (RFC 4226, 4, R6)."""
    return secrets.token_bytes(20)


def code(secret: bytes, at: float) -> str:
    """The six digits at a time in seconds since the epoch."""
    text: bytes = _totp(secret).generate(int(at))
    return text.decode()


def uri(secret: bytes, *, account: str, issuer: str) -> str:
    """The otpauth: address for an authenticator app, to be shown as a QR code or as text.

    >>> uri(b"12345678901234567890", account="ann@example.org", issuer="Shop")[:33]
    'otpauth://totp/Shop:ann%40example'
    """
    text: str = _totp(secret).get_provisioning_uri(account, issuer)
    return text


class Totp:
    """`Totp(store)` checks codes: each once, throttled per account, for all processes that share the store."""

    def __init__(self, store: Store, *, window: int = 1, clock: Callable[[], float] = time.time) -> None:
        self._store, self._window, self._clock = store, window, clock
        self._wrong = Quota(store, limit=10, per=900, name="totp", clock=clock)

    def check(self, account: str, secret: bytes, digits: str) -> bool:
        """Whether `digits` are the account's code now and were never used; False while the account is throttled."""
        if not self._wrong.take(account).allowed:
            return False
        step = self._step(secret, digits.strip().replace(" ", ""))
        return step is not None and self._claim(account, step)

    def _step(self, secret: bytes, digits: str) -> int | None:
        if not _CODE.fullmatch(digits):
            return None
        now = int(self._clock()) // STEP
        steps = range(max(0, now - self._window), now + self._window + 1)
        found = [step for step in steps if secrets.compare_digest(code(secret, step * STEP), digits)]
        return found[0] if found else None

    def _claim(self, account: str, step: int) -> bool:
        """Move the last used step forward to `step`; False if it is there already, or further."""
        from hashlib import sha256

        key = sha256(f"kit/totp/{account}".encode()).hexdigest()
        while True:
            entry = self._store.get(key)
            if entry is None:
                moved = self._store.add(key, str(step).encode(), ttl=_KEEP)
            elif int(entry.value) >= step:
                return False
            else:
                moved = self._store.swap(key, str(step).encode(), version=entry.version, ttl=_KEEP)
            if moved:
                self._wrong.forget(account)
                return True


def _totp(secret: bytes) -> Any:
    with needs("cryptography", extra="security", by=__name__):
        from cryptography.hazmat.primitives.hashes import SHA1
        from cryptography.hazmat.primitives.twofactor.totp import TOTP

    return TOTP(secret, 6, SHA1(), STEP)  # HMAC-SHA-1 is what RFC 6238 and every authenticator app use; no known attack
