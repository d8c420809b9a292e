"""RateLimit: so many requests of one client in so long; the rest is told when to come back.

>>> from kit.stores import MemoryStore
>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"fine"]
>>> site = RateLimit(app, store=MemoryStore(), limit=1, per=60, clock=lambda: 0.0)
>>> call(site).status, call(site).status, call(site).headers["Retry-After"]
(200, 429, '60')

A client is its address; of IPv6 the /64 network, which one customer owns whole. Put it inside TrustedProxy. Options:
`key` (a callable of environ: who is counted; None is not limited), `paths` (exact paths, or prefixes that end in "/":
only these count), `name` (two limits over one store need two names), `outage` ("refuse" answers 503 when the store is
down, "allow" lets everything through), `clock`. Answers carry RateLimit and RateLimit-Policy
(draft-ietf-httpapi-ratelimit-headers).
"""

from __future__ import annotations

import math
import time
from ipaddress import ip_address, ip_network

from kit import audit
from kit.errors import ConfigError, Unavailable
from kit.http.problem import Problem
from kit.security.paths import Paths
from kit.security.quota import Quota, Verdict
from kit.stores.protocol import check_process
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from kit.stores.protocol import Store

    Pairs = list[tuple[str, str]]

__all__ = ["RateLimit", "client"]


def client(environ: WSGIEnvironment) -> str:
    """Who is counted: the IPv4 address, or the /64 network of an IPv6 address.

    >>> client({"REMOTE_ADDR": "203.0.113.9"}), client({"REMOTE_ADDR": "2001:db8:1:2:3::4"})
    ('203.0.113.9', '2001:db8:1:2::/64')
    """
    text: str = environ.get("REMOTE_ADDR", "")
    if ":" not in text:
        return text
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped) if mapped else str(ip_network((address, 64), strict=False))


class RateLimit(Layer):
    """`RateLimit(app, store=store, limit=100, per=60)`: 429 with Retry-After."""

    wants = ("REMOTE_ADDR",)

    def __init__(
        self,
        app: WSGIApplication,
        *,
        store: Store,
        limit: int,
        per: float,
        clock: Callable[[], float] = time.time,
        key: Callable[[WSGIEnvironment], str | None] = client,
        paths: Iterable[str] = ("/",),
        name: str = "requests",
        outage: str = "refuse",
    ) -> None:
        super().__init__(app)
        if outage not in ("refuse", "allow"):
            raise ConfigError(f"outage is {outage!r}", hint="'refuse' or 'allow'")
        if not name.replace("-", "").isalnum():
            raise ConfigError(f"name is {name!r}", hint="letters, digits and hyphens")
        self.quota = Quota(store, limit=limit, per=per, name=name, clock=clock)
        self._paths = Paths(paths, "paths")
        self._key, self._name, self._allow = key, name, outage == "allow"
        self._policy = ("RateLimit-Policy", f'"{name}";q={limit};w={math.ceil(per)}')

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Count the request, then serve or refuse it (PEP 3333)."""
        who = self._key(environ) if self._paths.match(environ) else None
        if who is None:
            return self.app(environ, start_response)
        check_process(self.quota.store, environ)
        try:
            verdict = self.quota.take(who)
        except Unavailable:
            audit.event(environ, "sys_rate_limit_outage", allowed=self._allow)
            if self._allow:
                return self.app(environ, start_response)
            headers = [("Retry-After", "5")]
            return Problem(503, "Please try again in a moment.", headers=headers)(environ, start_response)
        if not verdict.allowed:
            return self._refuse(environ, verdict)(environ, start_response)
        ours = self._headers(verdict)

        def start(status: str, headers: Pairs, exc_info: Any = None, /) -> Any:
            marked = [*headers, *ours]
            return start_response(status, marked) if exc_info is None else start_response(status, marked, exc_info)

        return self.app(environ, start)

    def _refuse(self, environ: WSGIEnvironment, verdict: Verdict) -> WSGIApplication:
        audit.event(environ, "excess_rate_limit_exceeded", limiter=self._name, limit=self.quota.limit)
        wait = str(max(1, math.ceil(verdict.retry_after)))
        headers = [("Retry-After", wait), *self._headers(verdict)]
        return Problem(429, f"Too many requests: please wait {wait} s.", headers=headers)

    def _headers(self, verdict: Verdict) -> Pairs:
        return [self._policy, ("RateLimit", f'"{self._name}";r={verdict.remaining};t={math.ceil(verdict.reset)}')]
