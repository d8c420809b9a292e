"""Https: send browsers to https, refuse everything else that comes over plain http.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"safe"]
>>> answer = call(Https(app), "/a%20b?x=1", headers={"Host": "shop.example", "Accept": "text/html"})
>>> answer.status, answer.headers["Location"]
(308, 'https://shop.example/a%20b?x=1')
>>> call(Https(app), method="POST", headers={"Host": "shop.example"}).status
403

Only a GET or HEAD that looks like a browser's (no Authorization header, HTML or anything accepted) is redirected: a
secret that has come in the clear is lost, and its sender must notice (ASVS 5.0 4.1.2). Put it inside TrustedProxy,
which corrects the scheme, and TrustedHosts, which checks the host. Options: `port` (of https), `exempt` (exact paths
that answer over http: health checks).
"""

from __future__ import annotations

from urllib.parse import quote

from kit.errors import ConfigError
from kit.http.problem import Problem
from kit.security.names import parse_host
from kit.security.paths import Paths
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIApplication, WSGIEnvironment

__all__ = ["Https"]

_SAFE_IN_PATH = "/;=,:@!$&'()*+~"


class Https(Layer):
    """`Https(app)`: 308 to https for pages, 403 for the rest."""

    wants = ("wsgi.url_scheme", "HTTP_HOST", "kit.host")

    def __init__(self, app: WSGIApplication, *, port: int = 443, exempt: Iterable[str] = ()) -> None:
        super().__init__(app)
        if not 0 < port < 65536:
            raise ConfigError(f"port is {port}", hint="1 to 65535")
        self._port = "" if port == 443 else f":{port}"
        self._exempt = Paths(exempt, "exempt", prefixes=False)

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Answer what came over plain http."""
        if environ["wsgi.url_scheme"] == "https" or self._exempt.match(environ):
            return None
        host = parse_host(environ.get("kit.host") or environ.get("HTTP_HOST", ""))
        if host is None:
            return Problem(400, "The Host header is malformed.")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not _browser(environ):
            return Problem(403, "Use https. Change any secret that you have sent over http.")
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        query = environ.get("QUERY_STRING", "")
        url = quote(path.encode("latin-1"), safe=_SAFE_IN_PATH)
        url += "?" + quote(query.encode("latin-1"), safe=_SAFE_IN_PATH + "?%[]") if query else ""
        return Problem(308, headers=[("Location", f"https://{host[0]}{self._port}{url}")])


def _browser(environ: WSGIEnvironment) -> bool:
    accept = environ.get("HTTP_ACCEPT", "*/*")
    return "HTTP_AUTHORIZATION" not in environ and ("text/html" in accept or "*/*" in accept)
