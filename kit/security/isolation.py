"""Isolation: other sites may link to this one, but not load its pages, scripts, data and files into theirs.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "application/json")])
...     return [b'{"secret": 1}']
>>> site = Isolation(app, public=["/static/"])
>>> foreign = {"Sec-Fetch-Site": "cross-site"}
>>> call(site, headers=foreign | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}).status
403
>>> call(site, headers=foreign | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}).status
200

The resource isolation policy of W3C's Fetch Metadata: a request from another origin passes only if it is a GET or HEAD
that navigates a top-level window. A browser too old to say where a request comes from passes. Options: `public` (exact
paths, or prefixes that end in "/": what every site may load), `trusted` (origins that may load everything, such as
those of Cors), `same_site` (let sibling subdomains load everything).
"""

from __future__ import annotations

from kit import audit
from kit.http.problem import Problem
from kit.security.names import origins, parse_origin
from kit.security.paths import Paths
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    Pairs = list[tuple[str, str]]

__all__ = ["Isolation"]

_VARY = ("Vary", "Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site")


class Isolation(Layer):
    """`Isolation(app)`: 403 for what another site's page embeds or fetches."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        public: Iterable[str] = (),
        trusted: Iterable[str] = (),
        same_site: bool = False,
    ) -> None:
        super().__init__(app)
        self._public = Paths(public, "public")
        self._trusted = origins(trusted, "trusted")
        self._sites = frozenset(("same-origin", "none", *(["same-site"] if same_site else [])))

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Judge the request by its Sec-Fetch headers."""
        site = environ.get("HTTP_SEC_FETCH_SITE")
        if site is None or site in self._sites or _navigates(environ) or self._public.match(environ):
            return None
        if self._trusted and parse_origin(environ.get("HTTP_ORIGIN", "")) in self._trusted:
            return None
        audit.event(environ, "malicious_cross_site_load", site=site, dest=environ.get("HTTP_SEC_FETCH_DEST", ""))
        return Problem(403, "Pages of other sites may link to this, but not load it.")

    def head(self, environ: WSGIEnvironment, status: str, headers: Pairs) -> tuple[str, Pairs]:
        """Keep caches from mixing up what differs by origin."""
        return status, [*headers, _VARY]


def _navigates(environ: WSGIEnvironment) -> bool:
    return (
        environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST", "document") == "document"
        and environ["REQUEST_METHOD"] in ("GET", "HEAD")
    )
