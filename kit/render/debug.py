"""What the debug page may show, and to whom.

>>> loopback({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:8000"})
True
>>> loopback({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost", "HTTP_X_FORWARDED_FOR": "10.0.0.7"})
False
>>> masked("password", "hunter2"), masked("title", "x"), masked("form", {"token": "t", "n": 1})
('••••', "'x'", "{'token': ••••, 'n': 1}")

There is no console, and nothing on the page runs code: a debugger that evaluates what a request sends has been the hole
in too many servers (CVE-2024-34069).
"""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from types import FrameType, TracebackType
from typing import Any, NamedTuple

__all__ = ["Frame", "frames", "loopback", "masked", "masked_query", "outermost", "raisers", "template_line"]

_SECRET = re.compile(
    r"pass|secret|token|key|auth(?!ors?\b)|cookie|session|csrf|nonce|sid\b|credential|card|cvv|cvc|iban|otp", re.I
)
# the same names inside the repr of an object: User(password='…'), {'token': '…'}
_SHOWN = re.compile(rf"""(\w*(?:{_SECRET.pattern})\w*['"]?\s*[=:]\s*)('[^']*'?|"[^"]*"?|[^\s,)\]}}]+)""", re.I)
_LONGEST = 400
_AROUND = 4


def loopback(environ: Mapping[str, Any]) -> bool:
    """Whether this request comes from this machine, to this machine, through no proxy."""
    if any(key.startswith(("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_X_REAL", "HTTP_VIA")) for key in environ):
        return False
    host = environ.get("HTTP_HOST", "").lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    return _local(environ.get("REMOTE_ADDR", "")) and (name == "localhost" or _local(name))


def _local(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def masked(name: str, value: Any, depth: int = 2) -> str:
    """The repr of a value, cut to a useful length; •••• if its name, or a key in it, sounds like a secret."""
    if _SECRET.search(name):
        return "••••"
    if isinstance(value, Mapping) and depth:
        try:
            pairs = [f"{key!r}: {masked(str(key), each, depth - 1)}" for key, each in list(value.items())[:30]]
        except Exception:
            return f"<{type(value).__name__}>"
        return "{" + ", ".join(pairs) + ("…}" if len(value) > 30 else "}")
    try:
        text = _SHOWN.sub(r"\1••••", repr(value)[: 4 * _LONGEST])
    except Exception as exc:
        return f"<{type(value).__name__}: its repr raised {type(exc).__name__}>"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def masked_query(query: str) -> str:
    """A query string without the values whose names sound like a secret.

    >>> masked_query("page=2&reset_token=abc")
    'page=2&reset_token=••••'
    """
    pairs = [pair.partition("=") for pair in query.split("&")]
    return "&".join(name + mark + ("••••" if value and _SECRET.search(name) else value) for name, mark, value in pairs)


class Frame(NamedTuple):
    """One frame: `lines` are (number, source) around `line`. `template` marks a line of a template."""

    file: str
    line: int
    function: str
    lines: list[tuple[int, str]]
    names: dict[str, str]
    template: bool


def frames(tb: TracebackType | None) -> list[Frame]:
    """The frames of a traceback, outermost first; those of a compiled template point into the template's own source."""
    chain = list(_walk(tb))
    sources = _template_sources(tb)
    return [_frame(each, sources.get(place)) for place, each in enumerate(chain)]


def template_line(tb: TracebackType | None) -> tuple[str, int, str] | None:
    """File, line and text of the innermost line of a template that a traceback goes through."""
    sources = _template_sources(tb)
    if not sources:
        return None
    file, line, source = sources[max(sources)]
    return file, line, source[line - 1].strip() if line <= len(source) else ""


def _walk(tb: TracebackType | None) -> Iterator[TracebackType]:
    while tb is not None:
        yield tb
        tb = tb.tb_next


def _frame(tb: TracebackType, template: tuple[str, int, list[str]] | None) -> Frame:
    code, names = tb.tb_frame.f_code, tb.tb_frame.f_locals
    if template is None:
        file, line = code.co_filename, tb.tb_lineno
        source = [each.rstrip("\n") for each in linecache.getlines(file, tb.tb_frame.f_globals)]
    else:
        file, line, source = template
    first = max(line - _AROUND, 1)
    lines = list(enumerate(source[first - 1 : line + _AROUND], first))
    shown = {name: masked(name, value) for name, value in names.items() if not name.startswith("__")}
    return Frame(file, line, code.co_name, lines, shown, template is not None)


def _template_sources(tb: TracebackType | None) -> dict[int, tuple[str, int, list[str]]]:
    """By place in the traceback: file, line and source of the template that a frame was compiled from."""
    if not any("_template_uri" in each.tb_frame.f_globals for each in _walk(tb)):
        return {}
    from mako.exceptions import RichTraceback

    records = RichTraceback(error=Exception(), traceback=tb).records
    return {
        place: (str(file), int(line), source.split("\n"))
        for place, (*_, file, line, _text, source) in enumerate(records)
        if file is not None
    }


def outermost(layer: Any) -> Any:
    """The outermost app of the stack that is running now, as far as its frames tell; `layer` itself if they do not."""
    found = layer
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        app = frame.f_locals.get("self")
        app = getattr(app, "_layer", app)
        if hasattr(app, "app") and callable(app):
            found = app
        frame = frame.f_back
    return found


def raisers(tb: TracebackType | None, apps: Mapping[int, str]) -> list[str]:
    """The names of those of `apps` (by id) that the traceback goes through, outermost first: the last one raised."""
    found: list[str] = []
    for each in _walk(tb):
        name = apps.get(id(each.tb_frame.f_locals.get("self")))
        if name is not None and (not found or found[-1] != name):
            found.append(name)
    return found
