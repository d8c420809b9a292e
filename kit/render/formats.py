"""Formats: how a value leaves the application as something else than a page.

>>> "".join(CSV.encode([{"id": 1, "title": "=SUM(A1)"}]))
"id,title\\r\\n1,'=SUM(A1)\\r\\n"

A format of your own is a media type and one function from the value to `str`, `bytes` or an iterator of them (which is
streamed): `YAML = Format("application/yaml", yaml.safe_dump)`, then `@renders(yaml=YAML)`. MessagePack:
`Format("application/vnd.msgpack", msgpack.packb)`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from io import StringIO
from typing import Any, NamedTuple

from kit.errors import Malformed
from kit.http.json import dumps
from kit.render.xml import atom_feed, xml_document

__all__ = ["ATOM", "CSV", "FORMATS", "JSON", "JSONL", "TEXT", "XML", "Format", "csv_format", "members", "selected"]

Encoded = str | bytes | Iterator[str] | Iterator[bytes]


class Format(NamedTuple):
    """A type and the function that writes it. An iterator is sent while it runs, and closed when the client goes."""

    media_type: str
    encode: Callable[[Any], Encoded]


def members(row: Any) -> Mapping[str, Any]:
    """The names and values of one record: a mapping, a dataclass, or what its `__json__()` or `_asdict()` gives.

    >>> members({"id": 1})
    {'id': 1}
    """
    for name in ("__json__", "_asdict"):
        if hasattr(row, name):
            return members(getattr(row, name)())
    if isinstance(row, Mapping):
        return row
    if hasattr(row, "__dataclass_fields__"):
        return {name: getattr(row, name) for name in row.__dataclass_fields__}
    raise TypeError(f"{type(row).__name__} is no record: give a mapping, a dataclass or an object with __json__()")


def selected(value: Any, fields: Sequence[str]) -> Any:
    """Only the members `fields` of a record, or of each record of a list or iterator; `Malformed` names one it lacks.

    >>> selected([{"id": 1, "title": "x", "text": "…"}], ["title", "id"])
    [{'title': 'x', 'id': 1}]
    """
    if isinstance(value, list | tuple):
        return [selected(row, fields) for row in value]
    if isinstance(value, Iterator):
        return (selected(row, fields) for row in value)
    record = members(value)
    unknown = [name for name in fields if name not in record]
    if unknown:
        raise Malformed(f"there is no field {unknown[0]!r}", hint=f"fields are {', '.join(map(str, record))}")
    return {name: record[name] for name in fields}


def json_document(value: Any) -> bytes | Iterator[bytes]:
    """One JSON value; an iterator becomes an array that is written as it goes."""
    return _json_array(value) if isinstance(value, Iterator) else dumps(value)


def _json_array(rows: Iterator[Any]) -> Iterator[bytes]:
    comma = b"["
    for row in rows:
        yield comma + dumps(row)
        comma = b","
    yield b"[]" if comma == b"[" else b"]"


def json_lines(rows: Iterable[Any]) -> Iterator[bytes]:
    """One JSON value a line (jsonlines.org)."""
    for row in rows:
        yield dumps(row) + b"\n"


_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?\Z")


def csv_cell(value: Any) -> Any:
    """The text of a cell that no spreadsheet takes for a formula: such text gets a `'` in front (OWASP, CSV injection).

    >>> csv_cell("=1+2"), csv_cell("-12.5"), csv_cell(-3), csv_cell(None)
    ("'=1+2", '-12.5', -3, '')
    """
    if value is None:
        return ""
    if value.__class__ in (int, float, bool):
        return value
    text = value if isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else str(value)
    text = text.replace("\0", "")
    return "'" + text if _FORMULA.match(text) and not _NUMBER.match(text) else text


def csv_rows(rows: Iterable[Any], *, columns: Iterable[str] = (), delimiter: str = ",") -> Iterator[str]:
    """RFC 4180 with a line of names; the columns are those of the first row unless they are given."""
    out = StringIO()
    write = csv.writer(out, delimiter=delimiter).writerow
    names = tuple(columns)
    if names:
        write(map(csv_cell, names))
    for row in rows:
        record = members(row)
        if not names:
            names = tuple(record)
            write(map(csv_cell, names))
        write([csv_cell(record.get(name)) for name in names])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def csv_format(*columns: str, delimiter: str = ",") -> Format:
    """CSV with these columns, in this order: `@renders(csv=csv_format("id", "title"))`."""
    return Format("text/csv; charset=utf-8; header=present", partial(csv_rows, columns=columns, delimiter=delimiter))


JSON = Format("application/json", json_document)
JSONL = Format("application/jsonl", json_lines)
CSV = Format("text/csv; charset=utf-8; header=present", csv_rows)
XML = Format("application/xml", xml_document)
ATOM = Format("application/atom+xml", atom_feed)
TEXT = Format("text/plain; charset=utf-8", str)

#: what the names of `renders` stand for; a name is the extension and the `?format` too
FORMATS = {"json": JSON, "jsonl": JSONL, "csv": CSV, "xml": XML, "atom": ATOM, "txt": TEXT, "text": TEXT}
