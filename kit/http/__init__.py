"""One request and one answer: handlers, request and response, bodies, JSON, problems, negotiation, safety.

WebOb is imported at the first use of `Request` or `Response`: an app that needs neither starts without it.
"""

from __future__ import annotations

from importlib import import_module

from kit.http.handlers import handler
from kit.http.problem import Problem, problem_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit.http.request import Request
    from kit.http.response import Response
    from kit.http.safe import content_disposition, one_line, redirect_to, safe_join, upload_name

__all__ = [
    "Problem",
    "Request",
    "Response",
    "content_disposition",
    "handler",
    "one_line",
    "problem_of",
    "redirect_to",
    "safe_join",
    "upload_name",
]

_HOME = {
    "Request": "kit.http.request",
    "Response": "kit.http.response",
    "content_disposition": "kit.http.safe",
    "one_line": "kit.http.safe",
    "redirect_to": "kit.http.safe",
    "safe_join": "kit.http.safe",
    "upload_name": "kit.http.safe",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home at first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
