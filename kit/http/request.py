"""Request: WebOb's request, made faster, and reading its body through `kit.http.body` (bounded, no `cgi`).

>>> from kit.testing import environ
>>> Request(environ("/caf%C3%A9", query="a=1")).path_info
'/café'
"""

from __future__ import annotations

import webob
from webob.multidict import GetDict, MultiDict, NoVars

from kit.errors import Malformed
from kit.http.pairs import pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from wsgiref.types import WSGIEnvironment

__all__ = ["Request"]

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Request(webob.Request):
    """`webob.Request`, whose constructor does nothing but keep the environ."""

    def __init__(self, environ: WSGIEnvironment, **options: Any) -> None:
        if options:
            super().__init__(environ, **options)
        else:
            self.__dict__["environ"] = environ

    def _path_info(self) -> str:
        path: str = self.environ["PATH_INFO"]
        if path.isascii():
            return path
        try:
            return path.encode("latin-1").decode()
        except UnicodeError:
            raise Malformed("the path is not in UTF-8") from None

    def _set_path_info(self, path: str) -> None:
        self.environ["PATH_INFO"] = path.encode().decode("latin-1")

    path_info = property(_path_info, _set_path_info, doc="The path behind the mount; `Malformed` if no UTF-8.")

    @property
    def client_addr(self) -> str | None:
        """The peer's address. WebOb believes `X-Forwarded-For`, which anybody may send; kit.security.TrustedProxy reads
        that header where it comes from a proxy of yours, and corrects `REMOTE_ADDR`."""
        return self.environ.get("REMOTE_ADDR")

    @property
    def GET(self) -> GetDict:
        """The query, by name; at most 1,000 pairs."""
        query: str = self.environ.get("QUERY_STRING", "")
        cached: tuple[GetDict, str] | None = self.environ.get("webob._parsed_query_vars")
        if cached is not None and cached[1] == query:
            return cached[0]
        made = GetDict(pairs(query.encode("latin-1"), what="the query") if query else [], self.environ)
        self.environ["webob._parsed_query_vars"] = made, query
        return made

    @property
    def POST(self) -> MultiDict[str, Any] | NoVars:
        """The fields of the form in the body, by name: text, or `kit.http.upload.Upload`.

        Read with the usual limits; for others, call `kit.http.body.parse(request, limits=…)` first.
        """
        from kit.http import body

        if body.media_type(self.environ) not in _FORMS:
            return NoVars("the body is no form")
        items = body.parse(self.environ).items
        cached: tuple[MultiDict[str, Any], Any] | None = self.environ.get("webob._parsed_post_vars")
        if cached is not None and cached[1] is self.environ["wsgi.input"]:
            return cached[0]
        made: MultiDict[str, Any] = MultiDict(items)
        self.environ["webob._parsed_post_vars"] = made, self.environ["wsgi.input"]
        return made

    def _json(self) -> Any:
        """The body as JSON, read by `kit.http.body`; `Malformed` if it is none, 415 for a body of another type."""
        from kit.http import body

        parsed = body.parse(self.environ, accept=("json",))
        if not parsed.kind:
            raise Malformed("no JSON: the body is empty")
        return parsed.json

    json = json_body = webob.Request.json_body.getter(_json)
