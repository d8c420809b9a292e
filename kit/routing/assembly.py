"""Put the app of every route together: handler, guards, layers, group by group; done once, before the first request.

A group's layers are built once, around a `Fork` that leads on to the route that was found. So a layer in a group is one
object however many routes there are, and `kit.wsgi.check` sees it.
"""

from __future__ import annotations

from kit.http import handler
from kit.http.signature import Signature
from kit.routing.route import wsgi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from kit.routing.group import Group
    from kit.routing.route import Route

__all__ = ["ROUTE", "assemble", "mounts"]

#: the environ key under which the matched route travels; private to this package
ROUTE = "kit.routing.route"


def assemble(routes: Iterable[Route], versions: Any = None) -> None:
    """Set `app` of each route that has none yet."""
    for route in routes:
        if route.app is None and route.endpoint is not None:
            route.app = _outside(route, _endpoint(route))
            if versions and route.versions:
                from kit.routing.conditions import Varies

                route.app = Varies(route.app, header=versions.vary)


def mounts(routes: Iterable[Route]) -> list[tuple[str, WSGIApplication]]:
    """What is worth looking into: mounted apps, groups and routes with layers, each once, with its path."""
    found: dict[int, tuple[str, WSGIApplication]] = {}
    for route in routes:
        if route.inside or route.layers or isinstance(route.endpoint, wsgi):
            found.setdefault(id(route.app), (route.path.removesuffix("/{_rest:rest}"), route.app))
    return list(found.values())


def _endpoint(route: Route) -> Any:
    names = (*route.names, *route.defaults)
    if not isinstance(route.endpoint, wsgi):
        return handler(route.endpoint, variables=names)
    return Mounted(route.endpoint.app) if route.mount else route.endpoint.app


def _outside(route: Route, app: Any) -> Any:
    app = _layered(route.layers, _guarded(route.guards, app))
    group: Group | None = route.group
    while group is not None:
        app = _guarded(group.guards, app)
        if group.layers:
            if group.stack is None:
                group.stack = _layered(group.layers, Fork(group))
            route.inside[group] = app
            app = group.stack
        group = group.parent
    return app


def _layered(layers: Iterable[Callable[[Any], Any]], app: Any) -> Any:
    for factory in reversed(tuple(layers)):
        app = factory(app)
    return app


def _guarded(guards: Iterable[Callable[..., Any]], app: Any) -> Any:
    for guard in reversed(tuple(guards)):
        outer = handler(_Guard(guard, app))
        setattr(outer, "__wrapped__", app)  # noqa: B010  kit.wsgi.chain looks through it
        app = outer
    return app


class _Guard:
    """A handler that answers what the guard answers, else with the app inside."""

    def __init__(self, guard: Callable[..., Any], app: WSGIApplication) -> None:
        signature = Signature(guard)
        self._guard, self._app = guard, app
        self._names = None if signature.open else {*signature.positional, *signature.named_only}

    def __call__(self, request: Any, /, **args: Any) -> Any:
        if self._names is not None:
            args = {name: value for name, value in args.items() if name in self._names}
        answer = self._guard(request, **args)
        return self._app if answer is None else answer


class Fork:
    """The app inside a group's layers: it goes on with the route that was found."""

    def __init__(self, group: Group) -> None:
        self._group = group

    @property
    def mounts(self) -> list[tuple[str, WSGIApplication]]:
        """The apps of the group's routes, for `kit.wsgi.chain`."""
        inner = [route for route in self._group.router.routes if self._group in route.inside]
        return [
            (route.path, route.inside[self._group])
            for route in inner
            if route.layers or isinstance(route.endpoint, wsgi)
        ]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Go on (PEP 3333)."""
        answer: Iterable[bytes] = environ[ROUTE].inside[self._group](environ, start_response)
        return answer


class Mounted:
    """An app below a prefix: it gets an environ of its own, in which the prefix belongs to SCRIPT_NAME."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve the app (PEP 3333, "URL Reconstruction")."""
        inner = dict(environ)
        args = dict(environ["wsgiorg.routing_args"][1])
        rest = args.pop("_rest", None)
        path = environ.get("PATH_INFO", "") or "/"
        below = "" if rest is None else "/" + rest.encode().decode("latin-1")
        inner["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + path.removesuffix(below)
        inner["PATH_INFO"] = below
        inner["wsgiorg.routing_args"] = ((), args)
        return self.app(inner, start_response)
