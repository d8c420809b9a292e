"""Write URLs: a route's name and values in, a path out.

>>> from kit.routing import Router
>>> router = Router(origin="https://example.com")
>>> router.get("/posts/{id:int}", lambda id: "", name="post")  # doctest: +ELLIPSIS
<function ...>
>>> router.url("post", id=7, page=2, tag=["a b", "c"])
'/posts/7?page=2&tag=a+b&tag=c'
>>> router.url("post", id=7, _anchor="end", _external=True)
'https://example.com/posts/7#end'
>>> router.url("pots", id=7)
Traceback (most recent call last):
kit.routing.urls.NoRoute: no route is called 'pots': did you mean 'post'?

What is no variable of the path goes to the query string, None is left out, lists are repeated.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from kit.errors import ConfigError, KitError
from kit.routing.template import SAFE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from wsgiref.types import WSGIEnvironment

    from kit.routing.route import Route
    from kit.routing.router import Router

__all__ = ["NoRoute", "NoUrl", "Urls", "url_of"]


class NoRoute(KitError, LookupError):
    """No route has this name."""


class NoUrl(KitError, ValueError):
    """The route exists, but these values make no URL of it."""


class Urls:
    """`environ["kit.url"]`: URLs below where the router is mounted; unknown names go to the router outside."""

    __slots__ = ("_environ", "_outer", "_router")

    def __init__(self, router: Router, environ: WSGIEnvironment, outer: Any) -> None:
        self._router, self._environ, self._outer = router, environ, outer

    def __call__(self, name: str, /, **args: Any) -> str:
        """The URL of the route called `name`; see `Router.url`."""
        if self._outer is not None and self._router.named(name) is None:
            url: str = self._outer(name, **args)
            return url
        script = self._environ.get("SCRIPT_NAME", "")
        return self._router.url(name, _script=quote(script.encode("latin-1"), safe=SAFE + "/"), **args)


def url_of(router: Router, name: str, args: dict[str, Any], script: str, external: bool) -> str:
    """The URL of the route called `name`, below `script`; see `Router.url`."""
    route = router.named(name)
    if route is None:
        from difflib import get_close_matches

        close = get_close_matches(name, [route.name for route in router.routes if route.name], 1)
        raise NoRoute(
            f"no route is called {name!r}", hint=f"did you mean {close[0]!r}?" if close else "give one name=…"
        )
    values = {key: value for key, value in args.items() if value is not None}
    try:
        path = route.template.build(values)
        start = _start(router, route, values, external)
    except KeyError as exc:
        what = f"the route {name!r} needs {exc.args[0]!r}"
        raise NoUrl(what, hint=f"its path is {route.path}") from None
    except ConfigError:
        raise
    except (TypeError, ValueError, AttributeError) as exc:
        what = f"the route {name!r} takes no such value: {exc}"
        raise NoUrl(what, hint=f"its path is {route.path}") from exc
    rest = {key: value for key, value in values.items() if key not in route.names}
    if route.mount and name != route.name:
        inner = _mounted(route)
        url: str = start + inner.url(name.partition(":")[2], _script=script + path, **rest)
        return url
    script = "" if route.endpoint is None and start else script
    return start + (script + path or "/") + ("?" + urlencode(rest, doseq=True) if rest else "")


def _start(router: Router, route: Route, args: dict[str, Any], external: bool) -> str:
    """Scheme and host: of the route's own host, or the router's origin, where they are wanted."""
    scheme = route.options.get("scheme")
    if route.host is not None:
        scheme = scheme or (router.origin or "").partition("://")[0]
        return (scheme and scheme + ":") + "//" + route.host.build(args)
    if not external:
        return ""
    if router.origin is None:
        raise ConfigError("an external URL needs the origin", hint='Router(origin="https://example.com")')
    return (scheme or router.origin.partition("://")[0]) + "://" + router.origin.partition("://")[2]


def _mounted(route: Route) -> Any:
    """The router below a mount, which layers may surround."""
    app = getattr(route.endpoint, "app", None)
    while app is not None and not callable(getattr(app, "url", None)):
        app = getattr(app, "app", None)
    if app is None:
        raise NoRoute(f"{route!r} mounts no router", hint="write its URLs by hand, below the URL of the mount")
    return app
