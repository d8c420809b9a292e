"""Redirects in the table: the endpoint of `router.redirect(path, to)`.

>>> from kit.routing import Router
>>> from kit.testing import call
>>> router = Router()
>>> router.redirect("/blog/{year:int}/{slug}", "/posts/{slug}", status=301)
>>> answer = call(router, "/blog/2024/a%20b?page=2")
>>> answer.status, answer.headers["Location"]
(301, '/posts/a%20b?page=2')
"""

from __future__ import annotations

import re
from urllib.parse import quote

from kit.errors import ConfigError
from kit.http.problem import Problem, status_line
from kit.routing.template import SAFE, Template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["Answer", "Moved", "local", "redirect"]


class Answer:
    """A WSGI app that answers with a status and headers alone."""

    def __init__(self, status: int, *headers: tuple[str, str]) -> None:
        self.status, self.headers = status_line(status), headers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer (PEP 3333)."""
        start_response(self.status, list(self.headers))
        return []


def local(url: str) -> bool:
    r"""Whether a client takes `url` for a path on this host: `//evil.com` and `/\evil.com` it does not."""
    return url.startswith("/") and not url.startswith(("//", "/\\"))


def redirect(status: int, url: str, environ: WSGIEnvironment) -> Answer:
    """The app that redirects to `url`, with the query of the request."""
    query = quote(environ.get("QUERY_STRING", "").encode("latin-1"), safe=SAFE + "/?%")
    url += ("&" if "?" in url else "?") + query if query else ""
    return Answer(status, ("Location", url), ("Content-Type", "text/plain"), ("Content-Length", "0"))


class Moved:
    """Redirects to a path, a URL or a route's name, with the variables of the path that was asked for."""

    def __init__(self, source: Template, to: str, status: int, converters: dict[str, Any]) -> None:
        if status not in (301, 302, 303, 307, 308):
            raise ConfigError(f"{status} does not redirect", hint="301, 302, 303, 307 and 308 do")
        self.to, self.status = to, status
        self._origin = "".join(re.findall(r"\Ahttps?://[^/{}]+", to))
        path = to.removeprefix(self._origin)
        self._target: Template | None = None
        if self._origin or path.startswith("/"):
            kinds = {each.name: each.text for each in source.variables if each.text}
            typed = re.sub(r"\{(\w+)\}", lambda m: f"{{{m[1]}:{kinds[m[1]]}}}" if m[1] in kinds else m[0], path)
            self._target = Template(typed, converters)
            unknown = sorted(set(self._target.names) - set(source.names))
            if unknown:
                raise ConfigError(
                    f"{to!r} needs {unknown[0]!r}, which {source.text!r} does not give", hint="name the same variables"
                )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer (PEP 3333)."""
        args = environ["wsgiorg.routing_args"][1]
        if self._target is None:
            url = environ["kit.url"](self.to, **args)
        else:
            script = "" if self._origin else quote(environ.get("SCRIPT_NAME", "").encode("latin-1"), safe=SAFE + "/")
            url = self._origin + script + self._target.build(args)
            if not self._origin and not local(url):
                return Problem(404, "There is nothing here.")(environ, start_response)
        return redirect(self.status, url, environ)(environ, start_response)
