"""Parts of a page for htmx and Turbo: which did the page ask for, and how do several travel together.

>>> wants_part({"HTTP_HX_REQUEST": "true"}), wants_part({"HTTP_HX_REQUEST": "true", "HTTP_HX_BOOSTED": "true"})
('htmx', '')
>>> joined("htmx", {"rows": "<li>1</li>", "count": "1"})
'<li>1</li><div hx-swap-oob="innerHTML:#count">1</div>'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["TURBO", "joined", "wants_part"]

TURBO = "text/vnd.turbo-stream.html"


def wants_part(environ: Mapping[str, Any]) -> str:
    """ "htmx" or "turbo" if this request replaces a part of a page, "" if it loads a page.

    A boosted link and a page restored from history are whole pages, though htmx sends them (htmx reference, headers).
    """
    if environ.get("HTTP_HX_REQUEST") == "true":
        whole = environ.get("HTTP_HX_BOOSTED") == "true" or environ.get("HTTP_HX_HISTORY_RESTORE_REQUEST") == "true"
        return "" if whole else "htmx"
    return "turbo" if TURBO in environ.get("HTTP_ACCEPT", "") else ""


def joined(kind: str, parts: Mapping[str, str]) -> str:
    """The parts as one answer. For htmx the first goes to the request's target, each other into the element whose id is
    its name; for Turbo all do. The texts are HTML already; the names are those of defs and blocks."""
    if kind == "turbo":
        stream = '<turbo-stream action="update" target="{}"><template>{}</template></turbo-stream>'
        return "".join(stream.format(name, text) for name, text in parts.items())
    (_, first), *others = parts.items()
    return first + "".join(f'<div hx-swap-oob="innerHTML:#{name}">{text}</div>' for name, text in others)
