"""Limits: refuse requests that no honest client sends, before anything inside reads them.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"fine"]
>>> site = Limits(app)
>>> [call(site, path).status for path in ("/a", "/%ff", "/" + "a" * 9000)], call(site, method="TRACE").status
([200, 400, 414], 405)

A path and a query must be well-formed percent-encoded UTF-8 without NUL, the path without any control character. They
are decoded once, so `%2500` is the text `%00`. Options: `url` (the longest path and query together, in bytes),
`headers` (how many), `header_bytes` (all their values together), `methods`, `utf8` (False lets other encodings into
queries).
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from kit.errors import ConfigError
from kit.http.problem import Problem
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIApplication, WSGIEnvironment

__all__ = ["Limits"]

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Limits(Layer):
    """`Limits(app)`: 400, 405, 414 or 431 for a malformed or outsized request."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        url: int = 8192,
        headers: int = 100,
        header_bytes: int = 32768,
        methods: Iterable[str] = METHODS,
        utf8: bool = True,
    ) -> None:
        super().__init__(app)
        if min(url, headers, header_bytes) < 1:
            raise ConfigError("a limit of Limits is below 1", hint="give whole numbers from 1")
        self._url, self._headers, self._header_bytes, self._utf8 = url, headers, header_bytes, utf8
        self._methods = frozenset(methods)
        if self._methods & {"TRACE", "CONNECT", "TRACK"}:
            raise ConfigError("TRACE and CONNECT show or tunnel what they are sent", hint="leave them out of methods")
        self._not_allowed = Problem(405, headers=[("Allow", ", ".join(sorted(self._methods)))])

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Check method, URL and headers."""
        if environ["REQUEST_METHOD"] not in self._methods:
            return self._not_allowed
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        if len(path) + len(query) > self._url:
            return Problem(414, f"The URL is longer than {self._url} bytes.")
        if not _plain(path) or _broken_target(environ) or (query and not self._fine_query(query)):
            return Problem(400, "The URL is malformed.")
        values = [value for name, value in environ.items() if name[:5] == "HTTP_"]
        if len(values) > self._headers or len("".join(values)) > self._header_bytes:
            return Problem(431, "The headers are too many or too long.")
        return None

    def _fine_query(self, query: str) -> bool:
        if _CONTROL.search(query) or ("%" in query and _BROKEN.search(query)):
            return False
        raw = unquote_to_bytes(query.encode("latin-1"))
        return b"\0" not in raw and (not self._utf8 or raw.isascii() or _is_utf8(raw))


def _plain(text: str) -> bool:
    """Whether the WSGI string `text` is UTF-8 without control characters."""
    if text.isascii():
        return text.isprintable()
    return not _CONTROL.search(text) and _is_utf8(text.encode("latin-1"))


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _broken_target(environ: WSGIEnvironment) -> bool:
    """Whether the undecoded request target, where the server shows it, has a `%` without two hex digits."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    return "%" in target and bool(_BROKEN.search(target))
