"""BodyLimit: no body larger than this reaches the app, however its length is told.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     size = len(environ["wsgi.input"].read())
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"%d" % size]
>>> site = BodyLimit(app, bytes=10)
>>> call(site, method="POST", body=b"x" * 10).text, call(site, method="POST", body=b"x" * 11).status
('10', 413)

A length that says too much is refused unread; a body without length (chunked) is refused as soon as too much has come.
The app reads to the end of the body and never beyond. A length that is no number, or one beside a Transfer-Encoding
(request smuggling), is 400. `larger` maps exact paths, or prefixes that end in "/", to limits of their own:
`larger={"/upload": 50_000_000}`.
"""

from __future__ import annotations

from kit import audit
from kit.errors import ConfigError, TooLarge
from kit.http.problem import Problem
from kit.security.paths import Paths
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    Pairs = list[tuple[str, str]]

__all__ = ["BodyLimit"]

_CHUNK = 1 << 16
_BODILESS = frozenset(("GET", "HEAD", "OPTIONS"))


class _Watching(Layer):
    """The limit for a request that has a body."""

    provides = ("kit.body_limit",)
    rewrites = ("wsgi.input",)

    def __init__(
        self,
        app: WSGIApplication,
        *,
        bytes: int,
        larger: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(app)
        longest = sorted((larger or {}).items(), key=lambda item: -len(item[0]))
        self._larger = [(Paths([path], "larger"), limit) for path, limit in longest]
        if min([bytes, *(limit for _, limit in longest)]) < 0:
            raise ConfigError("a limit is below 0 bytes", hint="0 refuses every body")
        self._bytes = bytes

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Judge the length; put the counting input in place."""
        length, chunked = environ.get("CONTENT_LENGTH") or "", "HTTP_TRANSFER_ENCODING" in environ
        environ["kit.body_limit"] = None
        if length and (chunked or not (length.isascii() and length.isdigit() and len(length) < 20)):
            return Problem(400, "The length of the body is malformed.")
        limit = self._limit(environ)
        if length and int(length) > limit:
            return self._refusal(environ, limit)
        left = int(length) if length else None
        environ["kit.body_limit"] = environ["wsgi.input"] = Counted(environ["wsgi.input"], limit, left)
        return None

    def head(self, environ: WSGIEnvironment, status: str, headers: Pairs) -> tuple[str, Pairs] | WSGIApplication:
        """What a framework made of the error becomes a 413."""
        counted: Counted | None = environ["kit.body_limit"]
        if counted is not None and counted.tripped and not status.startswith("413"):
            return self._refusal(environ, counted.limit)
        return status, headers

    def failed(self, environ: WSGIEnvironment, exc: Exception) -> WSGIApplication | None:
        """An app that let the error through is answered for."""
        counted: Counted | None = environ["kit.body_limit"]
        return None if counted is None or not counted.tripped else self._refusal(environ, counted.limit)

    def _limit(self, environ: WSGIEnvironment) -> int:
        return next((limit for paths, limit in self._larger if paths.match(environ)), self._bytes)

    def _refusal(self, environ: WSGIEnvironment, limit: int) -> WSGIApplication:
        audit.event(environ, "excess_body", limit=limit)
        return Problem(413, f"A body has at most {limit} bytes here.")


class BodyLimit(_Watching):
    """`BodyLimit(app, bytes=1_000_000)`: 413 for a larger body, whatever the app makes of the error."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333); one without a body is not watched."""
        if (
            environ["REQUEST_METHOD"] in _BODILESS
            and not environ.get("CONTENT_LENGTH")
            and "HTTP_TRANSFER_ENCODING" not in environ
        ):
            environ.setdefault("kit.body_limit", None)
            return self.app(environ, start_response)
        return super().__call__(environ, start_response)


class Counted:
    """An input that ends where the body ends, and raises `TooLarge` once more than `limit` bytes have come."""

    __slots__ = ("_left", "_room", "_source", "limit", "tripped")

    def __init__(self, source: Any, limit: int, left: int | None) -> None:
        self._source = source
        self._left = left  # bytes up to the end of the body; None: up to the end of the input
        self._room = limit  # bytes that may still come
        self.limit = limit
        #: whether too much has come
        self.tripped = False

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes; all that is left for None or a negative size."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        return self._take(self._source.read, size)

    def readline(self, size: int | None = -1, /) -> bytes:
        """One line, or the first `size` bytes of it."""
        return self._take(self._source.readline, -1 if size is None else size)

    def readlines(self, hint: int | None = -1, /) -> list[bytes]:
        """All lines that are left; `hint` is not needed and not used."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _take(self, read: Any, size: int) -> bytes:
        if self.tripped:
            raise self._too_large()
        most = self._room + 1 if self._left is None else self._left
        data: bytes = read(most if size < 0 else min(size, most)) if most else b""
        if self._left is not None:
            self._left -= len(data)
        self._room -= len(data)
        if self._room < 0:
            self.tripped = True
            raise self._too_large()
        return data

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body has more than {self.limit} bytes")
