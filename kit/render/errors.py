"""ErrorPages: every error leaves as a page or as problem+json, whichever the client prefers, and gives nothing away.

>>> from kit.errors import Missing
>>> from kit.testing import call
>>> def app(environ, start_response):
...     raise Missing("no poll 7")
>>> call(ErrorPages(app)).json()["detail"]
'no poll 7'
>>> shop = ErrorPages(app, page=lambda request, problem: f"<h1>Oh: {problem.detail}</h1>")
>>> answer = call(shop, headers={"Accept": "text/html"})
>>> answer.status, answer.text
(404, '<h1>Oh: no poll 7</h1>')

An exception becomes the problem of its `.status` (`KitError`, `webob.exc`), any other a 500 that says nothing but that;
it is logged, with its traceback, by the logger `kit.errors`. Refusals that layers and handlers inside made
(`kit.http.Problem`) and errors without a body get the same look. A page of the application's own is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kit.errors import ConfigError
from kit.http import Problem, Request, Response, problem_of
from kit.http.negotiate import best
from kit.render.debug import loopback
from kit.wsgi import Layer

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    Headers = list[tuple[str, str]]

__all__ = ["ErrorPages"]

#: `fn(request, error)`: text, a WSGI app such as a response, or None to leave the error to the rest
Handler = Callable[[Any, Any], Any]

_CONTENT = frozenset({"content-type", "content-length", "content-encoding", "etag", "last-modified"})
_HTML = ("application/problem+json", "application/json", "text/html", "application/xhtml+xml")


class ErrorPages(Layer):
    """Errors as pages or problem+json. Put it inside the layers that make a head safe, outside those that may refuse.

    - `page(request, problem)` makes the HTML of every error: text or a response. If it fails, the plain page goes out.
    - `handlers` maps exception classes and status numbers to `fn(request, error)`; the nearest class wins. The error is
      the exception, or the `Problem` under a number. An answer with status 200 gets the status of the error.
    - `debug=True` shows where an exception came from: never to anyone but this machine (see `kit.render.debug`).
    - `panes` adds to that page: title -> function of the environ; say the statements of the database and their times.
    - `request` makes the request object from the environ.
    """

    wants = ("kit.nonce",)

    def __init__(
        self,
        app: WSGIApplication,
        *,
        debug: bool = False,
        handlers: Mapping[type[Exception] | int, Handler] | None = None,
        page: Handler | None = None,
        panes: Mapping[str, Callable[[WSGIEnvironment], Any]] | None = None,
        request: Callable[[WSGIEnvironment], Any] = Request,
    ) -> None:
        super().__init__(app)
        _check(handlers or {})
        self.debug = debug
        self.handlers = dict(handlers or {})
        self.page = page
        self.panes = dict(panes or {})
        self.request = request

    def before(self, environ: WSGIEnvironment) -> None:
        """Forget the problem of a request outside this one."""
        environ.pop("kit.problem", None)

    def failed(self, environ: WSGIEnvironment, exc: Exception) -> WSGIApplication:
        """The answer to an exception."""
        problem = problem_of(exc)
        reopen = getattr(environ.get("kit.nonce"), "reopen", None)
        if reopen is not None:
            reopen()  # the head that closed the nonce never left: the page that comes instead may draw it
        for kind in type(exc).__mro__:
            if kind in self.handlers:
                answer = self._asked(self.handlers[kind], environ, exc, problem)
                if answer is not None:
                    return answer
        if getattr(exc, "status_int", 500) < 400 and callable(exc):
            return exc  # a redirect of webob.exc
        if problem.status >= 500:
            _log(environ, exc)
            if self.debug and loopback(environ):
                from kit.render.debug_page import debug_answer

                return debug_answer(self, environ, exc)
        return problem

    def head(self, environ: WSGIEnvironment, status: str, headers: Headers) -> tuple[str, Headers] | WSGIApplication:
        """Give a problem its page."""
        if status < "400":
            return status, headers
        problem = environ.get("kit.problem")
        if problem is None or problem.status_line != status:
            if any(name.lower() == "content-type" for name, _ in headers):
                return status, headers  # the application's own page
            problem = Problem(int(status[:3]))
        answer = self._styled(environ, problem)
        return (status, headers) if answer is None else _Kept(answer, headers)

    def _styled(self, environ: WSGIEnvironment, problem: Any) -> WSGIApplication | None:
        """What answers for a problem; None if its own answer will do."""
        fn = self.handlers.get(problem.status)
        if fn is not None:
            answer = self._asked(fn, environ, problem, problem)
            if answer is not None:
                return answer
        if self.page is not None and best(environ.get("HTTP_ACCEPT"), _HTML) in _HTML[2:]:
            return self._asked(self.page, environ, problem, problem) or problem
        return None if "kit.problem" in environ else problem

    def _asked(self, fn: Handler, environ: WSGIEnvironment, error: Any, problem: Problem) -> WSGIApplication | None:
        """The answer of a function of the application; None if it gave none, or failed."""
        try:
            answer = fn(self.request(environ), error)
            if not isinstance(answer, str | None) and not callable(answer):
                raise ConfigError(f"{fn!r} gave {type(answer).__name__}", hint="give text, a response or None")
        except Exception as exc:
            _log(environ, exc)
            return None
        if isinstance(answer, str):
            answer = Response(body=answer.encode(), content_type="text/html", charset="utf-8")
        if getattr(answer, "status_int", 0) == 200:
            answer.status = problem.status_line
        app: WSGIApplication | None = answer
        return app


def _check(handlers: Mapping[Any, Any]) -> None:
    for key, fn in handlers.items():
        if not isinstance(key, int | type) or not callable(fn):
            raise ConfigError(f"handlers has {key!r}: {fn!r}", hint="{SomeException: fn, 404: fn}")


class _Kept:
    """An answer in place of another: with the headers that layers inside had added to that one (Set-Cookie …)."""

    def __init__(self, answer: WSGIApplication, headers: Headers) -> None:
        self.answer = answer
        self.headers = [pair for pair in headers if pair[0].lower() not in _CONTENT]

    def __call__(self, environ: WSGIEnvironment, start_response: Any) -> Any:
        def start(status: str, headers: Headers, exc_info: Any = None, /) -> Any:
            names = {name.lower() for name, _ in headers} - {"vary", "set-cookie"}
            kept = [pair for pair in self.headers if pair[0].lower() not in names and pair not in headers]
            return start_response(status, headers + kept, *([exc_info] if exc_info else []))

        return self.answer(environ, start)


def _log(environ: WSGIEnvironment, exc: Exception) -> None:
    from logging import getLogger

    place = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO', '')!a}"
    getLogger("kit.errors").error("%s [%s]", place, environ.get("kit.request_id", "-"), exc_info=exc)
