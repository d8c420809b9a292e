"""Parts of an answer (RFC 9110, 14): which bytes a Range header asks for, and the answer that carries them.

>>> parse_ranges("bytes=0-4,-2", 10)
[(0, 5), (8, 10)]
>>> parse_ranges("bytes=20-", 10)
[]
>>> parse_ranges("lines=1-2", 10) is None
True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from kit.render.conditional import matches, parse_date

__all__ = ["Part", "parse_ranges", "partial_answer", "wanted_ranges"]

#: more ranges than this are no reader of ours: the header is ignored, as RFC 9110, 14.2 allows
MOST = 16

_SPEC = re.compile(r"([0-9]{0,18})-([0-9]{0,18})\Z")

#: from, to (exclusive)
Part = tuple[int, int]


def parse_ranges(header: str, size: int) -> list[Part] | None:
    """The satisfiable parts asked for, in the order asked; [] if none of them is (416), None to ignore the header.

    Overlapping parts, and more than `MOST`, are ignored: a short request must not ask for the file many times over.
    """
    unit, _, specs = header.partition("=")
    if unit.strip().lower() != "bytes":
        return None
    wanted = [spec.strip() for spec in specs.split(",") if spec.strip()]
    if not wanted or len(wanted) > MOST:
        return None
    parts: list[Part] = []
    for spec in wanted:
        found = _SPEC.match(spec)
        if found is None or spec == "-":
            return None
        first, last = found.groups()
        if first and last and int(last) < int(first):
            return None
        start = int(first) if first else max(size - int(last), 0)
        stop = min(int(last) + 1, size) if first and last else size
        if start < stop:
            parts.append((start, stop))
    ordered = sorted(parts)
    if any(behind[0] < before[1] for before, behind in pairwise(ordered)):
        return None
    return parts


def wanted_ranges(
    environ: dict[str, Any], size: int, *, etag: str | None, modified: datetime | None
) -> list[Part] | None:
    """The parts that this request gets, or None for the whole: Range on a GET whose If-Range still holds."""
    header = environ.get("HTTP_RANGE")
    if header is None or environ.get("REQUEST_METHOD") != "GET":
        return None
    condition = environ.get("HTTP_IF_RANGE", "").strip()
    if condition:
        if condition.startswith(('"', "W/")):
            if not matches(condition, etag, strong=True):
                return None
        elif modified is None or parse_date(condition) != modified.replace(microsecond=0):
            return None
    return parse_ranges(header, size)


def partial_answer(
    parts: list[Part], size: int, content_type: str, read: Callable[[int, int], Iterator[bytes]], *, boundary: str
) -> tuple[str, list[tuple[str, str]], Iterator[bytes]]:
    """Status, headers and body of a 206 (multipart for several parts), or of the 416 for none.

    `read(start, stop)` gives those bytes; `boundary` must not occur in them: draw it at random.
    """
    if not parts:
        return "416 Range Not Satisfiable", [("Content-Range", f"bytes */{size}"), ("Content-Length", "0")], iter(())
    if len(parts) == 1:
        start, stop = parts[0]
        head = [("Content-Range", f"bytes {start}-{stop - 1}/{size}"), ("Content-Length", str(stop - start))]
        return "206 Partial Content", [("Content-Type", content_type), *head], read(start, stop)
    heads = [
        f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: bytes {a}-{b - 1}/{size}\r\n\r\n".encode()
        for a, b in parts
    ]
    end = f"\r\n--{boundary}--\r\n".encode()
    length = sum(map(len, heads)) + sum(b - a for a, b in parts) + len(end)
    headers = [("Content-Type", f"multipart/byteranges; boundary={boundary}"), ("Content-Length", str(length))]
    return "206 Partial Content", headers, _parts(parts, heads, end, read)


def _parts(
    parts: list[Part], heads: list[bytes], end: bytes, read: Callable[[int, int], Iterator[bytes]]
) -> Iterator[bytes]:
    for head, (start, stop) in zip(heads, parts, strict=True):
        yield head
        yield from read(start, stop)
    yield end
