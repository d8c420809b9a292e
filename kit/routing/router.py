"""Router: a WSGI app that finds the handler for a URL and a method.

>>> from kit.testing import call
>>> router = Router()
>>> @router.get("/posts/{id:int}", name="post")
... def show(request, id):
...     return {"id": id, "next": request.environ["kit.url"]("post", id=id + 1)}
>>> call(router, "/posts/7").json()
{'id': 7, 'next': '/posts/8'}
>>> call(router, "/posts/x").status, call(router, "/posts/7", method="PUT").headers["Allow"]
(404, 'GET, HEAD, OPTIONS')

Of several routes that fit a URL, the one with the longest literal text before its first variable answers, and of those
the first declared: the rule of Routes' Mapper, to which the table lowers (`router.mapper`). HEAD is answered by GET,
OPTIONS with the methods there are, unless a route does. A path that is no UTF-8, holds control characters or dot
segments is 400.
"""

from __future__ import annotations

import re
from threading import RLock
from urllib.parse import quote

from kit.errors import ConfigError, KitError, Malformed
from kit.http.problem import problem_of
from kit.routing.assembly import ROUTE, assemble, mounts
from kit.routing.group import Group
from kit.routing.lower import ranked
from kit.routing.matchers import MATCHERS
from kit.routing.template import SAFE
from kit.routing.urls import Urls, url_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any
    from wsgiref.types import StartResponse, WSGIEnvironment

    from kit.routing.conditions import Host
    from kit.routing.report import Finding
    from kit.routing.route import Route
    from kit.routing.rules import Condition

__all__ = ["Frozen", "Router"]

_CONTROL = re.compile("[\x00-\x1f\x7f]")
_DOTS = re.compile(r"/\.\.?(?:/|\Z)")


class Frozen(KitError):
    """A route was declared after the router had been frozen."""


class TooLong(Malformed):
    """The path is longer than the router's `max_path`: 414 (RFC 9110, 15.5.15)."""

    status = 414


