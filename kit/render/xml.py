"""XML and Atom from plain values.

>>> "".join(xml_document({"post": {"id": 7, "tags": ["a", "<b>"]}}))[38:]
'\\n<post><id>7</id><tags><item>a</item><item>&lt;b&gt;</item></tags></post>\\n'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import datetime
from typing import Any

from kit.render.escape import escape

__all__ = ["atom_feed", "xml_document"]

_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_NAME = re.compile(r"(?!(?i:xml))[A-Za-z_][A-Za-z0-9_.-]*\Z")
# XML 1.0 has no way at all to write these (W3C XML 1.0, 2.2)
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _text(value: Any) -> str:
    """Escaped; characters that XML cannot hold become U+FFFD, as in a decoder."""
    return _NO_CHARACTER.sub("\ufffd", escape(value.isoformat() if hasattr(value, "isoformat") else str(value)))


def _open(name: str) -> tuple[str, str]:
    """The tags of an element; a name that XML does not allow goes into an attribute."""
    if _NAME.match(name):
        return f"<{name}>", f"</{name}>"
    return f'<entry name="{_text(name)}">', "</entry>"


def _element(name: str, value: Any) -> Iterator[str]:
    start, end = _open(name)
    if value is None:
        yield start[:-1] + "/>"
        return
    yield start
    yield from _content(value)
    yield end


def _content(value: Any) -> Iterator[str]:
    """A mapping gives an element a key, a sequence gives `item`s, anything else its text."""
    if hasattr(value, "__json__"):
        value = value.__json__()
    elif hasattr(value, "_asdict"):
        value = value._asdict()
    elif hasattr(value, "__dataclass_fields__"):
        value = {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _element(str(key), each)
    elif isinstance(value, list | tuple | Set | Iterator):
        for each in value:
            yield from _element("item", each)
    else:
        yield ("true" if value else "false") if isinstance(value, bool) else _text(value)


def xml_document(value: Any, *, root: str = "response") -> Iterator[str]:
    """The value as an XML document, piece by piece: a mapping of one key names the root, else it is `root`.

    Nothing in it is read back by an XML parser here, and it has no DTD: entities cannot be smuggled in.
    """
    yield _HEAD
    if isinstance(value, Mapping) and len(value) == 1:
        ((root, value),) = ((str(key), each) for key, each in value.items())
    yield from _element(root, value)
    yield "\n"


def atom_feed(feed: Mapping[str, Any]) -> Iterator[str]:
    """An Atom feed (RFC 4287) of a mapping: `id title updated`, maybe `link author`, and `entries`.

    Each entry has `id title updated`, maybe `link author summary content` (`content` is HTML text, escaped). `updated`
    is an aware datetime. KeyError names what is missing.

    >>> from datetime import UTC
    >>> when = datetime(2026, 1, 2, tzinfo=UTC)
    >>> text = "".join(atom_feed({"id": "urn:x", "title": "A & B", "updated": when, "entries": []}))
    >>> text[text.index("<id>"):]
    '<id>urn:x</id><title>A &amp; B</title><updated>2026-01-02T00:00:00+00:00</updated></feed>\\n'
    """
    yield _HEAD + '<feed xmlns="http://www.w3.org/2005/Atom">'
    yield from _atom_parts(feed)
    entries: Iterable[Mapping[str, Any]] = feed["entries"]
    for entry in entries:
        yield "<entry>"
        yield from _atom_parts(entry)
        if "summary" in entry:
            yield f"<summary>{_text(entry['summary'])}</summary>"
        if "content" in entry:
            yield f'<content type="html">{_text(entry["content"])}</content>'
        yield "</entry>"
    yield "</feed>\n"


def _atom_parts(part: Mapping[str, Any]) -> Iterator[str]:
    updated: datetime = part["updated"]
    if updated.tzinfo is None:
        raise ValueError(f"updated of {part['id']!r} has no time zone: use datetime.now(UTC)")
    yield f"<id>{_text(part['id'])}</id><title>{_text(part['title'])}</title>"
    yield f"<updated>{updated.isoformat()}</updated>"
    if "link" in part:
        yield f'<link href="{_text(part["link"])}"/>'
    if "author" in part:
        yield f"<author><name>{_text(part['author'])}</name></author>"
