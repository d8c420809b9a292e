"""Response: WebOb's response, whose call looks for a Location header instead of rebuilding all of them.

>>> from kit.testing import call
>>> call(Response("hello")).headers["Content-Type"]
'text/html; charset=UTF-8'
"""

from __future__ import annotations

import webob

from kit.http.json import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["Response"]


class Response(webob.Response):
    """`webob.Response`, equal to it in what it sends, with a faster way out; `json=value` uses `kit.http.json`."""

    # attributes of WebOb's that its typing stubs leave out
    _status: str
    _headerlist: list[tuple[str, str]]
    _app_iter: Iterable[bytes]

    def __init__(self, body: bytes | str | None = None, status: int | str | None = None, **options: Any) -> None:
        for name in ("json", "json_body"):
            if name in options and body is None:
                body = dumps(options.pop(name))
                options.setdefault("content_type", "application/json")
        super().__init__(body, status, **options)

    def _set_json(self, value: Any) -> None:
        self.body = dumps(value)

    json = json_body = webob.Response.json_body.setter(_set_json)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer (PEP 3333)."""
        if self.conditional_response or environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        headers = self._headerlist
        for name, _ in headers:
            if len(name) == 8 and name.lower() == "location":
                return super().__call__(environ, start_response)
        start_response(self._status, headers[:])
        return self._app_iter
