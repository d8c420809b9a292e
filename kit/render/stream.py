"""Bodies that are made while they are sent.

>>> list(Chunks(iter(["a", b"b", "é"])))
[b'ab\\xc3\\xa9']

`Chunks` joins the pieces of an iterator to a useful size; `Streamed` is a response whose template writes straight to
the client. A stream holds a thread of a WSGI server for as long as it lasts; a slow reader holds back what makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from kit.http import Response

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["SIZE", "Chunks", "Streamed"]

#: bytes that are gathered before they are sent
SIZE = 16_384


class Chunks:
    """A WSGI body of the pieces of `source`, joined to chunks of at least `size` bytes; `close()` closes the source."""

    __slots__ = ("_pieces", "_size", "_source")

    def __init__(self, source: Iterable[str | bytes], *, size: int = SIZE) -> None:
        self._source = source
        self._pieces: Iterator[str | bytes] | None = None
        self._size = size

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._pieces is None:
            self._pieces = iter(self._source)
        held: list[bytes] = []
        length = 0
        for piece in self._pieces:
            data = piece.encode() if isinstance(piece, str) else piece
            held.append(data)
            length += len(data)
            if length >= self._size:
                break
        if not held:
            raise StopIteration
        return b"".join(held)

    def close(self) -> None:
        """Close the source, so that its `finally` runs now."""
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


class Streamed(Response):
    """A response that calls `make(write)` while it is sent, in chunks of about `SIZE` bytes.

    The head leaves with the first chunk: until then an exception of `make` becomes an error page as ever, afterwards it
    breaks the connection, so that the client sees that the page is not whole. The text goes through the `write` that
    start_response returns (PEP 3333, "The write() Callable"): a template engine pushes, and turning it around would
    take a thread of its own, in which database handles and context variables would be foreign.
    """

    def __init__(self, make: Callable[[Callable[[str], object]], object], **options: Any) -> None:
        super().__init__(**options)
        self.__dict__["make"] = make
        self.headers.pop("Content-Length", None)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer (PEP 3333)."""
        if environ["REQUEST_METHOD"] == "HEAD":
            start_response(self.status, self.headerlist)
            return []
        held: list[str] = []
        length = 0
        send: Callable[[bytes], object] | None = None

        def write(piece: str) -> None:
            nonlocal length, send
            held.append(piece)
            length += len(piece)
            if length >= SIZE:
                send = send or start_response(self.status, self.headerlist)
                send("".join(held).encode())
                held.clear()
                length = 0

        self.__dict__["make"](write)
        if send is None:
            start_response(self.status, self.headerlist)
        return ["".join(held).encode()]
