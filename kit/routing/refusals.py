"""What a router answers when no route does: another slash, HEAD by GET, OPTIONS, 404, 405, 406."""

from __future__ import annotations

from urllib.parse import quote

from kit.http.problem import Problem
from kit.routing.conditions import ANY_VERSION
from kit.routing.redirects import Answer, local, redirect
from kit.routing.template import SAFE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from wsgiref.types import WSGIEnvironment

    from kit.routing.router import Router

__all__ = ["second"]


def second(router: Router, path: str, environ: WSGIEnvironment, missed: Any) -> Any:
    """(route, variables) after all, or an app that answers instead. `missed` is what the matcher found."""
    find, method = router.matcher.find, environ["REQUEST_METHOD"]
    if missed is None:
        other = _other_slash(router, path, environ)
        if other is not None:
            return other
        if router.versions is not None and find(path, None, {**environ, ANY_VERSION: True}) is not None:
            return _no_version(router, path)
        return Problem(404, "There is nothing here.")
    allowed = {*missed[1], "OPTIONS"}
    if "GET" in allowed:
        allowed.add("HEAD")
        if method == "HEAD":
            return find(path, "GET", environ)
    allow = ", ".join(sorted(allowed))
    if method == "OPTIONS":
        return Answer(204, ("Allow", allow))
    return Problem(405, f"This resource takes {allow}.", headers=[("Allow", allow)])


def _other_slash(router: Router, path: str, environ: WSGIEnvironment) -> Any:
    """The route for the same path with a slash more or less at its end, by the policy of that route."""
    other = path[:-1] if path.endswith("/") else path + "/"
    found = None if path.endswith("//") or not other else router.matcher.find(other, None, environ)
    if found is None:
        return None
    slash = found[0].options.get("slash", router.slash)
    if slash == "redirect":
        url = quote(environ.get("SCRIPT_NAME", "").encode("latin-1"), safe=SAFE + "/") + quote(other, safe=SAFE + "/")
        return redirect(308, url, environ) if local(url) else None
    if slash == "ignore":
        found = router.matcher.find(other, environ["REQUEST_METHOD"], environ)
        return found if found and found[0] is not None else second(router, other, environ, found)
    return None


def _no_version(router: Router, path: str) -> Problem:
    """Every route for this path has another version (RFC 9110, 15.5.7)."""
    versions = {each for route in router.routes if route.template.fits(path) for each in route.versions}
    there = ", ".join(sorted(versions))
    vary = [("Vary", router.versions.vary)] if router.versions.vary != "Accept" else []  # a problem says that itself
    return Problem(406, f"The versions of this resource are {there}.", headers=vary)
