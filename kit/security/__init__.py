"""What OWASP asks for, as layers that cannot be put together wrongly, and the helpers that go with them.

>>> from kit.testing import call
>>> def hello(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"hello"]
>>> call(Headers(hello)).headers["X-Content-Type-Options"]
'nosniff'

Names are imported at first use, so `from kit.security import Headers` loads no cryptography.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit import audit
    from kit.http.safe import redirect_to, safe_join, upload_name
    from kit.seal import KeyRing, Sealer
    from kit.security import passwords, totp
    from kit.security.body_limit import BodyLimit
    from kit.security.cors import Cors
    from kit.security.csrf import Csrf
    from kit.security.guards import allowed, fresh, require, signed_in
    from kit.security.headers import Headers, csp
    from kit.security.host import TrustedHosts
    from kit.security.https import Https
    from kit.security.isolation import Isolation
    from kit.security.limits import Limits
    from kit.security.login import Login, bearer, half_signed_in, remembered, session, sign_in, sign_out, user_of
    from kit.security.proxy import TrustedProxy
    from kit.security.quota import Quota
    from kit.security.rate_limit import RateLimit
    from kit.security.recovery import RecoveryCodes
    from kit.security.sniff import check_archive, check_upload
    from kit.security.throttle import Throttle
    from kit.security.tokens import BadToken, Tokens
    from kit.security.totp import Totp
    from kit.security.webhook import signed_body

__all__ = [
    "BadToken",
    "BodyLimit",
    "Cors",
    "Csrf",
    "Headers",
    "Https",
    "Isolation",
    "KeyRing",
    "Limits",
    "Login",
    "Quota",
    "RateLimit",
    "RecoveryCodes",
    "Sealer",
    "Throttle",
    "Tokens",
    "Totp",
    "TrustedHosts",
    "TrustedProxy",
    "allowed",
    "audit",
    "bearer",
    "check_archive",
    "check_upload",
    "csp",
    "fresh",
    "half_signed_in",
    "passwords",
    "redirect_to",
    "remembered",
    "require",
    "safe_join",
    "session",
    "sign_in",
    "sign_out",
    "signed_body",
    "signed_in",
    "totp",
    "upload_name",
    "user_of",
]

_HOMES = {
    "kit.http.safe": "redirect_to safe_join upload_name",
    "kit.seal": "KeyRing Sealer",
    "kit.security.body_limit": "BodyLimit",
    "kit.security.cors": "Cors",
    "kit.security.csrf": "Csrf",
    "kit.security.guards": "allowed fresh require signed_in",
    "kit.security.headers": "Headers csp",
    "kit.security.host": "TrustedHosts",
    "kit.security.https": "Https",
    "kit.security.isolation": "Isolation",
    "kit.security.limits": "Limits",
    "kit.security.login": "Login bearer half_signed_in remembered session sign_in sign_out user_of",
    "kit.security.proxy": "TrustedProxy",
    "kit.security.quota": "Quota",
    "kit.security.rate_limit": "RateLimit",
    "kit.security.recovery": "RecoveryCodes",
    "kit.security.sniff": "check_archive check_upload",
    "kit.security.webhook": "signed_body",
    "kit.security.throttle": "Throttle",
    "kit.security.tokens": "BadToken Tokens",
    "kit.security.totp": "Totp",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}
_MODULES = {"audit": "kit.audit", "passwords": "kit.security.passwords", "totp": "kit.security.totp"}


def __getattr__(name: str) -> Any:
    """Import a public name from its home at first use (PEP 562)."""
    if name in _MODULES:
        value = import_module(_MODULES[name])
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
