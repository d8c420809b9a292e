"""Tokens: texts that say who may do one thing, until when; sealed, so nobody else can make or read them.

>>> from kit.seal import KeyRing, new_key
>>> from kit.stores import MemoryStore
>>> resets = Tokens(KeyRing([new_key()]), "password-reset", ttl=3600, store=MemoryStore())
>>> token = resets.make({"user": "ann"})
>>> resets.use(token).data
{'user': 'ann'}
>>> resets.use(token)
Traceback (most recent call last):
kit.security.tokens.BadToken: this link or token is not valid, or no longer: ask for a new one

A token of one purpose (or audience) is worth nothing for another. `make(data)` seals a JSON value with the time of
issue, the time of expiry and a random id; `open` checks it and gives `Claims`; `use` does so and lets it pass only
once, for all processes that share `store`. With `bound` (the password hash, the mail address …) a token dies when that
changes: give the present value to `make` and to `open`. Nothing of a token is stored but a hash of its id, once used.

Options: `ttl` (seconds), `audience`, `store`, `leeway` (seconds by which clocks may differ), `clock`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from typing import NamedTuple

from kit.errors import ConfigError, KitError, Malformed
from kit.seal import Sealer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kit.seal import KeyRing
    from kit.stores.protocol import Store

__all__ = ["BadToken", "Claims", "Tokens"]

_LONGEST = 8192


class BadToken(KitError):
    """The token was not made here, for this purpose and this state of things, or is too old or used: 403.

    `reason` (`form`, `key`, `tag`, `expired`, `early`, `used`) is for the log of security events, not for the client.
    """

    status = 403

    def __init__(self, reason: str) -> None:
        super().__init__("this link or token is not valid, or no longer", hint="ask for a new one")
        self.reason = reason


class Claims(NamedTuple):
    """What a token says. Times are in seconds since the epoch."""

    data: Any
    #: its id, random and unique: for a list of revoked tokens
    id: str
    issued: float
    expires: float


class Tokens:
    """`Tokens(ring, purpose, ttl=seconds)` makes and opens tokens for one purpose."""

    def __init__(
        self,
        ring: KeyRing,
        purpose: str,
        *,
        ttl: float,
        audience: str = "",
        store: Store | None = None,
        leeway: float = 60,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not 0 < ttl <= 10 * 366 * 86_400 or leeway < 0:
            raise ConfigError(f"ttl is {ttl} s, leeway {leeway} s", hint="a ttl above 0 and at most ten years")
        self._sealer = Sealer(ring, f"token/{purpose}")
        self.ttl = ttl
        self._audience, self._leeway = audience.encode(), leeway
        self._purpose, self._store, self._clock = purpose, store, clock

    def make(self, data: Any, *, bound: str = "", ttl: float | None = None) -> str:
        """A new token for `data` (a JSON value); `ttl` in seconds shortens its life. ValueError for too much data."""
        now = self._clock()
        claims = [data, secrets.token_urlsafe(16), now, now + min(self.ttl if ttl is None else ttl, self.ttl)]
        token = self._sealer.seal(json.dumps(claims, separators=(",", ":")).encode(), bound=self._bound(bound))
        if len(token) > _LONGEST:
            raise ValueError(f"a token of {len(token)} characters: put an id into it and keep the data elsewhere")
        return token

    def open(self, token: str, *, bound: str = "") -> Claims:
        """What a token says; `BadToken` if it is not valid now, or was used. It stays valid."""
        if len(token) > _LONGEST:
            raise BadToken("form")
        try:
            claims = Claims(*json.loads(self._sealer.open(token, bound=self._bound(bound))))
        except Malformed as exc:
            raise BadToken(getattr(exc, "reason", "form")) from None
        now = self._clock()
        if now >= claims.expires + self._leeway:
            raise BadToken("expired")
        if now <= claims.issued - self._leeway:
            raise BadToken("early")
        if self._store is not None and self._store.get(self._key(claims)) is not None:
            raise BadToken("used")
        return claims

    def use(self, token: str, *, bound: str = "") -> Claims:
        """What a token says, the first time; `BadToken` for everybody who comes later or at the same moment."""
        if self._store is None:
            raise ConfigError("Tokens.use needs a store", hint="Tokens(ring, purpose, ttl=…, store=open_store(url))")
        claims = self.open(token, bound=bound)
        left = claims.expires + 2 * self._leeway - self._clock()
        if not self._store.add(self._key(claims), b"used", ttl=max(left, 1)):
            raise BadToken("used")
        return claims

    def revoke(self, token: str, *, bound: str = "") -> None:
        """Use a token up without a look at what it says; nothing happens if it is not valid."""
        try:
            self.use(token, bound=bound)
        except BadToken:
            return

    def _key(self, claims: Claims) -> str:
        return hashlib.sha256(f"kit/token/{self._purpose}/{claims.id}".encode()).hexdigest()

    def _bound(self, bound: str) -> bytes:
        """Audience and binding as one value in which neither can imitate the other."""
        return hashlib.sha256(self._audience).digest() + hashlib.sha256(bound.encode()).digest()
