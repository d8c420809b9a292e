"""Throttle: password guessing is slow, and nobody can lock a user out.

>>> from kit.stores import MemoryStore
>>> throttle = Throttle(MemoryStore(), clock=lambda: 0.0)
>>> sum(throttle.try_login("ann", "6.6.6.6") for _ in range(100))
10
>>> throttle.try_login("ann", "203.0.113.9"), throttle.try_login("bob", "6.6.6.6")
(True, True)

Three quotas are asked before a password is looked at: of the account and client together, of the client over all
accounts, and of the account over all clients that it does not know. A client from which the user has signed in before
(`signed_in`) is known for 90 days and has the first quota to itself: a flood from elsewhere does not shut it out.
"""

from __future__ import annotations

import hashlib
import time

from kit.security.quota import Quota

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from kit.stores.protocol import Store

__all__ = ["Throttle"]

_KNOWN = 90 * 86_400.0


class Throttle:
    """`Throttle(store)`: ask `try_login` before each check of a password, tell `signed_in` after a success.

    `pair`, `client` and `account` are how many tries each quota gives in `per` seconds.
    """

    def __init__(
        self,
        store: Store,
        *,
        pair: int = 10,
        client: int = 50,
        account: int = 50,
        per: float = 900,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._pair = Quota(store, limit=pair, per=per, name="login-pair", clock=clock)
        self._client = Quota(store, limit=client, per=per, name="login-client", clock=clock)
        self._account = Quota(store, limit=account, per=per, name="login-account", clock=clock)

    def try_login(self, account: str, client: str) -> bool:
        """Whether a password may be checked now. `client` is an address (`kit.security.rate_limit.client`)."""
        account = account.casefold()
        if not self._pair.take(f"{client} {account}").allowed:
            return False
        if self._store.get(_known(account, client)) is not None:
            return True
        return self._client.take(client).allowed and self._account.take(account).allowed

    def signed_in(self, account: str, client: str) -> None:
        """The password was right: the client is known from now on, and its tries are forgotten."""
        account = account.casefold()
        self._pair.forget(f"{client} {account}")
        key = _known(account, client)
        if not self._store.add(key, b"known", ttl=_KNOWN):
            self._store.touch(key, ttl=_KNOWN)


def _known(account: str, client: str) -> str:
    return hashlib.sha256(f"kit/known/{client} {account}".encode()).hexdigest()
