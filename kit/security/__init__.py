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
    from kit.security.body_limit import BodyLimit
    from kit.security.cors import Cors
    from kit.security.csrf import Csrf
    from kit.security.headers import Headers, csp
    from kit.security.host import TrustedHosts
    from kit.security.https import Https
    from kit.security.isolation import Isolation
    from kit.security.limits import Limits
    from kit.security.proxy import TrustedProxy
    from kit.security.rate_limit import RateLimit

__all__ = [
    "BodyLimit",
    "Cors",
    "Csrf",
    "Headers",
    "Https",
    "Isolation",
    "KeyRing",
    "Limits",
    "RateLimit",
    "Sealer",
    "TrustedHosts",
    "TrustedProxy",
    "audit",
    "csp",
    "redirect_to",
    "safe_join",
    "upload_name",
]

_HOME = {
    "BodyLimit": "kit.security.body_limit",
    "Cors": "kit.security.cors",
    "Https": "kit.security.https",
    "Isolation": "kit.security.isolation",
    "Limits": "kit.security.limits",
    "RateLimit": "kit.security.rate_limit",
    "TrustedHosts": "kit.security.host",
    "TrustedProxy": "kit.security.proxy",
    "Csrf": "kit.security.csrf",
    "Headers": "kit.security.headers",
    "KeyRing": "kit.seal",
    "Sealer": "kit.seal",
    "audit": "kit",
    "csp": "kit.security.headers",
    "redirect_to": "kit.http.safe",
    "safe_join": "kit.http.safe",
    "upload_name": "kit.http.safe",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home at first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME[name]
    value = import_module("kit.audit") if name == "audit" else getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
