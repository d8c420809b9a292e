"""Csrf: refuse what another site makes the browser of a user send.

>>> from kit.seal import KeyRing, new_key
>>> from kit.testing import call
>>> def form(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/html")])
...     return [f'<input type="hidden" name="_csrf" value="{environ["kit.csrf"]()}">'.encode()]
>>> app = Csrf(form, keys=KeyRing([new_key()]))
>>> call(app, method="POST", headers={"Sec-Fetch-Site": "cross-site"}).status
403

An unsafe request (any method but GET, HEAD and OPTIONS) must pass two checks. First its origin, by the algorithm of
Go's CrossOriginProtection (kit.security.origin). Then a token: `environ["kit.csrf"]()` draws one, masked afresh each
time; it comes back in the header `X-CSRF-Token` or in the form field `_csrf`, which must lie in the first 64 KiB of the
body, never in the URL. The token belongs to the session (`session.tag`) and dies with it; no clock ends it. With `keys`
and without sessions it belongs to a sealed cookie of the browser.

No token is asked of a request that no browser sends by itself: one with an Authorization header of its own scheme
(Bearer, Token …) from the same origin, or one with neither cookie nor Basic credentials nor client certificate nor a
form body.

Options: `keys` (a `kit.seal.KeyRing`: work without sessions), `session_key`, `trusted` (exact origins that may post
here; they need no token), `exempt` (exact paths that are not checked: webhooks, which must check a signature of their
own), `report_only` (log, let through: for a roll-out).
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from kit import audit
from kit.errors import KitError
from kit.http.body import field, media_type
from kit.http.problem import Problem, problem_of
from kit.security.again import ask_again
from kit.security.csrf_token import CookieSecret, SessionSecret, Token
from kit.security.names import origins
from kit.security.origin import verdict
from kit.security.paths import Paths
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from kit.seal import KeyRing

    Pairs = list[tuple[str, str]]

__all__ = ["Csrf"]

#: the field `_csrf` must lie in this many first bytes of a form
PEEK = 64 * 1024
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_FORMS = frozenset(("", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"))
_MAYBE_OVERRIDE = re.compile(r"_method=|%(?:5f|6[4-9a-f]|7[0-9a])", re.IGNORECASE)  # a letter of it, or all, escaped
_OVERRIDE = re.compile(r"(?:\A|[&;])_method=")
_AMBIENT = frozenset(("basic", "digest", "negotiate", "ntlm"))  # schemes that a browser sends by itself


class Csrf(Layer):
    """`Csrf(app)` inside Sessions, or `Csrf(app, keys=ring)` alone. Sets `kit.csrf`; answers 403."""

    provides = ("kit.csrf",)
    rewrites = ("wsgi.input",)

    def __init__(
        self,
        app: WSGIApplication,
        *,
        keys: KeyRing | None = None,
        session_key: str = "kit.session",
        trusted: Iterable[str] = (),
        exempt: Iterable[str] = (),
        report_only: bool = False,
    ) -> None:
        super().__init__(app)
        outside = ("wsgi.input", "wsgi.url_scheme", "HTTP_HOST", "kit.host", "REQUEST_METHOD")
        self.requires = () if keys else (session_key,)
        self.wants = (*outside, session_key) if keys else outside
        self._session = SessionSecret(session_key)
        self._cookie = None if keys is None else CookieSecret(keys)
        self._session_key = session_key
        self._trusted = origins(trusted, "trusted")
        self.exempt = Paths(exempt, "exempt", prefixes=False)
        self.report_only = report_only

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Set `kit.csrf`; judge an unsafe request."""
        place = self._session if self._cookie is None or self._session_key in environ else self._cookie
        token = environ["kit.csrf"] = Token(place, environ)
        if environ["REQUEST_METHOD"] in _SAFE and not _overridden(environ):
            return None
        if self.exempt.match(environ):
            return None
        try:
            reason = self._reason(environ, token)
        except KitError as exc:
            if exc.status >= 500:
                raise
            return problem_of(exc)  # the body or its length is malformed
        if reason is None:
            return None
        said = {"origin": environ.get("HTTP_ORIGIN", ""), "site": environ.get("HTTP_SEC_FETCH_SITE", "")}
        audit.event(environ, "malicious_csrf", reason=reason, enforced=not self.report_only, **said)
        if self.report_only:
            return None
        if reason != "origin" and verdict(environ) == "same" and (page := ask_again(environ)) is not None:
            return page
        return Problem(403, f"This request did not come from a page of this site: {_CURES[reason]}.")

    def head(self, environ: WSGIEnvironment, status: str, headers: Pairs) -> tuple[str, Pairs]:
        """Send the sealed cookie that a drawn token belongs to; keep pages with a token out of caches."""
        token = environ["kit.csrf"]
        if token.seal():
            if not any(name.lower() == "cache-control" for name, _ in headers):
                headers.append(("Cache-Control", "no-store"))
            if token.cookie is not None:
                headers.append(("Set-Cookie", token.cookie))
                headers.append(("Vary", "Cookie"))
        return status, headers

    def _reason(self, environ: WSGIEnvironment, token: Token) -> str | None:
        """Why this unsafe request is refused; None if it may pass."""
        origin = verdict(environ, self._trusted)
        if origin == "foreign":
            return "origin"
        if origin == "trusted" or not _token_needed(environ, origin == "same"):
            return None
        sent = environ.get("HTTP_X_CSRF_TOKEN")
        if sent is None:
            sent = field(environ, "_csrf", within=PEEK)
        if sent is None:
            return "no token"
        return None if token.matches(sent) else "stale"


_CURES = {
    "origin": "open the page again and send it from there",
    "no token": "send the token of the page as the header X-CSRF-Token or as the form field _csrf",
    "stale": "the page is older than this session: load it again, then send it",
}


def _overridden(environ: WSGIEnvironment) -> bool:
    """Whether a safe request asks to be taken for another method, which an app inside may honour."""
    if "HTTP_X_HTTP_METHOD_OVERRIDE" in environ:
        return True
    query = environ.get("QUERY_STRING", "")
    if not _MAYBE_OVERRIDE.search(query):
        return False
    return _OVERRIDE.search(unquote(query)) is not None


def _token_needed(environ: WSGIEnvironment, same_origin: bool) -> bool:
    """Whether a browser could have sent this for its user without the page's wanting it."""
    scheme = environ.get("HTTP_AUTHORIZATION", "").partition(" ")[0].lower()
    own = bool(scheme) and scheme not in _AMBIENT
    if own and same_origin:
        return False
    if environ.get("HTTP_COOKIE") or scheme in _AMBIENT or environ.get("REMOTE_USER") or _client_cert(environ):
        return True
    return not own and media_type(environ) in _FORMS


def _client_cert(environ: WSGIEnvironment) -> bool:
    return environ.get("SSL_CLIENT_VERIFY") == "SUCCESS" or "HTTP_X_CLIENT_CERT" in environ
