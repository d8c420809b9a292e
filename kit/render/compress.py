"""Compress: answers packed as the client likes it (gzip, br, zstd), chunk by chunk.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "5000")])
...     return [b"hello" * 1000]
>>> answer = call(Compress(app), headers={"Accept-Encoding": "gzip"})
>>> answer.headers["Content-Encoding"], len(answer.body) < 100
('gzip', True)

`br` needs the package brotli, `zstd` the package zstandard. Left alone are answers that are short, packed
already, partial, of a type that does not shrink, or marked `Cache-Control: no-transform`: mark so a page that shows a
secret beside text the client chose (BREACH); kit's own CSRF token is masked and safe.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kit.errors import ConfigError, needs
from kit.http.negotiate import best_encoding
from kit.wsgi import Layer

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Compress", "write_copies"]

_SHRINKS = re.compile(
    r"text/(?!event-stream)|application/(?:.*[+.]?(?:json|xml|javascript|jsonl|wasm))|image/(?:svg|bmp)", re.I
)
_MARK = re.compile(r'~(?:gzip|br|zstd)"')
_MODULES = {"zstd": "zstandard", "br": "brotli", "gzip": "zlib"}


class _Packer(Protocol):
    def pack(self, chunk: bytes) -> bytes:
        """All that `chunk` gives, so that the client can read it now."""
        ...

    def end(self) -> bytes:
        """What is left."""
        ...


class _Gzip:
    def __init__(self) -> None:
        self._to = zlib.compressobj(6, zlib.DEFLATED, 31)

    def pack(self, chunk: bytes) -> bytes:
        return self._to.compress(chunk) + self._to.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._to.flush()


class _Brotli:
    def __init__(self) -> None:
        with needs("brotli", extra="render", by="Compress"):
            brotli = import_module("brotli")
        self._to = brotli.Compressor(quality=4)

    def pack(self, chunk: bytes) -> bytes:
        return bytes(self._to.process(chunk) + self._to.flush())

    def end(self) -> bytes:
        return bytes(self._to.finish())


class _Zstd:
    def __init__(self) -> None:
        with needs("zstandard", extra="render", by="Compress"):
            import zstandard
        self._to, self._block = zstandard.ZstdCompressor(level=3).compressobj(), zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def pack(self, chunk: bytes) -> bytes:
        return self._to.compress(chunk) + self._to.flush(self._block)

    def end(self) -> bytes:
        return self._to.flush()


_PACKERS: dict[str, Callable[[], _Packer]] = {"zstd": _Zstd, "br": _Brotli, "gzip": _Gzip}


class Compress(Layer):
    """Pack answers of at least `minimum` bytes in the first of `codings` that the client takes.

    The default is every coding that is installed, the cheapest for its size first: zstd, br, gzip. The tag of a packed
    answer differs from that of the plain one (RFC 9110, 8.8.3), and is turned back in the conditions of later requests.
    """

    rewrites = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")
    streams = True

    def __init__(self, app: WSGIApplication, *, minimum: int = 500, codings: Iterable[str] = ()) -> None:
        super().__init__(app)
        unknown = set(codings) - set(_PACKERS)
        if unknown or minimum < 0:
            raise ConfigError(
                f"Compress knows no coding {unknown}", hint=f"codings of {sorted(_PACKERS)}; minimum in bytes"
            )
        self.codings = tuple(codings) or tuple(name for name in _PACKERS if _installed(name))
        self.minimum = minimum

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        known = environ.get("HTTP_IF_NONE_MATCH", "")
        for key in self.rewrites:
            if "~" in environ.get(key, ""):
                environ[key] = _MARK.sub('"', environ[key])
        coding = best_encoding(environ.get("HTTP_ACCEPT_ENCODING"), self.codings)
        answer = _Answer(self, start_response, coding, known, head=environ["REQUEST_METHOD"] == "HEAD")
        return answer.over(self.app(environ, answer.start))


def write_copies(path: Path) -> list[str]:
    """Write a packed copy of a file beside it in each coding that makes it a tenth smaller; returns their suffixes.

    For `Static`, which sends them; made before the site goes out, so with each coding's best.
    """
    data = path.read_bytes()
    made: dict[str, bytes] = {".gz": gzip.compress(data, 9, mtime=0)}
    if _installed("br"):
        made[".br"] = import_module("brotli").compress(data)
    if _installed("zstd"):
        made[".zst"] = import_module("zstandard").ZstdCompressor(level=19).compress(data)
    small = {suffix: packed for suffix, packed in made.items() if len(packed) <= len(data) * 0.9}
    for suffix, packed in small.items():
        path.with_name(path.name + suffix).write_bytes(packed)
    return sorted(small)


def _installed(coding: str) -> bool:
    return find_spec(_MODULES[coding]) is not None


class _Answer:
    """One answer on its way out: its start_response, its write, and its body."""

    __slots__ = ("_body", "_chunks", "_coding", "_done", "_head", "_known", "_layer", "_packer", "_started", "_starter")

    def __init__(self, layer: Compress, start_response: StartResponse, coding: str, known: str, *, head: bool) -> None:
        self._layer, self._starter, self._coding, self._head = layer, start_response, coding, head
        self._known = known  # the tags that the client has
        self._packer: _Packer | None = None
        self._body: Iterable[bytes] = ()
        self._chunks: Iterator[bytes] | None = None
        self._started = self._done = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
        """The start_response that the app inside is given."""
        self._started, self._packer = True, None
        headers = list(headers)
        if self._fit(status, {name.lower(): value for name, value in headers}):
            headers = _varying(headers)
            if self._coding != "identity":
                headers = _packed(headers, self._coding)
                self._packer = _PACKERS[self._coding]()
        elif status[:3] == "304":
            headers = [pair for name, value in headers for pair in self._unchanged(name, value)]
        send = self._starter(status, headers, exc_info) if exc_info else self._starter(status, headers)
        packer = self._packer
        return send if packer is None else lambda data: send(packer.pack(data))

    def _fit(self, status: str, headers: dict[str, str]) -> bool:
        if status[:3] in ("204", "206", "304") or "content-encoding" in headers or "content-range" in headers:
            return False
        if "no-transform" in headers.get("cache-control", "") or not _SHRINKS.match(headers.get("content-type", "")):
            return False
        length = headers.get("content-length", "")
        return not length.isdigit() or int(length) >= self._layer.minimum

    def _unchanged(self, name: str, value: str) -> list[tuple[str, str]]:
        """A header of a 304: the tag is that of the version the client has (RFC 9110, 15.4.5)."""
        marked = _marked(value, self._coding)
        if name.lower() == "etag" and marked in self._known:
            return [(name, marked), ("Vary", "Accept-Encoding")]
        return [(name, value)]

    def over(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """The body to hand on: the app's own if there is nothing to pack."""
        self._body = body
        return self if self._packer is not None or not self._started else body

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._chunks is None:
            self._chunks = iter(self._body)
        chunk = next(self._chunks, None)
        if self._packer is None or self._head:
            if chunk is None:
                raise StopIteration
            return chunk
        if chunk is not None:
            return self._packer.pack(chunk) if chunk else b""
        if self._done:
            raise StopIteration
        self._done = True
        return self._packer.end()

    def close(self) -> None:
        """Close the body inside."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def _varying(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if any(name.lower() == "vary" and ("accept-encoding" in value.lower() or value == "*") for name, value in headers):
        return headers
    return [*headers, ("Vary", "Accept-Encoding")]


def _packed(headers: list[tuple[str, str]], coding: str) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in headers if name.lower() not in ("content-length", "accept-ranges")]
    marked = [(name, _marked(value, coding) if name.lower() == "etag" else value) for name, value in kept]
    return [*marked, ("Content-Encoding", coding)]


def _marked(tag: str, coding: str) -> str:
    return f'{tag[:-1]}~{coding}"' if tag.endswith('"') else tag
