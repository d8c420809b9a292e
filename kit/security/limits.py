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
_BAD_QUERY = re.compile(r"[\x00-\x1f\x7f]|%(?:00|(?![0-9A-Fa-f]{2}))")
_HIGH = re.compile(r"[\x80-\xff]|%[89A-Fa-f]")
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
        if not _plain(path) or _broken_target(environ) or not self._fine_query(query):
            return Problem(400, "The URL is malformed.")
        texts = [value for value in environ.values() if value.__class__ is str]
        if (len(environ) > self._headers or len("".join(texts)) > self._header_bytes) and self._too_many(environ):
            return Problem(431, "The headers are too many or too long.")
        return None

    def _too_many(self, environ: WSGIEnvironment) -> bool:
        """The exact count, asked only where all of environ together is too large."""
        values = [value for name, value in environ.items() if name[:5] == "HTTP_"]
        return len(values) > self._headers or len("".join(values)) > self._header_bytes

    def _fine_query(self, query: str) -> bool:
        if "%" not in query and query.isascii():
            return query.isprintable()
        if _BAD_QUERY.search(query):
            return False
        return not self._utf8 or not _HIGH.search(query) or _is_utf8(unquote_to_bytes(query.encode("latin-1")))


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
