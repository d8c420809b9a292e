"""Bodies that are made while they are sent: joined into chunks of a useful size, and closed when the client goes.

>>> list(Chunks(iter(["a", b"b", "é"])))
[b'ab\\xc3\\xa9']
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["Chunks"]


class Chunks:
    """A WSGI body of the pieces of `source`, joined to chunks of at least `size` bytes; `close()` closes the source."""

    __slots__ = ("_pieces", "_size", "_source")

    def __init__(self, source: Iterable[str | bytes], *, size: int = 16_384) -> None:
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
