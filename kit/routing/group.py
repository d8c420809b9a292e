"""Group: a prefix with layers and guards, under which routes are declared. The router itself is the outermost group.

>>> from kit.routing import Router
>>> router = Router()
>>> with router.group("/admin", guard=lambda request: None) as admin:
...     @admin.get("/users/{id:int}", name="user")
...     def user(request, id): ...
>>> router.url("user", id=7)
'/admin/users/7'

Options of a verb, and of a group for all routes in it: `defaults` (further arguments of the handler), `layers`
(outermost first, as in `kit.wsgi.compose`), `guard` (a function of request and route variables, or a list of them,
that raises or returns an answer to refuse).
"""

from __future__ import annotations

from kit.errors import ConfigError
from kit.routing.route import Route, called_from, wsgi
from kit.routing.template import Template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any
    from wsgiref.types import WSGIApplication


__all__ = ["Group"]


class Group:
    """Routes under one prefix. Made by `router.group(…)`; usable with `with`, for the looks of it."""

    def __init__(
        self,
        parent: Group | None,
        prefix: str = "",
        *,
        layers: Sequence[Any] = (),
        guard: Any = None,
        name: str = "",
        defaults: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        if prefix.endswith("/"):
            raise ConfigError(f"the prefix {prefix!r} ends in a slash", hint="the paths in the group begin with one")
        self.parent = parent
        self.prefix: str
        self.names: str
        self.defaults: dict[str, Any]
        self.options: dict[str, Any]
        #: the router to which the group belongs
        self.router: Any = parent.router if parent else self
        self.prefix = (parent.prefix if parent else "") + prefix
        self.layers = tuple(layers)
        self.guards = _guards(guard)
        self.names = (parent.names if parent else "") + name
        self.defaults = {**(parent.defaults if parent else {}), **(defaults or {})}
        self.options = {**(parent.options if parent else {}), **options}
        #: the layers of the group around what leads on to its routes; built at assembly
        self.stack: Any = None

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to close: the routes are in the table already."""

    def group(self, prefix: str = "", *, layers: Sequence[Any] = (), guard: Any = None, **options: Any) -> Group:
        """A group inside this one: paths, route names (`name="admin:"` is a prefix) and options add up, layers nest."""
        return Group(self, prefix, layers=layers, guard=guard, **options)

    def get(self, path: str, fn: Any = None, /, **options: Any) -> Any:
        """Answer GET, and HEAD where no route of its own does; `fn` is a handler function or `wsgi(app)`.

        Without `fn`, a decorator. Options: `name`, and those in the module's text. Returns `fn`.
        """
        return self.route(path, fn, methods=("GET",), **options)

    def post(self, path: str, fn: Any = None, /, **options: Any) -> Any:
        """Answer POST; see `get`."""
        return self.route(path, fn, methods=("POST",), **options)

    def put(self, path: str, fn: Any = None, /, **options: Any) -> Any:
        """Answer PUT; see `get`."""
        return self.route(path, fn, methods=("PUT",), **options)

    def patch(self, path: str, fn: Any = None, /, **options: Any) -> Any:
        """Answer PATCH; see `get`."""
        return self.route(path, fn, methods=("PATCH",), **options)

    def delete(self, path: str, fn: Any = None, /, **options: Any) -> Any:
        """Answer DELETE; see `get`."""
        return self.route(path, fn, methods=("DELETE",), **options)

    def any(self, path: str, fn: Any = None, /, **options: Any) -> Any:
        """Answer every method; see `get`."""
        return self.route(path, fn, methods=None, **options)

    def route(self, path: str, fn: Any = None, /, *, methods: Iterable[str] | None, **options: Any) -> Any:
        """Answer these methods (None: all); see `get`."""
        names = _methods(methods)
        if fn is not None:
            self._add(path, fn, names, **options)
            return fn

        def declare(fn: Any) -> Any:
            self._add(path, fn, names, **options)
            return fn

        return declare

    def mount(self, prefix: str, app: WSGIApplication, *, name: str | None = None, **options: Any) -> None:
        """Give everything at and below `prefix` to a WSGI app: the prefix moves from PATH_INFO to SCRIPT_NAME.

        With a name, and if the app is a `Router`, `url("name:route")` reaches its routes.
        """
        if not callable(app):
            raise ConfigError(
                f"{app!r} is no WSGI app", hint="mount a function or object that takes (environ, start_response)"
            )
        prefix = prefix.rstrip("/")
        if prefix:
            self._add(prefix, wsgi(app), None, name=name, mount=True, **options)
        self._add(prefix + "/{_rest:rest}", wsgi(app), None, name=None if prefix else name, mount=True, **options)

    def include(self, prefix: str, other: Group, *, name: str = "", **options: Any) -> None:
        """Declare the routes that another router has by now once more, under `prefix`, with `name` before their names.

        Its groups' layers and guards come along. For an app of its own, with its own errors and URLs, use `mount`.
        """
        copies: dict[Group, Group] = {}
        for route in other.router.routes:
            self._copy(route.group, other, prefix, name, options, copies)._take(route)

    def _copy(
        self, group: Group, top: Group, prefix: str, name: str, options: dict[str, Any], copies: dict[Group, Group]
    ) -> Group:
        """The group here that stands for `group` there."""
        if group not in copies:
            if group.parent is None:
                copies[group] = Group(self, prefix, layers=group.layers, guard=group.guards, name=name, **options)
            else:
                outer = self._copy(group.parent, top, prefix, name, options, copies)
                copies[group] = Group(outer, layers=group.layers, guard=group.guards)
        return copies[group]

    def _take(self, route: Route) -> None:
        """Declare a route of another router here."""
        self._add(
            route.path,
            route.endpoint,
            route.methods,
            name=route.name,
            mount=route.mount,
            defaults=route.defaults,
            layers=route.layers,
            guard=route.guards,
            where=route.where,
            converters={**route.group.router.converters, **self.router.converters},
            **route.options,
        )

    def resource(self, singular: str, plural: str, controller: Any, /, **options: Any) -> Group:
        """Declare a REST resource: the functions that `controller` has, of index, new, create, show, edit, update,
        delete.

        `key="id:int"` is the variable; `only` and `without` choose among the functions; all else is for the routes.
        Returns the group for nested resources, in which the variable is called `post_id`. See kit.routing.resources.
        """
        from kit.routing.resources import declare

        return declare(self, singular, plural, controller, **options)

    def redirect(self, path: str, to: str, *, status: int = 308, **options: Any) -> None:
        """Redirect all methods, variables and query kept: `redirect("/old/{id}", "/new/{id}")`; `to` may be a route's
        name.

        The status 308 keeps the method of the request (RFC 9110, 15.4.9); 301, 302, 303 and 307 are the others.
        """
        from kit.routing.redirects import Moved

        converters = self.router.converters
        self._add(path, wsgi(Moved(Template(self.prefix + path, converters), to, status, converters)), None, **options)

    def link(self, name: str, url: str) -> None:
        """A route that only writes URLs: a path that another app answers, or `https://cdn.example.com/{file:path}`."""
        scheme, external, rest = url.partition("://")
        if not external:
            return self._add(url, None, frozenset(), name=name)
        host, slash, path = rest.partition("/")
        return self._add(slash + path, None, frozenset(), name=name, prefix="", host=host, scheme=scheme)

    def _add(self, path: str, fn: Any, methods: frozenset[str] | None, **options: Any) -> None:
        router, given = self.router, {**self.options, **options}
        name, mount, where = given.pop("name", None), given.pop("mount", False), given.pop("where", None)
        defaults, layers, guard = given.pop("defaults", None), given.pop("layers", ()), given.pop("guard", None)
        prefix, converters = given.pop("prefix", self.prefix), given.pop("converters", router.converters)
        unknown = sorted(set(given) - _OPTIONS)
        if unknown:
            raise TypeError(f"a route takes no option {unknown[0]!r}; there are {', '.join(sorted(_OPTIONS))}")
        host, condition = router.conditions(given)
        route = Route(
            Template(prefix + path, converters),
            fn,
            methods=methods,
            name=None if name is None else self.names + name,
            group=self,
            defaults={**self.defaults, **(defaults or {})},
            layers=layers,
            guards=_guards(guard),
            where=where or called_from(),
            mount=mount,
            host=host,
            condition=condition,
            options=given,
        )
        router.add(route)


#: of a route, besides name, defaults, layers and guard
_OPTIONS = frozenset(("host", "scheme", "slash", "subdomain", "version"))


def _guards(guard: Any) -> tuple[Any, ...]:
    guards = () if guard is None else tuple(guard) if isinstance(guard, (list, tuple)) else (guard,)
    for each in guards:
        if not callable(each):
            raise ConfigError(
                f"the guard {each!r} is no function", hint="give a function of (request, **route variables)"
            )
    return guards


def _methods(methods: Iterable[str] | None) -> frozenset[str] | None:
    if methods is None:
        return None
    if isinstance(methods, str) or not all(name.isupper() for name in methods):
        raise ConfigError(
            f"methods={methods!r} is no list of methods", hint='write methods=("GET", "POST"), in capitals'
        )
    return frozenset(methods)
