"""Guards for routes and groups: who may do this? What is not plainly allowed is refused.

    router.group("/admin", guard=[signed_in, allowed(policy)])
    router.post("/email", change_email, guard=fresh(10))

A policy is one function, `policy(user, action, thing) -> bool`; only True allows. In a handler, where the object is
at hand, `require(request, policy, "edit", post)` asks it (refusals are 403, or 404 with `hide=True`).

>>> def policy(user, action, thing):
...     return action == "read" or user == thing["owner"]
>>> guard = allowed(policy, thing=lambda request, **args: {"owner": "ann"})
>>> guard({"REQUEST_METHOD": "GET", "kit.user": None})
>>> guard({"REQUEST_METHOD": "POST", "kit.user": "bob"})
Traceback (most recent call last):
kit.errors.Refused: you may not do this

Every refusal is an audit event (`authz_fail`). A policy is given what Login's `load` made, else the id.
"""

from __future__ import annotations

from urllib.parse import quote

from kit import audit
from kit.errors import ConfigError, KitError, Missing, Refused
from kit.http.safe import Redirect
from kit.wsgi import environ_of, provided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any
    from wsgiref.types import WSGIEnvironment

    Policy = Callable[[Any, str, Any], bool]

__all__ = ["NotSignedIn", "allowed", "fresh", "require", "signed_in"]

_ACTIONS = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "POST": "create", "PUT": "update", "PATCH": "update"}


class NotSignedIn(KitError):
    """Nobody is signed in, or not recently enough: 401 (RFC 9110, 15.5.2)."""

    status = 401

    def __init__(self, what: str, scheme: str) -> None:
        super().__init__(what)
        self.headers = [("WWW-Authenticate", scheme)]


class _SignedIn:
    """The guard `signed_in`: 401 for nobody; `signed_in.at("/login")` sends browsers to that page instead."""

    def __init__(self, page: str | None = None, minutes: float | None = None) -> None:
        if page is not None and (not page.startswith("/") or page.startswith("//")):
            raise ConfigError(f"the login page {page!r} is no path of this site", hint="such as '/login'")
        self._page = page
        self._minutes = minutes

    def at(self, page: str) -> _SignedIn:
        """The same guard; a GET for HTML is sent to `page?next=…` (303)."""
        return _SignedIn(page, self._minutes)

    def __call__(self, request: Any, **args: Any) -> Redirect | None:
        environ = environ_of(request)
        if _user_id(environ) is not None and self._is_fresh(environ):
            return None
        why = "not signed in" if environ["kit.user"] is None else "not fresh"
        audit.event(environ, "authz_fail", reason=why)
        if self._page and environ["REQUEST_METHOD"] == "GET" and "text/html" in environ.get("HTTP_ACCEPT", ""):
            path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
            query = environ.get("QUERY_STRING", "")
            target = path + "?" + query if query else path
            return Redirect(f"{self._page}?next={quote(target.encode('latin-1'), safe='/')}")
        raise NotSignedIn("please sign in" if why == "not signed in" else "please sign in again", _scheme(environ))

    def _is_fresh(self, environ: WSGIEnvironment) -> bool:
        if self._minutes is None:
            return True
        state = provided(environ, "kit.login", what="login", layer="kit.security.Login")
        return state.at is not None and state.layer.clock() - state.at <= self._minutes * 60


def fresh(minutes: float) -> _SignedIn:
    """A guard that wants a user who has proved who it is in the last `minutes` (step-up)."""
    if minutes <= 0:
        raise ConfigError(f"fresh({minutes})", hint="minutes above 0")
    return _SignedIn(None, minutes)


class allowed:
    """The guard `allowed(policy)`. The action is the word for the method (read, create, update, delete) unless given;
    the thing is what `thing(request, **args)` finds, else the variables of the route as a dict."""

    def __init__(self, policy: Policy, action: str | None = None, *, thing: Callable[..., Any] | None = None) -> None:
        self._policy, self._action, self._thing = policy, action, thing

    def __call__(self, request: Any, **args: Any) -> None:
        action = self._action or _ACTIONS.get(environ_of(request)["REQUEST_METHOD"], "delete")
        require(request, self._policy, action, self._thing(request, **args) if self._thing else args)


def require(request: Any, policy: Policy, action: str, thing: Any, *, hide: bool = False) -> None:
    """Raise `Refused` unless the policy says True; `Missing` with `hide`, where even that it exists is a secret."""
    environ = environ_of(request)
    user = _user_id(environ)
    state = environ.get("kit.login")
    if policy(user if state is None else state.user, action, thing) is True:
        return
    audit.event(environ, "authz_fail", action=action, thing=type(thing).__name__)
    if hide:
        raise Missing("not found")
    raise Refused("you may not do this")


def _user_id(environ: WSGIEnvironment) -> str | None:
    user: str | None = provided(environ, "kit.user", what="user", layer="kit.security.Login")
    return user


def _scheme(environ: WSGIEnvironment) -> str:
    ways = environ["kit.login"].layer.by if "kit.login" in environ else ()
    return next((way.scheme for way in ways if hasattr(way, "scheme")), "Cookie")


#: the guard itself
signed_in = _SignedIn()
