"""Headers: a strict Content-Security-Policy with a lazy nonce, HSTS and the other headers that protect a page.

>>> from kit.testing import call
>>> def page(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/html")])
...     return [b"<h1>Hello</h1>"]
>>> answer = call(Headers(page))
>>> answer.headers["Content-Security-Policy"]
"default-src 'self'; script-src 'none'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
form-action 'self'; frame-ancestors 'none'"
>>> answer.headers["X-Frame-Options"]
'DENY'

A template writes `<script nonce="${nonce}">` with `environ["kit.nonce"]`; only then has the policy a nonce. A header
that the app sets itself wins. A header with CR, LF or NUL from any app below is never sent: the answer is a 500 and
an audit event. Options: `csp` (changes to `policy.STRICT`; None: no policy), `report_only` (changes for a second
policy that only reports), `trusted_types`, `report_to` (a path at which violations are taken and logged), `hsts`
(seconds; 0: none), `hsts_subdomains`, `preload`, `referrer`, `frame`, `permissions`, `coop`, `corp`, `coep` (None
leaves a header out), `hide` (names of headers that are taken away).
"""

from __future__ import annotations

import re

from kit import audit
from kit.errors import ConfigError
from kit.http.problem import Problem
from kit.security.nonce import Nonce
from kit.security.policy import DIRECTIVES, STRICT, Policy, merge
from kit.wsgi import Layer, provided

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from kit.security.policy import Sources

    Pairs = list[tuple[str, str]]

__all__ = ["Headers", "csp"]

YEAR = 31_536_000
#: powerful features that a page gets only when the app asks for them (Permissions Policy, W3C registry)
PERMISSIONS = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), usb=()"
)
_VALUE = re.compile(r"[ -~]+")
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")
# controls, and what is no Latin-1: a server that cuts U+010A to one byte would send a line feed
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0100-\U0010ffff]")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]*")  # RFC 9110, 5.6.2
_CSP, _TWIN = "Content-Security-Policy", "Content-Security-Policy-Report-Only"


def csp(environ_or_request: Any, directives: Mapping[str, Sources], *, replace: bool = False) -> None:
    """Change the policy of this one response: each directive in place of the stack's, or all of it with `replace`.

    Raises `TooLate` after the head has left, `MissingLayer` without `Headers`, `ConfigError` for a bad source.

    >>> csp({"kit.nonce": Nonce()}, {"img-src": "'self' https://cdn.example.com"})
    """
    nonce = provided(environ_or_request, "kit.nonce", what="policy", layer="kit.security.Headers")
    nonce.check_open("the policy was changed")
    Policy({name: sources for name, sources in directives.items() if sources is not None})
    base = dict.fromkeys(DIRECTIVES) if replace else nonce.changes
    nonce.changes = {**(base or {}), **directives}


