"""Read one cookie by its exact name, and by no other reading that a hostile Cookie header could suggest.

>>> cookie_in({"HTTP_COOKIE": "a=1; __Host-id=good"}, "__Host-id")
'good'
>>> cookie_in({"HTTP_COOKIE": "x=\\x80__Host-id=evil"}, "__Host-id") is None
True
>>> cookie_in({"HTTP_COOKIE": "id=1; id=2"}, "id") is None
True

Split at `;` alone, strip blanks and tabs alone, compare exactly, refuse duplicates (RFC 6265, 5.2 and 5.4). Lenient
readers let a sibling subdomain plant a cookie that reads as a `__Host-` one.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

__all__ = ["cookie_in"]


def cookie_in(environ: WSGIEnvironment, name: str) -> str | None:
    """The value of the cookie `name`; None if it is absent or there twice."""
    header = environ.get("HTTP_COOKIE")
    if not header or name not in header:
        return None
    pairs = (part.strip(" \t").partition("=") for part in header.split(";"))
    values = [value for key, equals, value in pairs if key == name and equals]
    return values[0] if len(values) == 1 else None
