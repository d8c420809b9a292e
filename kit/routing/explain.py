"""Why does this URL go where it goes? The candidates in order of rank, each with the reason that it was passed over.

>>> from kit.routing import Router
>>> router = Router()
>>> router.get("/posts/{id:int}", lambda id: "", name="post")  # doctest: +ELLIPSIS
<function ...>
>>> print(router.explain("GET", "/posts/new"))  # doctest: +ELLIPSIS
GET /posts/new
- GET /posts/{id:int} (...:1): 'new' is no int (id)
404 Not Found
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from kit.routing.conditions import host_of
from kit.routing.lower import ranked
from kit.routing.template import Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit.routing.route import Route
    from kit.routing.router import Router

__all__ = ["explain"]

_NEAR = 12  # so many candidates are named


def explain(router: Router, method: str, url: str, environ: dict[str, str]) -> str:
    """The explanation. `url` is as on the wire; `environ` are further keys of the request, HTTP_HOST for example."""
    path = unquote(url.partition("?")[0]) or "/"
    request = {"wsgi.url_scheme": "http", **environ, "REQUEST_METHOD": method}
    found = router.match(method, path, request) or (router.match("GET", path, request) if method == "HEAD" else None)
    lines, passed = [f"{method} {path}"], 0
    for route in (route for run in ranked(router.routes) for route in run if route.endpoint is not None):
        if found is not None and route is found[0]:
            lines += _arrival(route, found[1])
            break
        why = _reason(route, method, path, request)
        if why and len(lines) <= _NEAR:
            lines.append(f"- {route.verbs} {route.path} ({route.where}): {why}")
        passed += not why
    else:
        lines.append(_end(router, path, request))
    if passed:
        lines.insert(1, f"({passed} routes with other literal text passed over)")
    return "\n".join(lines)


def _arrival(route: Route, args: dict[str, Any]) -> list[str]:
    lines = [f"= {route.verbs} {route.path} ({route.where})", f"  variables: {args}"]
    crossed: list[Any] = [*route.layers, *(f"guard {_name(guard)}" for guard in route.guards)]
    group = route.group
    while True:
        crossed = [*group.layers, *(f"guard {_name(guard)}" for guard in group.guards), *crossed]
        if group.parent is None:
            break
        group = group.parent
    lines += [f"  through: {each if isinstance(each, str) else 'layer ' + _name(each)}" for each in crossed]
    return [*lines, f"  handler: {_name(route.endpoint)}"]


def _name(thing: Any) -> str:
    thing = getattr(thing, "app", thing)
    thing = getattr(thing, "func", thing)
    while hasattr(thing, "__wrapped__"):
        thing = thing.__wrapped__
    code = getattr(thing, "__code__", None)
    name = getattr(thing, "__qualname__", type(thing).__qualname__)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name


def _reason(route: Route, method: str, path: str, environ: dict[str, str]) -> str:
    """Why a route does not take a request; "" if its literal text alone says so."""
    match = re.fullmatch(route.template.pattern, path)
    if match is None:
        return _misfit(route, path)
    for variable in route.template.variables:
        try:
            variable.converter.parse(match[variable.name])
        except ValueError as exc:
            return f"{match[variable.name]!r} is no {variable.text} ({variable.name}): {exc}"
    if route.methods is not None and method not in route.methods:
        return "another method"
    if route.host and not route.host.match(host_of(environ)):
        return f"another host than {host_of(environ)!r}"
    if route.options.get("scheme") not in (None, environ["wsgi.url_scheme"]):
        return f"another scheme than {environ['wsgi.url_scheme']}"
    return "another version" if route.versions else "an earlier route is its equal"


def _misfit(route: Route, path: str) -> str:
    """The first variable that does not take its segment, if all literal segments are right."""
    loose = "".join(f"(?P<{p.name}>[^/]*)" if isinstance(p, Variable) else re.escape(p) for p in route.template.parts)
    match = None if route.template.crosses else re.fullmatch(loose, path)
    if match is None:
        other = path[:-1] if path.endswith("/") else path + "/"
        return "differs by a slash at the end" if re.fullmatch(route.template.pattern, other) else ""
    for variable in route.template.variables:
        if not re.fullmatch(variable.converter.pattern, match[variable.name]):
            return f"{match[variable.name]!r} is no {variable.text or 'text'} ({variable.name})"
    return ""


def _end(router: Router, path: str, environ: dict[str, str]) -> str:
    """What the router answers without a route."""
    from kit.routing.refusals import second

    missed = router.matcher.find(path, environ["REQUEST_METHOD"], environ)
    answer = second(router, path, environ, missed)
    if hasattr(answer, "status_line"):
        return str(answer.status_line)
    location = dict(answer.headers).get("Location") if hasattr(answer, "headers") else None
    return f"{answer.status} {location or ''}".rstrip()
