"""Problem: every refusal of kit, as problem+json (RFC 9457) or as a small HTML page, whichever the client prefers.

>>> from kit.testing import call
>>> call(Problem(404, "no poll 7")).json()
{'type': 'about:blank', 'title': 'Not Found', 'status': 404, 'detail': 'no poll 7'}
>>> "<h1>Not Found</h1>" in call(Problem(404), headers={"Accept": "text/html"}).text
True

A problem is a WSGI app: call it, or return it from a handler or from a layer's `before`. It leaves itself in
`environ["kit.problem"]`, so that a layer outside (ErrorPages) can give all refusals one look.
"""

from __future__ import annotations

from http import HTTPStatus

from kit.errors import KitError
from kit.http.json import dumps
from kit.http.negotiate import best

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["Problem", "problem_of", "status_line"]

_TITLES: dict[int, str] = {status.value: status.phrase for status in HTTPStatus}
_OWN = frozenset(("type", "title", "status", "detail"))
_KINDS = ("application/problem+json", "application/json", "text/html", "application/xhtml+xml")
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body><main><h1>{title}</h1>{detail}</main></body>
</html>
"""


def status_line(status: int) -> str:
    """The status line of PEP 3333: `status_line(404)` is "404 Not Found"; an unknown status gets its class's name."""
    title = _TITLES.get(status)
    if title is None:
        kinds = ("Informational", "Success", "Redirection", "Client Error", "Server Error")
        if not 100 <= status <= 599:
            raise ValueError(f"{status} is no HTTP status: they go from 100 to 599")
        title = kinds[status // 100 - 1]
    return f"{status} {title}"


class Problem:
    """A refusal: `Problem(status, detail)`. It says what the client did and can do, never how the server is made.

    `members` are further members of the JSON object (RFC 9457, 3.2). `headers` go out as they are.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        title: str = "",
        type: str = "about:blank",
        headers: Iterable[tuple[str, str]] | Mapping[str, str] = (),
        **members: Any,
    ) -> None:
        self.status = status
        self.status_line = status_line(status)
        self.detail = detail
        self.title = title or self.status_line[4:]
        self.type = type
        self.headers: list[tuple[str, str]] = list(headers.items() if hasattr(headers, "items") else headers)
        self.members = members

    def __repr__(self) -> str:
        return f"<Problem {self.status} {self.title}: {self.detail}>"

    def __json__(self) -> dict[str, Any]:
        """The JSON object of RFC 9457, 3."""
        made: dict[str, Any] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            made["detail"] = self.detail
        return made | {name: value for name, value in self.members.items() if name not in _OWN}

    def page(self) -> str:
        """The HTML page."""
        from html import escape  # its table of entities costs more than the rest of this module

        detail = f"<p>{escape(self.detail)}</p>" if self.detail else ""
        return _PAGE.format(title=escape(self.title), detail=detail)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer (PEP 3333)."""
        environ["kit.problem"] = self
        kind = best(environ.get("HTTP_ACCEPT"), _KINDS)
        if kind in ("text/html", "application/xhtml+xml"):
            kind, body = "text/html; charset=utf-8", self.page().encode()
        else:
            kind, body = "application/problem+json", dumps(self)
        head = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Vary", "Accept")]
        start_response(self.status_line, head + self.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def problem_of(exc: BaseException) -> Problem:
    """The problem that an exception stands for: its status, and its text where the client may read it.

    The text of a `KitError` below 500 and the detail of a `webob.exc` error are the client's; of every other exception
    nothing is said but "Internal Server Error". An exception may carry `headers` of its own.

    >>> from kit.errors import Missing
    >>> problem_of(Missing("no poll 7")), problem_of(KeyError("secret"))
    (<Problem 404 Not Found: no poll 7>, <Problem 500 Internal Server Error: >)
    """
    if isinstance(exc, KitError):
        detail = str(exc) if exc.status < 500 else ""
        return Problem(exc.status, detail, headers=getattr(exc, "headers", None) or ())
    status = getattr(exc, "status_int", None)
    if not isinstance(status, int):
        return Problem(500)
    headers = [pair for pair in getattr(exc, "headerlist", ()) if not pair[0].lower().startswith("content-")]
    detail = getattr(exc, "detail", None) or getattr(exc, "explanation", None) or ""
    return Problem(status, str(detail), title=getattr(exc, "title", ""), headers=headers)
