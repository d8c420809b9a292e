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

from kit.errors import KitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from wsgiref.types import WSGIEnvironment

    from kit.routing.route import Route
    from kit.routing.router import Router

__all__ = ["NoRoute", "NoUrl", "Urls", "path_of"]


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
        if self._outer is not None and not self._router.has(name):
            url: str = self._outer(name, **args)
            return url
        script = self._environ.get("SCRIPT_NAME", "")
        return self._router.url(name, _script=quote(script.encode("latin-1"), safe="/!$&'()*+,;=:@~"), **args)


def path_of(route: Route, args: dict[str, Any]) -> str:
    """Path and query of a route."""
    values = {name: value for name, value in args.items() if value is not None}
    try:
        path = route.template.build(values)
    except KeyError as exc:
        what = f"the route {route.name or route.path!r} needs {exc.args[0]!r}"
        raise NoUrl(what, hint=f"its path is {route.path}") from None
    except (TypeError, ValueError, AttributeError) as exc:
        what = f"the route {route.name or route.path!r} takes no such value: {exc}"
        raise NoUrl(what, hint=f"its path is {route.path}") from exc
    query = {name: value for name, value in values.items() if name not in route.template.names}
    return path + ("?" + urlencode(query, doseq=True) if query else "") or "/"
