"""Cors: let pages of named other origins read the answers of this application.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "application/json")])
...     return [b"{}"]
>>> api = Cors(app, origins=["https://app.example"])
>>> call(api, headers={"Origin": "https://app.example"}).headers["Access-Control-Allow-Origin"]
'https://app.example'
>>> call(api, headers={"Origin": "https://evil.example"}).headers.get("Access-Control-Allow-Origin") is None
True

Origins are exact; `null` is nobody. `origins="*"` lets every page read answers that need no credentials; together with
`credentials=True` it is refused, since it would let every site act for your users. `Vary: Origin` is always set.

Options: `methods` and `headers` (what a preflight may ask for), `expose` (headers that the page may read), `max_age`
(seconds for which a preflight is remembered). Put it outside Csrf, Isolation and ErrorPages, so that errors can be read
too; origins that may also write must be named as `trusted` in Csrf, unless they send a token in Authorization.
"""

from __future__ import annotations

from kit.errors import ConfigError
from kit.http.problem import Problem
from kit.security.names import origins as origins_of
from kit.security.names import parse_origin
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    Pairs = list[tuple[str, str]]

__all__ = ["Cors"]

_DAY = 86_400
_ASKED = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"


class Cors(Layer):
    """`Cors(app, origins=[…])`: answers preflights, marks answers that may be read."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        origins: Iterable[str],
        credentials: bool = False,
        methods: Iterable[str] = ("GET", "HEAD", "POST"),
        headers: Iterable[str] = (),
        expose: Iterable[str] = (),
        max_age: int = 600,
    ) -> None:
        super().__init__(app)
        listed = [origins] if isinstance(origins, str) else list(origins)
        self.everybody = "*" in listed
        if self.everybody and (credentials or len(listed) > 1):
            raise ConfigError("origins '*' with credentials or other origins", hint="list the origins that you trust")
        if not listed:
            raise ConfigError("origins is empty", hint="name the origins, or leave Cors out")
        self._origins = origins_of([text for text in listed if text != "*"], "origins")
        self._credentials = [("Access-Control-Allow-Credentials", "true")] if credentials else []
        self._methods = frozenset(methods)
        self._headers = frozenset(name.lower() for name in headers)
        if "*" in self._methods | self._headers or not 0 <= max_age <= _DAY:
            raise ConfigError("methods or headers '*', or max_age over a day", hint="name each method and header")
        self._allow = [
            ("Access-Control-Allow-Methods", ", ".join(sorted(self._methods))),
            ("Access-Control-Allow-Headers", ", ".join(sorted(self._headers))),
            ("Access-Control-Max-Age", str(max_age)),
        ]
        exposed = ", ".join(expose)
        self._expose = [("Access-Control-Expose-Headers", exposed)] if exposed else []

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Answer a preflight (Fetch, 3.3.2): an OPTIONS with Origin and Access-Control-Request-Method."""
        if environ["REQUEST_METHOD"] != "OPTIONS" or _ASKED not in environ or "HTTP_ORIGIN" not in environ:
            return None
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
        names = {name.strip().lower() for name in asked.split(",") if name.strip()}
        if not self._allowed(environ) or environ[_ASKED] not in self._methods or not names <= self._headers:
            return Problem(403, "Pages of that origin may not send this request.")
        return self._preflight

    def head(self, environ: WSGIEnvironment, status: str, headers: Pairs) -> tuple[str, Pairs]:
        """Say who may read this answer."""
        headers = [pair for pair in headers if pair[0].lower() not in _OWN]
        if self.everybody:
            headers += [("Access-Control-Allow-Origin", "*"), *self._expose]
        elif self._allowed(environ):
            headers.append(("Access-Control-Allow-Origin", environ["HTTP_ORIGIN"]))
            headers += self._credentials + self._expose
        headers.append(("Vary", "Origin"))
        return status, headers

    def _preflight(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("204 No Content", list(self._allow))
        return []

    def _allowed(self, environ: WSGIEnvironment) -> bool:
        return self.everybody or parse_origin(environ.get("HTTP_ORIGIN", "")) in self._origins


_OWN = frozenset(("access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers"))
