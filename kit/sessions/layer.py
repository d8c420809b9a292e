"""Sessions: the layer that puts a session into the environ and saves it before the head of the answer leaves.

>>> from kit.stores import MemoryStore
>>> from kit.testing import call
>>> def hello(environ, start_response):
...     visits = of(environ).incr("visits")
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"visit %d" % visits]
>>> app = Sessions(hello, store=MemoryStore())
>>> first = call(app)
>>> first.text, first.headers["Cache-Control"], first.headers["Vary"]
('visit 1', 'no-store', 'Cookie')
>>> call(app, headers={"Cookie": first.headers["Set-Cookie"].partition(";")[0]}).text
'visit 2'

A request that does not use its session costs nothing: no store is asked, no header is added. One that reads it gets
`Vary: Cookie`; one that writes, `Cache-Control: no-store` too; and only a session that begins or gets a new id sets the
cookie. An answer with a status of 500 or more saves nothing, except that a revoked session stays revoked.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from kit.audit import event
from kit.errors import ConfigError, Unavailable
from kit.sessions import cookie
from kit.sessions.carried import Carried, SealedCookie
from kit.sessions.kept import Kept
from kit.sessions.session import Session
from kit.sessions.terms import Terms
from kit.wsgi import Layer, provided

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from kit.sessions.session import Place
    from kit.stores import Store

    Headers = list[tuple[str, str]]

__all__ = ["Sessions", "of"]

_RETRY = "2"  # seconds after which a client may try again


def of(environ_or_request: Any, *, session_key: str = "kit.session") -> Session:
    """The session of this request; `kit.errors.MissingLayer` where there is none."""
    session: Session = provided(environ_or_request, session_key, what="session", layer="kit.sessions.Sessions")
    return session


class _Saving(Layer):
    """All of `Sessions` but its guard against a store that is down."""

    wants = ("kit.request_id", "kit.audit", "wsgi.url_scheme", "REMOTE_ADDR", "HTTP_HOST")

    def __init__(
        self,
        app: WSGIApplication,
        *,
        store: Store | SealedCookie,
        idle: float = 12 * 3600,
        absolute: float = 7 * 86400,
        renew: float = 0,
        most: int = 0,
        limit: int = 64 * 1024,
        when_down: str = "refuse",
        persistent: bool = False,
        same_site: str = "Lax",
        plain_http: bool = False,
        clear_site_data: str = '"cache", "storage"',
        session_key: str = "kit.session",
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(app)
        if same_site not in ("Lax", "Strict"):
            raise ConfigError(f"same_site={same_site!r}", hint="'Lax' or 'Strict'")
        self.provides = (session_key,)
        self.store = store
        self._key, self._plain_http, self._same_site = session_key, plain_http, same_site
        self._age = int(absolute) if persistent else None
        self._clear_site_data = clear_site_data
        terms = Terms(
            idle=idle,
            absolute=absolute,
            renew=renew,
            most=most,
            limit=limit,
            when_down=when_down,
            clock=clock,
            cookie_name=self._cookie_name,
            cookie=self._read_cookie,
        ).check()
        self._place: Place = Carried(store, terms) if isinstance(store, SealedCookie) else Kept(store, terms)

    def before(self, environ: WSGIEnvironment) -> None:
        """Leave a session that has not been read."""
        environ[self._key] = Session(self._place, environ)

    def head(self, environ: WSGIEnvironment, status: str, headers: Headers) -> tuple[str, Headers] | WSGIApplication:
        """Save the session, and say in the headers what it did to the answer."""
        session: Session = environ[self._key]
        if session._row is None and not session._down:
            session._left, session._environ = True, None
            return status, headers
        if not session._left:
            try:
                session._answer = self._commit(session, environ, failed=status[:1] == "5")
            except Unavailable:
                session._answer = _refusal()
            session._left, session._environ = True, None
        answer: Headers | WSGIApplication = session._answer
        return (status, _marked(headers, answer)) if isinstance(answer, list) else answer

    def _commit(self, session: Session, environ: WSGIEnvironment, *, failed: bool) -> Headers | WSGIApplication:
        """Save; the headers that the answer gets."""
        if failed and session._down:
            raise Unavailable("the session's store is down")
        if session._row is None:
            return [("Vary", "Cookie")]
        if failed:
            session._ops, value = [], self._place.end(session, environ)
        else:
            session._settle()
            value = self._place.save(session, environ)
        changed = bool(session._ops) or value is not None
        added = [("Vary", "Cookie"), *([("Cache-Control", "no-store")] if changed else [])]
        if value is None:
            return added
        name = self._cookie_name(environ)
        age = self._age if value else 0
        added.append(("Set-Cookie", cookie.text_for(name, value, age=age, same_site=self._same_site)))
        if session._revoked and self._clear_site_data and name.startswith("__Host-"):
            added.append(("Clear-Site-Data", self._clear_site_data))
        return added

    def _cookie_name(self, environ: WSGIEnvironment) -> str:
        return cookie.name_for(environ, plain_http=self._plain_http)

    def _read_cookie(self, environ: WSGIEnvironment) -> str | None:
        try:
            return cookie.read(environ.get("HTTP_COOKIE", ""), self._cookie_name(environ))
        except cookie.Doubled:
            event(environ, "malicious_extraneous", what="two session cookies")
            return None


class Sessions(_Saving):
    """Sessions in `store`: one of `kit.stores`, or a `SealedCookie`. All times are in seconds.

    - `idle`: how long a session lives without being used; `absolute`: how long it lives at all.
    - `renew`: the id is replaced when it is this old, 0 for never; the old one goes on for a minute, for requests that
      overlap and answers that were lost.
    - `most`: how many sessions a user may have at once; one more at login ends the oldest. 0 for any number.
    - `limit`: the most bytes that one session takes; more is a `SessionTooLarge` that names the biggest key.
    - `when_down`: "refuse" answers 503 where the store is down and the session is needed; "anonymous" reads an empty
      session then. Writing to it is refused either way.
    - `persistent`: the cookie outlives the browser, for as long as `absolute`.
    - `same_site`: "Lax" or "Strict".
    - `plain_http`: allow plain http from other machines too. Whoever listens on the network can take a session then.
    - `clear_site_data`: what a browser deletes at logout (the header of that name; sent over https), "" for nothing.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333); 503 if the app could not go on because the store is down."""
        try:
            return super().__call__(environ, start_response)
        except Unavailable:  # not by the hook `failed`, which would make every request pay for its guard
            if not environ[self._key]._down:
                raise
            answer, exc_info = _refusal(), sys.exc_info()
            return answer(environ, lambda status, headers, _=None, /: start_response(status, headers, exc_info))

    def shutdown(self) -> None:
        """Close the store."""
        close = getattr(self.store, "close", None)
        if close is not None:
            close()


def _refusal() -> WSGIApplication:
    from kit.http.problem import Problem

    detail = "The session cannot be reached at the moment. Please try again."
    return Problem(503, detail, headers=[("Retry-After", _RETRY), ("Cache-Control", "no-store")])


def _marked(headers: Headers, added: Headers) -> Headers:
    """`headers` with those of the session: Vary is joined, Cache-Control is replaced unless it is strict enough."""
    for name, value in added:
        present = [(n, v) for n, v in headers if n.lower() == name.lower()]
        if name == "Vary":
            names = [part.strip().lower() for _, v in present for part in v.split(",")]
            if "*" in names or "cookie" in names:
                continue
            value = ", ".join([v for _, v in present if v] + [value])
        if name == "Cache-Control" and any("no-store" in v.lower() for _, v in present):
            continue
        if name in ("Vary", "Cache-Control"):
            headers = [pair for pair in headers if pair[0].lower() != name.lower()]
        headers = [*headers, (name, value)]
    return headers