class Router(Group):
    """The table of routes, and the WSGI app that dispatches by it.

    - `converters`: further converters by name (kit.routing.converters)
    - `origin`: what external URLs begin with, "https://example.com"
    - `slash`: where a path differs from a route's by a slash at its end: "redirect" (308), "ignore" or "strict"
    - `versions`: how a request names its version (kit.routing.conditions)
    - `matcher`: "compiled", "mapper" or a factory of your own (kit.routing.matchers)
    - `check`: what `freeze` does with faults in the table: "warn", "error", "strict" (ambiguities too) or "off"
    - `max_path`: longer paths, in characters, are 414

    and those of a group: `layers`, `guard`, `defaults`.
    """

    def __init__(
        self,
        *,
        converters: Mapping[str, Any] | None = None,
        origin: str | None = None,
        slash: str = "redirect",
        versions: Any = None,
        matcher: Any = "compiled",
        check: str = "warn",
        max_path: int = 8192,
        layers: Sequence[Any] = (),
        guard: Any = None,
        defaults: dict[str, Any] | None = None,
    ) -> None:
        self.converters = dict(converters or {})
        super().__init__(None, layers=layers, guard=guard, defaults=defaults)
        if origin is not None and not re.fullmatch(r"https?://[^/?#@\s]+", origin):
            raise ConfigError(f"the origin {origin!r} is none", hint="write a scheme and a host: https://example.com")
        _one_of("slash", slash, ("redirect", "ignore", "strict"))
        _one_of("check", check, ("warn", "error", "strict", "off"))
        self.origin, self.slash, self.versions, self.check, self.max_path = origin, slash, versions, check, max_path
        self._make: Any = MATCHERS.get(matcher, matcher) if isinstance(matcher, str) else matcher
        if not callable(self._make):
            raise ConfigError(f"no matcher is called {matcher!r}", hint="there are " + ", ".join(MATCHERS))
        self._routes: list[Route] = []
        self._names: dict[str, Route] = {}
        self._conditions: dict[Any, tuple[Host | None, Condition | None]] = {}
        self._frozen = False
        self._lock = RLock()
        self._built: Any = None  # the matcher, once the table is assembled

    # ---- the table

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes, as declared."""
        return tuple(self._routes)

    @property
    def mounts(self) -> list[tuple[str, Any]]:
        """Paths and the apps behind them, where there is something to look into: `kit.wsgi.chain` does."""
        self.matcher  # noqa: B018  assembles
        return mounts(self._routes)

    @property
    def matcher(self) -> Any:
        """The matcher, made when it is first asked for, and again after a change of the table."""
        built = self._built
        if built is None:
            with self._lock:
                if self._built is None:
                    assemble(self._routes, self.versions)
                    self._built = self._make([route for run in ranked(self._routes) for route in run if route.endpoint])
                built = self._built
        return built

    @property
    def mapper(self) -> Any:
        """The table as a `routes.Mapper`; `mapper.matchlist[i].kit` is the route of kit. Needs the extra `routing`."""
        from kit.routing.lower import mapper_of

        return mapper_of(route for route in self._routes if route.endpoint)

    def add(self, route: Route) -> None:
        """Take a route into the table; the verbs do this."""
        with self._lock:
            if self._frozen:
                raise Frozen(f"{route!r} comes too late", hint="declare all routes before compose() freezes the router")
            same = self._names.get(route.name or "")
            if route.methods and "slash" in route.options:
                _one_of("slash", route.options["slash"], ("redirect", "ignore", "strict"))
            if same is not None and same.path != route.path:
                raise ConfigError(
                    f"{route!r} is called {route.name!r}, as is {same!r}", hint="give each path its own name"
                )
            if route.name is not None and same is None:
                self._names[route.name] = route
            self._routes.append(route)
            self._built = None

    def conditions(self, options: dict[str, Any]) -> tuple[Host | None, Condition | None]:
        """The host and the condition that these options of a route ask for; the same ones for the same options."""
        host, subdomain, scheme = (options.get(name) for name in ("host", "subdomain", "scheme"))
        version = options.get("version") or ()
        key = host, subdomain, scheme, frozenset([version] if isinstance(version, str) else version)
        if key == (None, None, None, frozenset()):
            return None, None
        if key not in self._conditions:
            from kit.routing.conditions import Host, conditions_of

            if subdomain is not None and (host is not None or self.origin is None):
                raise ConfigError(
                    "a subdomain needs the origin, and no host", hint='Router(origin="https://example.com")'
                )
            if subdomain is not None:
                host = f"{subdomain}.{(self.origin or '').partition('://')[2]}"
            where = None if host is None else Host(host)
            self._conditions[key] = where, conditions_of(where, scheme, key[3], self.versions)
        return self._conditions[key]

    def freeze(self) -> None:
        """Refuse further routes, and assemble: mistakes in handlers show now. `kit.wsgi.compose` calls this."""
        self._frozen = True
        self.matcher  # noqa: B018  assembles
        if self.check != "off":
            from kit.routing.report import announce

            announce(self, self.check)

    def report(self) -> list[Finding]:
        """Duplicate, dead, ambiguous and dangerous routes; see kit.routing.report."""
        from kit.routing.report import report

        return report(self)

    def openapi(self) -> dict[str, Any]:
        """The table as the `paths` of an OpenAPI document; see kit.routing.openapi."""
        from kit.routing.openapi import openapi_paths

        return openapi_paths(self)

    def explain(self, method: str, url: str, **environ: str) -> str:
        """Why this URL goes where it goes, line by line; see kit.routing.explain."""
        from kit.routing.explain import explain

        return explain(self, method, url, environ)

    # ---- URLs

    def named(self, name: str) -> Route | None:
        """The route of this name, or the mount whose name stands before the colon; None if there is none."""
        return self._names.get(name) or self._names.get(name.partition(":")[0])

    def url(self, name: str, /, *, _anchor: str = "", _external: bool = False, _script: str = "", **args: Any) -> str:
        """The URL of the route called `name` with these values; what is no variable goes to the query.

        `_external` puts the router's `origin` before it, `_anchor` a fragment behind it, `_script` is where the router
        is mounted. "mount:name" asks the router that is mounted under the first name. A route with a host gives a
        whole URL. Raises `NoRoute` for an unknown name, `NoUrl` for an absent or unfitting value.
        """
        return url_of(self, name, args, _script, _external) + (
            "#" + quote(_anchor, safe=SAFE + "/?") if _anchor else ""
        )

    # ---- requests

    def match(self, method: str | None, path: str, environ: Any = None) -> tuple[Route, dict[str, Any]] | None:
        """The route and its variables for a decoded path; None if there is none. The method None fits every route."""
        found = self.matcher.find(path, method, environ)
        return found if found is not None and found[0] is not None else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        path = environ.get("PATH_INFO") or "/"
        if not path.isascii() or not path.isprintable() or "/." in path or len(path) > self.max_path:
            try:
                path = self._decoded(path)
            except Malformed as exc:
                return problem_of(exc)(environ, start_response)
        found = (self.matcher if self._built is None else self._built).find(path, environ["REQUEST_METHOD"], environ)
        if found is None or found[0] is None:
            from kit.routing.refusals import second  # a table whose every request is found never loads it

            found = second(self, path, environ, found)
            if callable(found):
                answer: Iterable[bytes] = found(environ, start_response)
                return answer
        environ["kit.url"] = Urls(self, environ, environ.get("kit.url"))
        environ["wsgiorg.routing_args"] = ((), found[1])
        environ[ROUTE] = route = found[0]
        body: Iterable[bytes] = route.app(environ, start_response)
        return body

    def _decoded(self, path: str) -> str:
        """The path in UTF-8; an error for one that no client sends in good faith."""
        if len(path) > self.max_path:
            raise TooLong(f"the path has more than {self.max_path} characters")
        try:
            path = path.encode("latin-1").decode()
        except UnicodeError:
            raise Malformed("the path is not in UTF-8") from None
        if _CONTROL.search(path) or _DOTS.search(path):
            raise Malformed("the path has control characters or dot segments")
        return path


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigError(f"{name}={value!r} is none of the choices", hint=f"there are {', '.join(known)}")
