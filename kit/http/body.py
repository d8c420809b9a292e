"""The one reader of request bodies: urlencoded, multipart and JSON alike, within limits.

>>> from kit.testing import environ
>>> request = environ(method="POST", body="a=1&b=2", headers={"Content-Type": "application/x-www-form-urlencoded"})
>>> parse(request).items
[('a', '1'), ('b', '2')]

A body is parsed once per request and kept in the environ, so a form and `request.POST` may both ask for it; an input
that can go back is rewound. `peek` and `field` look at the beginning and leave the body to be read. Errors are
`Malformed` (400), `TooLarge` (413), `Unsupported` (415) and `LengthRequired` (411): raised in a handler, they are
answers.
"""

from __future__ import annotations

import re

from kit.errors import ConfigError, KitError, Malformed, TooLarge
from kit.http import json as codec
from kit.http.pairs import pairs
from kit.http.stream import LengthRequired, can_rewind, content_length, peek, read, stream
from kit.wsgi import environ_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any
    from wsgiref.types import WSGIEnvironment

    from kit.http.upload import Upload

__all__ = [
    "Body",
    "LengthRequired",
    "Limits",
    "Unsupported",
    "content_length",
    "field",
    "media_type",
    "parse",
    "peek",
    "read",
    "stream",
]

_URLENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_BOUNDARY = re.compile(r';[ \t]*boundary=(?:"([^"\\]*)"|([^\s;"]+))[ \t]*(?=;|$)', re.IGNORECASE)
_KEY = "kit.http.body"


class Unsupported(KitError, ValueError):
    """The body is of a type that is not read here: 415 (RFC 9110, 15.5.16)."""

    status = 415


class Limits:
    """How much of a body is accepted. Sizes are in bytes.

    size: the whole body. memory: what is kept in memory of it (text fields, or an urlencoded or JSON body). fields:
    parts or pairs. files: files. field: one text field of a multipart body. spool: a larger file goes to disk. depth
    and items: of JSON, see `kit.http.json.loads`.

    >>> from kit.testing import environ
    >>> request = environ(method="POST", body="[1,2,3]", headers={"Content-Type": "application/json"})
    >>> parse(request, limits=Limits(size=5))
    Traceback (most recent call last):
    kit.errors.TooLarge: the body has 7 bytes: send at most 5
    """

    def __init__(
        self,
        *,
        size: int = 32 << 20,
        memory: int = 4 << 20,
        fields: int = 1000,
        files: int = 100,
        field: int = 1 << 20,
        spool: int = 1 << 16,
        depth: int = 64,
        items: int = 100_000,
    ) -> None:
        self.size, self.memory, self.fields, self.files = size, memory, fields, files
        self.field, self.spool, self.depth, self.items = field, spool, depth, items
        for name, value in vars(self).items():
            if value < 0:
                raise ConfigError(f"the limit {name} is {value}", hint="give 0 or more")


LIMITS = Limits()


class Body:
    """A parsed body: `kind` is "form", "json", or "" for an empty one."""

    __slots__ = ("items", "json", "kind")

    def __init__(self, kind: str, items: list[tuple[str, str | Upload]], json: Any = None) -> None:
        self.kind = kind
        #: the fields of a form, in their order: text, or `kit.http.upload.Upload`
        self.items = items
        #: the value of a JSON body
        self.json = json


def parse(environ_or_request: Any, *, limits: Limits = LIMITS, accept: Iterable[str] = ("form", "json")) -> Body:
    """The body of a request, whatever its type; `Unsupported` if it is of a kind that `accept` does not name.

    The Content-Type decides, and nothing is guessed: a form that claims to be text, or JSON sent as text/plain (which a
    foreign site could send without being asked, ASVS 3.5.2), is refused.
    """
    environ = environ_of(environ_or_request)
    cached: tuple[Any, Body] | None = environ.get(_KEY)
    if cached is not None and cached[0] is environ["wsgi.input"]:
        body = cached[1]
    else:
        empty = not content_length(environ) and not peek(environ, 1)
        source = environ["wsgi.input"]
        start = source.tell() if can_rewind(source) else None
        try:
            body = Body("", []) if empty else _parsed(environ, limits, tuple(accept))
        finally:
            if start is not None:
                source.seek(start)
        environ[_KEY] = source, body
    if body.kind and body.kind not in accept:
        raise _unsupported(environ, accept)
    return body


def _parsed(environ: WSGIEnvironment, limits: Limits, accept: Iterable[str]) -> Body:
    kind = media_type(environ)
    if environ.get("HTTP_CONTENT_ENCODING", "identity") not in ("", "identity"):
        raise Unsupported("a compressed body is not accepted here", hint="send it without Content-Encoding")
    if kind == _URLENCODED and "form" in accept:
        return Body("form", [*pairs(_in_memory(environ, limits), limit=limits.fields)])
    if kind == _MULTIPART and "form" in accept:
        from kit.http.upload import parts

        return Body("form", list(parts(stream(environ, limit=limits.size), _boundary(environ), limits)))
    if (kind == "application/json" or kind.endswith("+json")) and "json" in accept:
        data = _in_memory(environ, limits)
        return Body("json", [], codec.loads(data, size=limits.memory, depth=limits.depth, items=limits.items))
    raise _unsupported(environ, accept)


def _in_memory(environ: WSGIEnvironment, limits: Limits) -> bytes:
    return read(environ, limit=min(limits.size, limits.memory))


def media_type(environ: WSGIEnvironment) -> str:
    """The type of the body, in lower case and without parameters; "" if the request does not say."""
    kind: str = environ.get("CONTENT_TYPE") or ""
    return kind.partition(";")[0].strip().lower()


def _boundary(environ: WSGIEnvironment) -> str:
    found = _BOUNDARY.search(environ["CONTENT_TYPE"])
    if found is None:
        raise Malformed("the multipart body has no boundary in its Content-Type")
    return found[1] or found[2] or ""


def _unsupported(environ: WSGIEnvironment, accept: Iterable[str]) -> Unsupported:
    names = {"form": f"{_URLENCODED} or {_MULTIPART}", "json": "application/json"}
    kind = media_type(environ)
    what = f"a body of type {kind[:80]!r} is not accepted here" if kind else "the body has no Content-Type"
    return Unsupported(what, hint="send " + " or ".join(names.get(name, name) for name in accept))


def field(environ_or_request: Any, name: str, *, within: int = 1 << 16) -> str | None:
    """The first text field called `name`, if it begins and ends in the first `within` bytes of a form; else None.

    The body stays readable (see `peek`). Nothing is raised for a body that is malformed: its reader will do that.
    """
    environ = environ_of(environ_or_request)
    kind = media_type(environ)
    if kind not in (_URLENCODED, _MULTIPART):
        return None
    data = peek(environ, within)
    whole = len(data) < within or len(data) == content_length(environ)
    try:
        if kind == _URLENCODED:
            found = pairs(data if whole else data.rpartition(b"&")[0], limit=len(data) + 1)
            return next((value for key, value in found if key == name), None)
        from kit.http.upload import parts

        limits = Limits(memory=within, field=within)
        fields = parts([data], _boundary(environ), limits)
        return next((value for key, value in fields if key == name and isinstance(value, str)), None)
    except (Malformed, TooLarge):
        return None
