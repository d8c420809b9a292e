"""The ways in which Login finds the user: `session()`, `bearer(tokens)`, `remembered(tokens)`.

>>> way = bearer({"t0ps3cret": "ann"}.get, scheme="Token")
>>> way.find({"HTTP_AUTHORIZATION": "Token t0ps3cret"})
Found(user='ann', at=None, half=False)

For a way of your own subclass `Way` and write `find`.
"""

from __future__ import annotations

from typing import NamedTuple

from kit import audit
from kit.security.cookie import cookie_in
from kit.security.tokens import BadToken, Claims, Tokens
from kit.wsgi import provided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any
    from wsgiref.types import WSGIEnvironment

    Pairs = list[tuple[str, str]]

__all__ = ["Found", "Way", "bearer", "remembered", "session"]

_ENTRY = "_login"


class Found(NamedTuple):
    """A user id, when the user last proved it (seconds since the epoch), and whether one of two factors is missing."""

    user: str
    at: float | None = None
    half: bool = False


class Way:
    """One way to know the user; this one knows nobody and keeps nothing."""

    #: environ keys that some layer outside of Login must set
    requires: tuple[str, ...] = ()

    def find(self, environ: WSGIEnvironment) -> Found | None:
        """Who sends this request; None if this way does not know."""
        return None

    def sign_in(self, environ: WSGIEnvironment, user: str, now: float, *, half: bool, remember: bool) -> Pairs:
        """Keep that the user has proved who it is; gives the headers to send."""
        return []

    def sign_out(self, environ: WSGIEnvironment) -> Pairs:
        """Forget the user; gives the headers to send."""
        return []


class session(Way):
    """The user is kept in the session: kit's, whose id is rotated, or any mapping under `key` (Beaker's)."""

    def __init__(self, key: str = "kit.session") -> None:
        self._key = key
        self.requires = (key,)

    def find(self, environ: WSGIEnvironment) -> Found | None:
        """Who signed in in this session."""
        kept = self._session(environ).get(_ENTRY)
        return Found(str(kept[0]), kept[1], kept[2]) if isinstance(kept, list) and len(kept) == 3 else None

    def sign_in(self, environ: WSGIEnvironment, user: str, now: float, *, half: bool, remember: bool) -> Pairs:
        """Rotate the session and write the user into it."""
        kept = self._session(environ)
        if hasattr(kept, "rotate"):
            kept.rotate(owner=None if half else user)
        getattr(kept, "regenerate_id", int)()  # Beaker's
        kept[_ENTRY] = [user, now, half]
        getattr(kept, "save", int)()
        return []

    def sign_out(self, environ: WSGIEnvironment) -> Pairs:
        """End the session on the server."""
        kept = self._session(environ)
        name = next(name for name in ("revoke", "invalidate", "clear") if hasattr(kept, name))
        getattr(kept, name)()
        return []

    def _session(self, environ: WSGIEnvironment) -> Any:
        return provided(environ, self._key, what="session", layer="kit.sessions.Sessions")


class bearer(Way):
    """A token in the header Authorization. `tokens` is a `Tokens` whose data is the user id, or a callable that gives
    the user id for a token, or None (it should look tokens up by a hash, so that its time tells nothing)."""

    def __init__(self, tokens: Tokens | Callable[[str], str | None], *, scheme: str = "Bearer") -> None:
        self._tokens = tokens
        self.scheme = scheme

    def find(self, environ: WSGIEnvironment) -> Found | None:
        """Whose token it is."""
        scheme, _, text = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != self.scheme.lower() or not text.strip():
            return None
        found = _open(self._tokens, text.strip())
        if found is None:
            audit.event(environ, "authn_login_fail", reason="bearer")
        return found


class remembered(Way):
    """A sealed cookie that outlives the session, set by `sign_in(…, remember=True)`. `tokens` is a `Tokens`, whose ttl
    is how long the browser is remembered. Such a user is not fresh: `fresh(minutes)` asks for the password again.

    `since(user)` is when the user last changed the password, or said "sign out everywhere", in seconds since the epoch:
    older cookies are void."""

    def __init__(self, tokens: Tokens, *, since: Callable[[str], float] | None = None) -> None:
        self._tokens, self._since = tokens, since

    def find(self, environ: WSGIEnvironment) -> Found | None:
        """Whom the cookie remembers."""
        text = cookie_in(environ, _cookie(environ))
        found = None if text is None else _open(self._tokens, text)
        if found is None or (self._since is not None and (found.at or 0) < self._since(found.user)):
            return None
        return Found(found.user)

    def sign_in(self, environ: WSGIEnvironment, user: str, now: float, *, half: bool, remember: bool) -> Pairs:
        """Set the cookie, if it is wanted and both factors were shown."""
        return [self._set(environ, self._tokens.make(user), round(self._tokens.ttl))] if remember and not half else []

    def sign_out(self, environ: WSGIEnvironment) -> Pairs:
        """Take the cookie away, and use its token up where the tokens have a store."""
        text = cookie_in(environ, _cookie(environ))
        if text is None:
            return []
        self._tokens.revoke(text)
        return [self._set(environ, "", 0)]

    def _set(self, environ: WSGIEnvironment, value: str, age: int) -> tuple[str, str]:
        name = _cookie(environ)
        secure = "; Secure" if name.startswith("__Host-") else ""
        return "Set-Cookie", f"{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"


def _cookie(environ: WSGIEnvironment) -> str:
    return "__Host-remember" if environ.get("wsgi.url_scheme") == "https" else "remember"


def _open(tokens: Tokens | Callable[[str], str | None], text: str) -> Found | None:
    if not isinstance(tokens, Tokens):
        user = tokens(text)
        return None if user is None else Found(user)
    try:
        claims: Claims = tokens.open(text)
    except BadToken:
        return None
    return Found(claims.data, claims.issued) if isinstance(claims.data, str) else None