class Headers(Layer):
    """`Headers(app)`: see the text of this module for the options. Sets `kit.nonce`."""

    provides = ("kit.nonce",)
    wants = ("wsgi.url_scheme",)

    def __init__(
        self,
        app: WSGIApplication,
        *,
        csp: Mapping[str, Sources] | None = {},
        report_only: Mapping[str, Sources] | None = None,
        trusted_types: bool = False,
        report_to: str | None = None,
        hsts: int = YEAR,
        hsts_subdomains: bool = True,
        preload: bool = False,
        referrer: str | None = "strict-origin-when-cross-origin",
        frame: str | None = "DENY",
        permissions: str | None = PERMISSIONS,
        coop: str | None = "same-origin",
        corp: str | None = "same-origin",
        coep: str | None = None,
        hide: Iterable[str] = ("X-Powered-By", "X-XSS-Protection"),
    ) -> None:
        super().__init__(app)
        extra: dict[str, Sources] = {"require-trusted-types-for": "'script'"} if trusted_types else {}
        if report_to is not None:
            extra |= {"report-uri": _path(report_to), "report-to": "csp"}
        self.policy = None if csp is None else Policy(merge(STRICT, {**extra, **csp}))
        self.hsts = hsts
        twin = None if report_only is None else Policy(merge(STRICT, {**extra, **report_only}))
        both = ((_CSP, self.policy), (_TWIN, twin))
        self._both = [(name, name.lower(), policy) for name, policy in both if policy is not None]
        self._reports = report_to
        plain = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": referrer,
            "X-Frame-Options": frame,
            "Permissions-Policy": permissions,
            "Cross-Origin-Opener-Policy": coop,
            "Cross-Origin-Resource-Policy": corp,
            "Cross-Origin-Embedder-Policy": coep,
            "Reporting-Endpoints": None if report_to is None else f'csp="{report_to}"',
        }
        self._plain = [(name, _value(name, value)) for name, value in plain.items() if value is not None]
        self._https = [*self._plain, *_hsts(hsts, hsts_subdomains, preload)]
        self._names = frozenset(name.lower() for name, _ in self._https)
        self._hide = frozenset(name.lower() for name in hide)

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Put the undrawn nonce into environ; take the reports of violations."""
        environ["kit.nonce"] = Nonce()
        if self._reports is not None and environ.get("PATH_INFO") == self._reports:
            from kit.security.reports import take

            return take
        return None

    def head(self, environ: WSGIEnvironment, status: str, headers: Pairs) -> tuple[str, Pairs] | WSGIApplication:
        """Refuse a header that would split the response; add what the app has not set."""
        present = {name.lower() for name, _ in headers}
        values = "".join([value for _, value in headers])
        if _CONTROL.search(status + values) or "" in present or not _TOKEN.fullmatch("".join(present)):
            return self._injected
        if not present.isdisjoint(self._hide):
            headers = [pair for pair in headers if pair[0].lower() not in self._hide]
        ours = self._https if environ["wsgi.url_scheme"] == "https" else self._plain
        if present.isdisjoint(self._names):
            headers += ours
        else:
            headers += [pair for pair in ours if pair[0].lower() not in present]
        nonce = environ["kit.nonce"]
        value = nonce.seal()
        if status[:3] != "304":  # a 304 updates the headers of the stored page: its nonce must stay (RFC 9111, 3.2)
            headers += self._policies(nonce.changes, value, present)
        if value is not None and "cache-control" not in present:
            headers.append(("Cache-Control", "private"))  # one nonce for one reader
        return status, headers

    def _policies(self, changes: Mapping[str, Sources] | None, nonce: str | None, present: set[str]) -> Pairs:
        pairs = []
        for name, lower, policy in self._both:
            if lower not in present:
                changed = policy if changes is None else Policy(merge(policy.directives, changes))
                pairs.append((name, changed.text(nonce)))
        return pairs

    def _injected(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer in place of a response whose head holds a control character or a name that is no token."""
        audit.event(environ, "malicious_header_injection")

        def start(status: str, headers: Pairs, exc_info: Any = None, /) -> Any:
            answer = self.head(environ, status, list(headers))  # what replaces an answer leaves without our `head`
            return start_response(*(answer if isinstance(answer, tuple) else (status, headers)))

        return Problem(500)(environ, start)


def _hsts(seconds: int, subdomains: bool, preload: bool) -> Pairs:
    if seconds < 0:
        raise ConfigError(f"hsts is {seconds} s", hint="seconds, or 0 for no HSTS")
    if preload and not (subdomains and seconds >= YEAR):
        raise ConfigError("preload needs hsts of a year and hsts_subdomains", hint="see hstspreload.org")
    if not seconds:
        return []
    value = f"max-age={seconds}" + "; includeSubDomains" * subdomains + "; preload" * preload
    return [("Strict-Transport-Security", value)]


def _value(name: str, value: str) -> str:
    if not value or not _VALUE.fullmatch(value):
        raise ConfigError(f"{value!r} cannot be the value of {name}", hint="printable ASCII, or None for no header")
    return value


def _path(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ConfigError(f"report_to is {path!r}", hint="a path such as '/csp-reports'")
    return path
