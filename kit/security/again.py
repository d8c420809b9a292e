"""The page for a form of our own whose token died with its session: nothing typed is lost, one click sends it again.

It is shown only where the browser itself says that the form came from this origin (`Sec-Fetch-Site: same-origin`, or
Origin), so that no other site can fill it in; and it carries a fresh token of the present session.
"""

from __future__ import annotations

from html import escape

from kit.errors import KitError
from kit.http.body import media_type, peek
from kit.http.pairs import pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["ask_again"]

LIMIT = 64 * 1024
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Please send it again</title></head>
<body><main><h1>Please send it again</h1><p>Your session has changed since this page was opened. Nothing is lost.</p>
<form method="post">{fields}<button type="submit">Send again</button></form></main></body></html>
"""


def ask_again(environ: WSGIEnvironment) -> Form | None:
    """A WSGI app that answers 403 with the form; None where there is no small urlencoded form of a page to show."""
    if "text/html" not in environ.get("HTTP_ACCEPT", "") or environ["REQUEST_METHOD"] != "POST":
        return None
    if media_type(environ) != "application/x-www-form-urlencoded":
        return None
    try:
        body = peek(environ, LIMIT + 1)
        return Form(pairs(body, limit=200)) if len(body) <= LIMIT else None
    except KitError:
        return None


class Form:
    """The answer: all fields hidden, with a fresh `_csrf`."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = [(name, value) for name, value in fields if name != "_csrf"]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer (PEP 3333)."""
        fields = [*self._fields, ("_csrf", environ["kit.csrf"]())]
        hidden = (f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields)
        body = _PAGE.format(fields="".join(hidden)).encode()
        head = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("403 Forbidden", [*head, ("Cache-Control", "no-store")])
        return [body]
