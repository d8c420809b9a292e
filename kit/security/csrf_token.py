"""`environ["kit.csrf"]`: the callable that draws a token, and the two places that its secret can belong to.

>>> session = {}
>>> token = Token(SessionSecret("kit.session"), {"kit.session": session})
>>> one, two = token(), token()
>>> one != two, token.matches(one), token.matches(two), token.matches("x" * 86)
(True, True, True, False)

A secret is 32 bytes that an attacker does not know: derived from `session.tag` (which changes when the session is
rotated, so a login ends all older tokens), kept in a session that has no tag (Beaker's, a dict), or sealed in a
cookie of its own.
"""

from __future__ import annotations

import hashlib
import secrets

from kit.security.cookie import cookie_in
from kit.security.masked import SIZE, TOKEN, mask, matches
from kit.security.nonce import TooLate
from kit.wsgi import provided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol
    from wsgiref.types import WSGIEnvironment

    from kit.seal import KeyRing

    class Secret(Protocol):
        """Where the secret of this browser is kept."""

        def find(self, environ: WSGIEnvironment) -> bytes | None:
            """The secret that came with the request, if any; makes and writes nothing."""

        def make(self, environ: WSGIEnvironment) -> tuple[bytes, str | None]:
            """A secret, where `find` found none, and the cookie to set, if there is one to set."""


_FIELD = "_csrf"

__all__ = ["CookieSecret", "SessionSecret", "Token"]


class Token:
    """Draws masked tokens. After the head has left, one of a session or cookie that is known can still be drawn (on an
    error page, say); one that would have to start a session raises `TooLate`."""

    __slots__ = ("_environ", "_fresh", "_place", "_sealed", "cookie", "drawn")

    def __init__(self, place: Secret, environ: WSGIEnvironment) -> None:
        self._place = place
        self._environ = environ
        self._sealed = False
        self._fresh: bytes | None = None
        #: whether a token was drawn for this response
        self.drawn = False
        #: the Set-Cookie that must go with the token
        self.cookie: str | None = None

    def __call__(self) -> str:
        if self._fresh is not None:
            return mask(self._fresh)
        known = self._place.find(self._environ)  # asked for each time: the session may be rotated in between
        if known is None:
            if self._sealed and not self.drawn:
                hint = "draw it before the first byte"
                raise TooLate("a first CSRF token was drawn after the head of the response had left", hint=hint)
            known, self.cookie = self._place.make(self._environ)
            self._fresh = known if self.cookie else None
        self.drawn = True
        return mask(known)

    def __repr__(self) -> str:
        return "<CSRF token, drawn>" if self.drawn else "<CSRF token, not drawn>"

    def matches(self, token: str) -> bool:
        """Whether `token` belongs to the browser of this request."""
        if not TOKEN.fullmatch(token):
            return False
        secret = self._place.find(self._environ)
        return secret is not None and matches(token, secret)

    def seal(self) -> bool:
        """Called at the head: whether a token was drawn; from now on none can be."""
        self._sealed = True
        return self.drawn


class SessionSecret:
    """The secret of the session in `environ[key]`."""

    def __init__(self, key: str) -> None:
        self._key = key

    def find(self, environ: WSGIEnvironment) -> bytes | None:
        """From the tag of a session that was there already; from a new one there is nothing to find."""
        session = self._session(environ)
        if hasattr(type(session), "tag"):
            return None if session.new else _derive(session.tag)
        kept = session.get(_FIELD)
        return _derive(kept) if isinstance(kept, str) else None

    def make(self, environ: WSGIEnvironment) -> tuple[bytes, str | None]:
        """From the tag, which starts the session; or a new entry in a session without tags."""
        session = self._session(environ)
        if hasattr(type(session), "tag"):
            return _derive(session.tag), None
        session[_FIELD] = secrets.token_urlsafe(SIZE)
        getattr(session, "save", int)()  # Beaker forgets what is not saved
        return _derive(session[_FIELD]), None

    def _session(self, environ: WSGIEnvironment) -> Any:
        return provided(environ, self._key, what="session", layer="kit.sessions.Sessions, or give Csrf keys=…,")


class CookieSecret:
    """A secret of the browser alone, sealed in a cookie: for applications without sessions."""

    def __init__(self, keys: KeyRing) -> None:
        from kit.seal import Sealer

        self._sealer = Sealer(keys, "csrf-cookie")

    def find(self, environ: WSGIEnvironment) -> bytes | None:
        """What the cookie holds, if it is one of ours."""
        from kit.seal import BrokenSeal

        name = _cookie_name(environ)
        text = cookie_in(environ, name)
        if not text or len(text) > 200:
            return None
        try:
            return self._sealer.open(text, bound=name.encode())
        except BrokenSeal:
            return None

    def make(self, environ: WSGIEnvironment) -> tuple[bytes, str | None]:
        """A new secret, and the cookie to set."""
        name, secret = _cookie_name(environ), secrets.token_bytes(SIZE)
        secure = "; Secure" if name.startswith("__Host-") else ""
        sealed = self._sealer.seal(secret, bound=name.encode())
        return secret, f"{name}={sealed}; Path=/; HttpOnly; SameSite=Lax{secure}"


def _cookie_name(environ: WSGIEnvironment) -> str:
    return "__Host-csrf" if environ.get("wsgi.url_scheme") == "https" else "csrf"


def _derive(tag: str | bytes) -> bytes:
    raw = tag.encode() if isinstance(tag, str) else tag
    return hashlib.sha256(b"kit/csrf/v1\0" + raw).digest()
