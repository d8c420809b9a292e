"""The bench on which `kit.wsgi.rules` try a layer: a strict server outside, an app built to expose faults inside.

>>> inside = Inside(chunks=2)
>>> serve(inside, Bench(lambda app: app, {}, ("/",), None).environ("GET", "/", b"")).body
b'0,1,'
"""

from __future__ import annotations

import io
import itertools
import sys
from wsgiref.util import FileWrapper, setup_testing_defaults

from kit.wsgi.tree import Node, described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

__all__ = ["Bench", "Inside", "Reply", "serve"]


class Reply:
    """What came out: `.status`, `.headers`, `.body`, the `.raw` body object, and the `.error` that was raised."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = "", [], b""  # type: str, list[tuple[str, str]], bytes
        self.raw: Any = None
        self.error: BaseException | None = None

    def names(self) -> set[str]:
        """The header names, in lower case."""
        return {name.lower() for name, _ in self.headers}


def serve(app: Any, environ: dict[str, Any], *, take: int | None = None) -> Reply:
    """Serve one request as a server does; read `take` chunks (None: all), then close."""
    reply = Reply()

    def write(data: bytes) -> None:
        reply.body += data

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info and reply.body:
            raise exc_info[1]
        reply.status, reply.headers = status, list(headers)
        return write

    try:
        body = reply.raw = app(environ, start)
        try:
            for chunk in itertools.islice(body, take):
                reply.body += chunk
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
    except Exception as exc:
        reply.error = exc
    return reply


class Inside:
    """An app that records what reaches it, and misbehaves in the one way it is asked for."""

    class Failure(Exception):
        """The error that a failing app raises."""

    def __init__(
        self,
        *,
        chunks: int = 1,
        lazy: bool = False,
        written: bytes = b"",
        read_input: bool = False,
        echo: bool = False,
        file: bool = False,
        restart: bool = False,
        restart_in_body: bool = False,
        restart_late: bool = False,
        fail_in_call: bool = False,
        fail_in_close: bool = False,
        fail_at: int | None = None,
        kind: str = "text/plain; charset=utf-8",
    ) -> None:
        self._chunks, self._lazy, self._written, self._read_input = chunks, lazy, written, read_input
        self._echo, self._file = echo, file
        self._restart, self._restart_in_body, self._restart_late = restart, restart_in_body, restart_late
        self._fail_in_call, self._fail_in_close, self._fail_at = fail_in_call, fail_in_close, fail_at
        self.calls = self.pulled = self.closes = 0
        self.environ: dict[str, Any] = {}  # as it was when the app was called
        self.late: dict[str, Any] = {}  # as it was when the last chunk was made
        self.input = b""
        self.kind = kind
        self.headers = self.own_headers()
        self.wrapped: Any = None
        self.watch: Callable[[], object] = bool  # called wherever the app is at work

    def own_headers(self) -> list[tuple[str, str]]:
        """The headers that this app sends, always in one and the same list."""
        return [("Content-Type", self.kind)]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        self.calls += 1
        self.environ = dict(environ)
        self.watch()
        if self._fail_in_call:
            raise Inside.Failure("in the call")
        if self._read_input:
            self.input = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if self._lazy:
            return _Body(self, self._lazily(environ, start_response))
        write = start_response("200 OK", self.headers)
        if self._written:
            write(self._written)
        if self._restart:
            return self._restarted(start_response, "500 Restarted")
        if self._restart_in_body:
            return _Body(self, self._restarts(start_response))
        if self._file:
            self.wrapped = environ["wsgi.file_wrapper"](io.BytesIO(b"file"))
            return self.wrapped
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return [environ["HTTP_X_KIT_LINT"].encode()] if self._echo else _Body(self, self._made(environ))

    def _restarted(self, start_response: Any, status: str) -> list[bytes]:
        try:
            raise Inside.Failure(status)
        except Inside.Failure:
            start_response(status, self.own_headers(), sys.exc_info())
        return [b"restarted"]

    def _restarts(self, start_response: Any) -> Iterator[bytes]:
        yield from self._restarted(start_response, "500 Restarted")

    def _lazily(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", self.headers)
        yield from self._made(environ)
        if self._restart_late:
            self._restarted(start_response, "500 Too Late")

    def _made(self, environ: dict[str, Any]) -> Iterator[bytes]:
        for at in range(self._chunks if environ["REQUEST_METHOD"] != "HEAD" else 0):
            self.watch()
            self.late = dict(environ)
            if at == self._fail_at:
                raise Inside.Failure("midway")
            self.pulled += 1
            yield b"%d," % at

    def closed(self) -> None:
        """Note that the body was closed."""
        self.closes += 1
        self.watch()
        if self._fail_in_close:
            raise Inside.Failure("in close()")


class _Body:
    def __init__(self, inside: Inside, chunks: Iterator[bytes]) -> None:
        self._inside, self._chunks = inside, chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        self._inside.closed()


class Bench:
    """A layer under test: `factory(app)` builds it, `passed` says whether any probe reached the app inside."""

    def __init__(
        self,
        factory: Callable[[Any], Any],
        environ: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        paths: Sequence[str],
        idle: Callable[[], bool] | None,
    ) -> None:
        self._factory, self._environ, self.paths, self.idle = factory, environ, tuple(paths), idle
        self._node = Node(self.build(Inside()))
        self.name = self._node.name
        self.passed = False

    def build(self, inside: Any) -> Any:
        """The layer around `inside`."""
        return described(self._factory(inside), self._factory, inside)

    def environ(self, method: str, path: str, body: bytes, **more: Any) -> dict[str, Any]:
        """A fresh environ."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.file_wrapper": FileWrapper,
            "CONTENT_LENGTH": str(len(body)),
        }
        if body:
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        outer = self._environ() if callable(self._environ) else self._environ
        environ.update({**outer, **more})
        setup_testing_defaults(environ)
        return environ

    def ask(
        self, inside: Inside, *, method: str = "GET", body: bytes = b"", take: int | None = None, **environ: Any
    ) -> Reply:
        """Send one request to the first path through a fresh layer around `inside`."""
        reply = serve(self.build(inside), self.environ(method, self.paths[0], body, **environ), take=take)
        self.passed = self.passed or inside.calls > 0
        return reply

    def declared(self, facet: str) -> tuple[str, ...]:
        """What the layer declares under `provides`, `requires`, `wants` or `rewrites`."""
        keys: tuple[str, ...] = getattr(self._node, facet)
        return keys

    def says(self, word: str) -> bool:
        """Whether the layer says `buffers` or `streams` of itself."""
        app = self._node.app
        return bool(getattr(app, "__kit__", {}).get(word) or getattr(app, word, False) is True)

    def rewrites(self, reply: Reply) -> bool:
        """Whether the body of `reply` is no longer the app's own: the layer says so, or has packed it."""
        return self.says("streams") or self.says("buffers") or "content-encoding" in reply.names()
