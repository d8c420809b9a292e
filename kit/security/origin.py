"""Where an unsafe request comes from: the same origin, a foreign one, or unknown.

>>> verdict({"HTTP_SEC_FETCH_SITE": "cross-site"})
'foreign'
>>> verdict({"HTTP_ORIGIN": "https://a.example", "HTTP_HOST": "a.example", "wsgi.url_scheme": "https"})
'same'
>>> verdict({})
'unknown'

The algorithm is that of Go's http.CrossOriginProtection (Go 1.25, net/http/csrf.go), made stricter where a browser
sends no Sec-Fetch-Site: the scheme and the port count too, and after Origin the Referer is asked. `null`, user
information and anything else that is no plain origin is foreign.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from kit.security.names import parse_origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Literal
    from wsgiref.types import WSGIEnvironment

    Verdict = Literal["same", "trusted", "foreign", "unknown"]

__all__ = ["origin_of", "own_origin", "verdict"]


def own_origin(environ: WSGIEnvironment) -> tuple[str, str, int] | None:
    """The origin of this application: `kit.host` where TrustedHosts has checked it, else the Host header."""
    host = environ.get("kit.host") or environ.get("HTTP_HOST") or ""
    return parse_origin(f"{environ.get('wsgi.url_scheme', 'http')}://{host}")


def origin_of(environ: WSGIEnvironment) -> tuple[str, str, int] | Literal[""] | None:
    """The origin that the browser names in Origin or else Referer; "" for no header, None for no plain origin."""
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        return parse_origin(origin)
    referer = environ.get("HTTP_REFERER")
    if not referer:
        return ""
    try:
        parts = urlsplit(referer)
    except ValueError:
        return None
    return parse_origin(f"{parts.scheme}://{parts.netloc}")


def verdict(environ: WSGIEnvironment, trusted: Collection[tuple[str, str, int]] = ()) -> Verdict:
    """Judge one request; `trusted` holds parsed origins that may send unsafe requests across sites."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site in ("same-origin", "none"):
        return "same"
    origin = origin_of(environ)
    if origin and origin in trusted and environ.get("HTTP_ORIGIN") is not None:
        return "trusted"
    if site is not None:
        return "foreign"  # same-site too: a sibling subdomain is not us; and any value that is not known
    if origin == "":
        return "unknown"
    return "same" if origin is not None and origin == own_origin(environ) else "foreign"
