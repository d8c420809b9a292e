"""What a route may ask of a request besides path and method: a host, a scheme, a version.

>>> from kit.routing import Router
>>> from kit.testing import call
>>> router = Router(origin="https://example.com", versions=HeaderVersion("X-Api-Version", default="1"))
>>> @router.get("/", subdomain="{tenant}")
... def home(tenant): return f"home of {tenant}"
>>> @router.get("/", version="2")
... def two(): return "two"
>>> call(router, "/", headers={"Host": "ann.example.com"}).text
'home of ann'
>>> answer = call(router, "/", headers={"X-Api-Version": "2"})
>>> answer.text, answer.headers["Vary"]
('two', 'X-Api-Version')

A host is compared without port and case; it is `kit.host` where kit.security.TrustedHosts stands outside, else the
Host header. A variable of a host takes one label. Conditions are asked of the candidates in order of rank, so declare
the route with a condition before the one without.
"""

from __future__ import annotations

import re

from kit.errors import ConfigError
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from wsgiref.types import WSGIEnvironment

    from kit.routing.rules import Condition

__all__ = ["ANY_VERSION", "AcceptVersion", "HeaderVersion", "Host", "Varies", "conditions_of"]

#: set in environ while it is asked whether a route would fit but for its version
ANY_VERSION = "kit.routing.any_version"


class HeaderVersion:
    """The version is the value of a header: `HeaderVersion("X-Api-Version", default="1")`."""

    def __init__(self, name: str, *, default: str | None = None) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]+", name):
            raise ConfigError(f"{name!r} is no name of a header", hint='write one like "X-Api-Version"')
        self.vary = name
        self._key = "HTTP_" + name.upper().replace("-", "_")
        self._default = default

    def __call__(self, environ: WSGIEnvironment) -> str | None:
        """The version that this request asks for; None if it names none and there is no default."""
        return environ.get(self._key, self._default)


class AcceptVersion:
    """The version is part of the media type: `AcceptVersion("application/vnd.acme.v{version}+json", default="1")`."""

    vary = "Accept"

    def __init__(self, media_type: str, *, default: str | None = None) -> None:
        before, found, behind = media_type.lower().partition("{version}")
        if not found or "/" not in before + behind:
            raise ConfigError(
                f"{media_type!r} has no place for a version", hint='"application/vnd.acme.v{version}+json"'
            )
        self._pattern = re.compile(rf"(?:^|[,\s]){re.escape(before)}([\w.-]+?){re.escape(behind)}(?=\s*(?:[;,]|$))")
        self._default = default

    def __call__(self, environ: WSGIEnvironment) -> str | None:
        """The first version that the Accept header names, else the default."""
        found = self._pattern.search(environ.get("HTTP_ACCEPT", "")[:4096].lower())
        return found[1] if found else self._default


class Host:
    """A host with variables: `api.example.com`, `{tenant}.example.com`."""

    def __init__(self, text: str) -> None:
        parts = re.split(r"\{([A-Za-z_]\w*)\}", text.lower() if "{" not in text else text)
        if not text or re.search(r"[{}/@\s]", "".join(parts[::2])):
            raise ConfigError(
                f"the host {text!r} is none", hint='write it like "{tenant}.example.com", without a scheme'
            )
        self.text = text
        self.names = tuple(parts[1::2])
        literals = [re.escape(part.lower()) for part in parts[::2]]
        pattern = "".join(a + b for a, b in zip(literals, [f"(?P<{n}>[^.]+)" for n in self.names] + [""], strict=True))
        #: of a checked host, in lower case and without its port
        self.match = re.compile(pattern.partition(":")[0]).fullmatch

    def build(self, args: dict[str, Any]) -> str:
        """The host for these values; KeyError for an absent one, ValueError for one that is no label."""
        for name in self.names:
            if not re.fullmatch(r"[A-Za-z0-9_-]+", str(args[name])):
                raise ValueError(f"{args[name]!r} is no label of a host name")
        return self.text.format(**{name: args[name] for name in self.names})


class Varies(Layer):
    """Says in Vary which header chose the route."""

    def __init__(self, app: Any, *, header: str) -> None:
        super().__init__(app)
        self._header = header

    def head(self, environ: WSGIEnvironment, status: str, headers: list[tuple[str, str]]) -> Any:
        """Add the header to Vary, unless it is there."""
        present = ",".join(value for name, value in headers if name.lower() == "vary").lower()
        if "*" in present or self._header.lower() in re.split(r"[,\s]+", present):
            return status, headers
        return status, [*headers, ("Vary", self._header)]


def host_of(environ: WSGIEnvironment) -> str:
    """The host that the request is for: lower case, no port, no dot at its end."""
    host = environ.get("kit.host") or environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
    return str(re.sub(r":\d*\Z", "", host)).lower().rstrip(".")


def conditions_of(host: Host | None, scheme: str | None, versions: frozenset[str], reader: Any) -> Condition | None:
    """One condition of all that a route asks; None if it asks nothing."""
    if scheme not in (None, "http", "https"):
        raise ConfigError(f"the scheme {scheme!r} is none", hint='write "http" or "https"')
    if versions and reader is None:
        hint = 'say where it comes from: Router(versions=HeaderVersion("X-Api-Version"))'
        raise ConfigError("a route has a version", hint=hint)
    if host is None and scheme is None and not versions:
        return None

    def condition(environ: Any, args: dict[str, Any]) -> bool:
        environ = environ or {}
        if scheme is not None and environ.get("wsgi.url_scheme") != scheme:
            return False
        if versions and reader(environ) not in versions and ANY_VERSION not in environ:
            return False
        if host is None:
            return True
        found = host.match(host_of(environ))
        if found is None:
            return False
        args.update(found.groupdict())
        return True

    return condition
