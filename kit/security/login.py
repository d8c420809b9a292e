"""Login: who sends this request, found in one of several ways: a session, a bearer token, a remembered browser.

    app = Login(app, by=[session(), bearer(tokens, scheme="Token")], load=users.get)

`environ["kit.user"]` is then the id of the user as a str, or None, and `user_of(environ)` what `load` made of it. The
first way that knows somebody wins; whom `load` does not know (None) is nobody. A page calls `sign_in(environ, id)`
after it has checked the password, and `sign_out(environ)`. With a second factor it calls
`sign_in(environ, id, half=True)` first: `kit.user` stays None, `half_signed_in(environ)` is the id, and
`sign_in(environ, id)` completes it.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [str(environ["kit.user"]).encode()]
>>> site = Login(app, by=[bearer({"t0ps3cret": "ann"}.get)])
>>> call(site, headers={"Authorization": "Bearer t0ps3cret"}).text, call(site).text
('ann', 'None')

Each `sign_in` gives the session a new id (no fixation). Answers to a known user are `no-store` unless the app says
otherwise; signing out clears caches and storage of the browser (`Clear-Site-Data`).
"""

from __future__ import annotations

import time

from kit import audit
from kit.security.ways import bearer, remembered, session
from kit.wsgi import Layer, provided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any
    from wsgiref.types import WSGIEnvironment

    from kit.security.ways import Found, Way

    Pairs = list[tuple[str, str]]

__all__ = [
    "Login",
    "bearer",
    "half_signed_in",
    "remembered",
    "session",
    "sign_in",
    "sign_out",
    "user_of",
]


class Login(Layer):
    """`Login(app, by=[…], load=fn)`: sets `kit.user`. `load(id)` gives the user, or None for who may not come in."""

    provides = ("kit.user", "kit.login")

    def __init__(
        self,
        app: Any,
        *,
        by: Sequence[Way],
        load: Callable[[str], Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(app)
        if not by:
            from kit.errors import ConfigError

            raise ConfigError("Login knows nobody", hint="by=[session()], by=[bearer(tokens)], or both")
        self.by, self.load, self.clock = tuple(by), load, clock
        self.requires = tuple(dict.fromkeys(key for way in by for key in way.requires))
        self.wants = ("HTTP_AUTHORIZATION", "wsgi.url_scheme")

    def before(self, environ: WSGIEnvironment) -> None:
        """Find out who it is."""
        state = environ["kit.login"] = State(self)
        environ["kit.user"] = state.find(environ)

    def head(self, environ: WSGIEnvironment, status: str, headers: Pairs) -> tuple[str, Pairs]:
        """Cookies of `sign_in` and `sign_out`; keep what a known user sees out of caches."""
        state: State = environ["kit.login"]
        headers += state.headers
        if environ["kit.user"] is not None and not any(name.lower() == "cache-control" for name, _ in headers):
            headers.append(("Cache-Control", "no-store"))
        return status, headers


class State:
    """What Login knows about one request; `environ["kit.login"]`."""

    def __init__(self, layer: Login) -> None:
        self.layer = layer
        self.user: Any = None
        #: when the user last proved who it is, in seconds since the epoch; None if that is not known
        self.at: float | None = None
        #: who has shown one factor of two
        self.half: str | None = None
        self.headers: Pairs = []

    def find(self, environ: WSGIEnvironment) -> str | None:
        """The id of the user, by the first way that knows one."""
        for way in self.layer.by:
            found = way.find(environ)
            if found is not None:
                return self._accept(environ, found)
        return None

    def _accept(self, environ: WSGIEnvironment, found: Found) -> str | None:
        if found.half:
            self.half = found.user
            return None
        if not self.admit(found.user, found.at):
            audit.event(environ, "authn_login_fail", reason="unknown user", account=found.user)
            return None
        return found.user

    def admit(self, user: str, at: float | None) -> bool:
        """Load the user; False for one whom `load` does not know."""
        self.user = user if self.layer.load is None else self.layer.load(user)
        self.at = at if self.user is not None else None
        return self.user is not None


def sign_in(environ_or_request: Any, user: str, *, half: bool = False, remember: bool = False) -> None:
    """Make `user` (an id) the user of this session, under a new session id.

    `half` says that one factor of two was shown. `remember` lets the browser come back after the session has ended, if
    `remembered(tokens)` is one of the ways.
    """
    environ, state = _state(environ_or_request)
    now = state.layer.clock()
    for way in state.layer.by:
        state.headers += way.sign_in(environ, user, now, half=half, remember=remember)
    state.half = user if half else None
    if not half:
        state.admit(user, now)
        environ["kit.user"] = user
        audit.event(environ, "authn_login_success", account=user)


def sign_out(environ_or_request: Any) -> None:
    """End the session on the server, and forget the user in the browser."""
    environ, state = _state(environ_or_request)
    if environ["kit.user"] is not None:
        audit.event(environ, "session_logout")
    for way in state.layer.by:
        state.headers += way.sign_out(environ)
    if not hasattr(environ.get("kit.session"), "revoke"):  # kit.sessions does it for its own
        state.headers.append(("Clear-Site-Data", '"cache", "storage"'))
    state.user, state.at, state.half, environ["kit.user"] = None, None, None, None


def half_signed_in(environ_or_request: Any) -> str | None:
    """The id of who has shown the first of two factors in this session, or None."""
    return _state(environ_or_request)[1].half


def user_of(environ_or_request: Any) -> Any:
    """What `load` gave for the user of this request (the id where there is no `load`), or None."""
    return _state(environ_or_request)[1].user


def _state(environ_or_request: Any) -> tuple[WSGIEnvironment, State]:
    from kit.wsgi import environ_of

    state: State = provided(environ_or_request, "kit.login", what="login", layer="kit.security.Login")
    return environ_of(environ_or_request), state
