"""handler: a WSGI app made of a plain function.

>>> from kit.testing import call
>>> @handler
... def hello(request):
...     return {"path": request.path_info}
>>> call(hello, "/x").text
'{"path":"/x"}'

The function gets the route's variables (`environ["wsgiorg.routing_args"][1]`) by name. Its first parameter that is no
route variable and has no default is the request; a function without one never pays for a request object. It returns

- `str` (HTML), `bytes`, `dict` or `list` (JSON), or any object with `__json__()`;
- `(value, status)` with one of these, `(None, 204)` for an empty answer;
- a response, or any other WSGI app, which then answers.

It may raise: exceptions of `webob.exc` and errors of kit below 500 are answers, all others go on to the layers outside.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache

from kit.errors import KitError
from kit.http.json import dumps
from kit.http.problem import problem_of, status_line
from kit.http.signature import Signature, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["BadAnswer", "handler"]

_NO_ROUTE: tuple[tuple[()], dict[str, Any]] = ((), {})
_EMPTY = frozenset(("204", "205", "304"))
_STATUS = re.compile(r"[1-5][0-9]{2} [\x20-\x7e]+")
_ANSWERS = "return str, bytes, dict, list, (value, status), a response or a WSGI app"


class BadAnswer(KitError, TypeError):
    """A handler returned something that is no answer."""


def handler(
    fn: Callable[..., Any],
    *,
    variables: Iterable[str] | None = None,
    encode: Callable[[Any], bytes] = dumps,
    request: Callable[[WSGIEnvironment], Any] | None = None,
) -> WSGIApplication:
    """A WSGI app that calls `fn` and sends what it returns.

    `variables` are the names of the route's variables, where they are known: then the signature is checked now, and a
    parameter that nothing fills raises `ConfigError`. `encode` makes JSON of values, `request` the request object
    (`kit.http.Request`; WebOb is not even imported for handlers that take none).
    """
    signature = Signature(fn)
    find = lru_cache(maxsize=32)(signature.request_for)
    known = None if variables is None else find(frozenset(variables))
    if request is None and (known or (known is None and signature.any)):
        from kit.http.request import Request as request

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        args = environ.get("wsgiorg.routing_args", _NO_ROUTE)[1]
        how = find(frozenset(args)) if known is None else known
        try:
            if not how or request is None:
                value = fn(**args)
            elif how == "*":
                value = fn(request(environ), **args)
            else:
                value = fn(**args, **{how: request(environ)})
        except Exception as exc:
            value = _refusal(exc)
            if value is None:
                raise
        if type(value) is not dict:
            return _answer(value, environ, start_response, encode, fn)
        body = encode(value)
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body] if environ["REQUEST_METHOD"] != "HEAD" else []

    return app


def _answer(
    value: Any,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    encode: Callable[[Any], bytes],
    fn: Callable[..., Any],
) -> Iterable[bytes]:
    """Send any value that a handler may return."""
    status = "200 OK"
    if type(value) is tuple and len(value) == 2:
        value, code = value
        status = _status(code, fn)
        if value is None or status[:3] in _EMPTY:
            start_response(status, [] if status[:3] in _EMPTY else [("Content-Length", "0")])
            return []
    if isinstance(value, str) and not callable(value):
        kind, body = "text/html; charset=UTF-8", value.encode()
    elif isinstance(value, bytes):
        kind, body = "application/octet-stream", value
    elif callable(value) and status == "200 OK":
        answer: Iterable[bytes] = value(environ, start_response)
        return answer
    elif isinstance(value, dict | list) or hasattr(value, "__json__"):
        kind, body = "application/json", encode(value)
    else:
        raise BadAnswer(f"{name_of(fn)} returned {_named(value)}", hint=_ANSWERS)
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body] if environ["REQUEST_METHOD"] != "HEAD" else []


def _status(code: Any, fn: Callable[..., Any]) -> str:
    if isinstance(code, int):
        return status_line(code)
    if isinstance(code, str) and _STATUS.fullmatch(code):
        return code
    raise BadAnswer(f"{name_of(fn)} returned the status {code!r}", hint="give a number, or text like '201 Created'")


def _named(value: Any) -> str:
    return "None" if value is None else f"a value of type {type(value).__qualname__}"


def _refusal(exc: Exception) -> Any:
    """The WSGI app that answers for `exc`; None if it is no answer."""
    if isinstance(exc, KitError):
        return problem_of(exc) if exc.status < 500 else None
    if "webob.exc" not in sys.modules:
        return None  # then it is none of these
    from webob.exc import HTTPException, WSGIHTTPException

    if isinstance(exc, WSGIHTTPException) and exc.status_int >= 400 and not exc.has_body:
        return problem_of(exc)
    return exc if isinstance(exc, HTTPException) else None
