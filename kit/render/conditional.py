"""Conditional requests (RFC 9110, 13): has the client this version already, may it change this one?

>>> precondition({"REQUEST_METHOD": "GET", "HTTP_IF_NONE_MATCH": '"v7"'}, etag='"v7"')
304
>>> precondition({"REQUEST_METHOD": "PUT", "HTTP_IF_MATCH": '"v6"'}, etag='"v7"')
412

Ask before the page is rendered, with a tag made from the version of the data:

    def show(request, id):
        post = db[Post].get(id)
        return unchanged(request, etag=tag(post.version)) or templates.response(request, "post.html", post=post)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from kit.http import Response
from kit.wsgi import environ_of

__all__ = ["cached", "http_date", "matches", "parse_date", "precondition", "tag", "unchanged"]

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_CONDITIONS = {"HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_NONE_MATCH"}
_BAD = re.compile(r"[^\x21\x23-\x7e]")


def tag(version: Any, *parts: Any, weak: bool = False) -> str:
    """An entity tag of a version (a number, a time, a hash); `parts` are what else the page depends on.

    >>> tag(7), tag(7, "de", weak=True)
    ('"7"', 'W/"7-de"')
    """
    text = "-".join(_BAD.sub(lambda found: f"%{ord(found[0]):x}", str(part)) for part in (version, *parts))
    return f'W/"{text}"' if weak else f'"{text}"'


def matches(header: str, etag: str | None, *, strong: bool = False) -> bool:
    """Whether an If-Match or If-None-Match `header` names `etag`; None means that there is nothing to match.

    Strong comparison (RFC 9110, 8.8.3.2) never matches a weak tag.

    >>> matches('"a", W/"b"', '"b"'), matches('"a", W/"b"', '"b"', strong=True), matches("*", '"b"')
    (True, False, True)
    """
    if etag is None:
        return False
    if header.strip() == "*":
        return True
    if strong:
        return not etag.startswith("W/") and etag in _TAG.findall(header)
    return etag.removeprefix("W/") in {found.removeprefix("W/") for found in _TAG.findall(header)}


def precondition(environ: dict[str, Any], *, etag: str | None = None, modified: datetime | None = None) -> int | None:
    """304, 412, or None to go on: the order of evaluation of RFC 9110, 13.2.2.

    `etag` and `modified` (aware; whole seconds count) tell the current version; both None: there is none.
    """
    if "HTTP_IF_MATCH" in environ:
        if not matches(environ["HTTP_IF_MATCH"], etag, strong=True):
            return 412
    elif _later(modified, environ.get("HTTP_IF_UNMODIFIED_SINCE")):
        return 412
    reads = environ.get("REQUEST_METHOD") in ("GET", "HEAD")
    if "HTTP_IF_NONE_MATCH" in environ:
        if matches(environ["HTTP_IF_NONE_MATCH"], etag):
            return 304 if reads else 412
    elif reads and _later(modified, environ.get("HTTP_IF_MODIFIED_SINCE")) is False:
        return 304
    return None


def _later(modified: datetime | None, header: str | None) -> bool | None:
    """Whether `modified` is after the date of `header`; None if either is missing or malformed (then it is ignored)."""
    since = parse_date(header)
    return None if since is None or modified is None else modified.replace(microsecond=0) > since


def unchanged(
    environ_or_request: Any, *, etag: str | None = None, modified: datetime | None = None, required: bool = False
) -> Response | None:
    """The 304 or 412 that answers this request, or None if the handler must do its work.

    `required=True` answers 428 to a change that does not say which version it is of (RFC 6585, 3): no lost updates.

    >>> answer = unchanged({"REQUEST_METHOD": "GET", "HTTP_IF_NONE_MATCH": '"v7"'}, etag='"v7"')
    >>> answer.status, answer.headers["ETag"], answer.body
    ('304 Not Modified', '"v7"', b'')

    The handler sets the same tag on its full answer: `answer.headers["ETag"] = …`.
    """
    environ = environ_of(environ_or_request)
    status = precondition(environ, etag=etag, modified=modified)
    if required and environ["REQUEST_METHOD"] not in ("GET", "HEAD") and not _CONDITIONS & environ.keys():
        status = 428
    if status is None:
        return None
    answer = Response(status=status)
    if etag is not None:
        answer.headers["ETag"] = etag
    if modified is not None:
        answer.headers["Last-Modified"] = http_date(modified)
    if status == 304:
        answer.headers.pop("Content-Type", None)
    return answer


def cached(seconds: int = 0, *directives: str, private: bool = False) -> str:
    """The value of a Cache-Control header (RFC 9111, 5.2.2): for `seconds`, or, for 0, only after asking again.

    >>> cached(60, "stale-while-revalidate=30"), cached(), cached(private=True)
    ('public, max-age=60, stale-while-revalidate=30', 'public, no-cache', 'private, no-cache')

    What nobody may keep at all is `"no-store"`.
    """
    age = f"max-age={seconds:d}" if seconds else "no-cache"
    return ", ".join(["private" if private else "public", age, *directives])


def http_date(moment: datetime) -> str:
    """A date as HTTP writes it.

    >>> http_date(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC))
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def parse_date(header: str | None) -> datetime | None:
    """The date of a header in any of the three forms of RFC 9110, 5.6.7, or None.

    >>> parse_date("Sunday, 06-Nov-94 08:49:37 GMT") == parse_date("Sun Nov  6 08:49:37 1994")
    True
    """
    if not header:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
