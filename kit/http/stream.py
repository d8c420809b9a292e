"""The body of a request as bytes: never past its end, never more than the limit, and left in place where it is peeked.

>>> from kit.testing import environ
>>> request = environ(method="POST", body="a=1&b=2")
>>> peek(request, 3), read(request, limit=100)
(b'a=1', b'a=1&b=2')

A body has the length that CONTENT_LENGTH gives. Without one it is empty (PEP 3333), unless the server marks its input
as terminated (`wsgi.input_terminated`, set by servers that take chunked bodies): then it goes on to the end.
"""

from __future__ import annotations

from io import BufferedIOBase
from math import inf

from kit.errors import KitError, Malformed, TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any
    from wsgiref.types import WSGIEnvironment

__all__ = ["LengthRequired", "can_rewind", "content_length", "peek", "read", "stream"]

_CHUNK = 1 << 16


class LengthRequired(KitError):
    """The body has no length and this server cannot tell where it ends: 411 (RFC 9110, 15.5.12)."""

    status = 411


def content_length(environ: WSGIEnvironment) -> int | None:
    """The length of the body in bytes; None if it ends where the input ends. `Malformed` for what is no length."""
    text = environ.get("CONTENT_LENGTH") or ""
    if text:
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise Malformed("the header Content-Length is no number")
        return int(text)
    if environ.get("wsgi.input_terminated"):
        return None
    if environ.get("HTTP_TRANSFER_ENCODING"):
        raise LengthRequired("this server takes no chunked body", hint="send the header Content-Length")
    return 0


def stream(environ: WSGIEnvironment, *, limit: int) -> Iterator[bytes]:
    """The body in chunks of at most 64 KiB.

    `TooLarge` before anything is read if its length says so, else as soon as more than `limit` bytes came; `Malformed`
    if it ends before its length.
    """
    left = content_length(environ)
    if left is not None and left > limit:
        raise TooLarge(f"the body has {left} bytes", hint=f"send at most {limit}")
    source = environ["wsgi.input"]
    total = 0
    while left is None or left > 0:
        chunk = _read(source, _CHUNK if left is None else min(_CHUNK, left))
        if not chunk:
            if left:
                raise Malformed(f"the body ended {left} bytes before its Content-Length")
            return
        total += len(chunk)
        if total > limit:
            raise TooLarge(f"the body has more than {limit} bytes")
        if left is not None:
            left -= len(chunk)
        yield chunk


def _read(source: Any, size: int) -> bytes:
    try:
        chunk: bytes = source.read(size)
    except OSError as exc:
        raise Malformed("the body ended early: the client is gone") from exc
    return chunk


def read(environ: WSGIEnvironment, *, limit: int) -> bytes:
    """The whole body; errors as of `stream`."""
    data = bytearray()  # not a list: a client that sends two bytes at a time would make a large one
    for chunk in stream(environ, limit=limit):
        data += chunk
    return bytes(data)


def peek(environ: WSGIEnvironment, limit: int) -> bytes:
    """The first `limit` bytes of the body, or all of it if it is shorter; whoever reads it next still gets all of it.

    An input that can go back is rewound. Any other is replaced in `environ["wsgi.input"]` by one that repeats what was
    read, so a layer that peeks declares `rewrites = ("wsgi.input",)`. Nothing is read past Content-Length.
    """
    length = content_length(environ)
    want = limit if length is None else min(limit, length)
    if not want:
        return b""
    source = environ["wsgi.input"]
    if can_rewind(source):
        start = source.tell()
        found = _read_up_to(source, want)
        source.seek(start)
        return found
    if not isinstance(source, _Replay):
        source = environ["wsgi.input"] = _Replay(source, length)
    return source.peek(want)[:want]


def can_rewind(source: Any) -> bool:
    """Whether an input can go back: servers that keep the body in memory or in a file give such a one."""
    seekable = getattr(source, "seekable", None)
    return seekable is not None and bool(seekable())


def _read_up_to(source: Any, size: float) -> bytes:
    """`size` bytes, or fewer if the input ends: a read may return less than was asked for."""
    data = bytearray()
    while len(data) < size:
        chunk = _read(source, int(min(size - len(data), _CHUNK)))
        if not chunk:
            break
        data += chunk
    return bytes(data)


class _Replay(BufferedIOBase):
    """An input that gives the bytes that were peeked, then those behind them, up to the length of the body.

    The reading by lines is that of `io`, which goes by `peek`.
    """

    def __init__(self, source: Any, length: int | None) -> None:
        self._source = source
        self._left = inf if length is None else length  # bytes still in the source
        self._ahead = b""

    def readable(self) -> bool:
        return True

    def peek(self, size: int = 0, /) -> bytes:
        """At least `size` bytes that come next, unless the body ends before; they stay."""
        self._ahead += self._next(size - len(self._ahead))
        return self._ahead

    def read(self, size: int | None = -1, /) -> bytes:
        want = inf if size is None or size < 0 else size
        ahead = self._ahead if len(self._ahead) <= want else self._ahead[: int(want)]
        self._ahead = self._ahead[len(ahead) :]
        return ahead + self._next(want - len(ahead))

    def _next(self, size: float) -> bytes:
        found = _read_up_to(self._source, min(size, self._left))
        self._left -= len(found)
        return found
