"""TrustedHosts: answer only to the names of this site.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [environ["kit.host"].encode()]
>>> site = TrustedHosts(app, hosts=["shop.example", ".shop.example"])
>>> call(site, headers={"Host": "www.Shop.example:8000"}).text
'www.shop.example:8000'
>>> call(site, headers={"Host": "evil.example"}).status
400

An entry is a host (`shop.example`), a host with its port (`shop.example:8000`), or a suffix (`.shop.example`, every
subdomain). Without a port in the entry any port passes. What is no single host by the grammar is refused too.

Options: `canonical` (an origin such as `https://shop.example`: the apps inside see its host in `kit.host` and in the
Host header, whatever allowed name the client used, so that the links they build are right), `exempt` (exact paths that
answer to any Host: health checks of a load balancer).
"""

from __future__ import annotations

from kit import audit
from kit.errors import ConfigError
from kit.http.problem import Problem
from kit.security.names import parse_host, parse_origin
from kit.security.paths import Paths
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIApplication, WSGIEnvironment

__all__ = ["TrustedHosts"]


class TrustedHosts(Layer):
    """`TrustedHosts(app, hosts=[…])`: 400 for any other Host. Sets `kit.host`."""

    provides = ("kit.host",)
    wants = ("HTTP_HOST",)

    def __init__(
        self, app: WSGIApplication, *, hosts: Iterable[str], canonical: str | None = None, exempt: Iterable[str] = ()
    ) -> None:
        super().__init__(app)
        entries = [hosts] if isinstance(hosts, str) else list(hosts)
        if not entries:
            raise ConfigError("hosts is empty", hint="name the hosts of this site, such as ['shop.example']")
        self._suffixes = tuple("." + _entry(entry[1:])[0] for entry in entries if entry.startswith("."))
        exact = [_entry(entry) for entry in entries if not entry.startswith(".")]
        self._any_port = frozenset(host for host, port in exact if port is None)
        self._with_port = frozenset((host, port) for host, port in exact if port is not None)
        self.canonical = None if canonical is None else _canonical(canonical)
        self._exempt = Paths(exempt, "exempt", prefixes=False)
        self.rewrites = () if canonical is None else ("HTTP_HOST",)

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Check the Host header; set `kit.host`."""
        sent = environ.get("HTTP_HOST", "")
        parsed = parse_host(sent)
        known = parsed is not None and self._known(*parsed)
        if not known and not self._exempt.match(environ):
            audit.event(environ, "malicious_host", host=sent[:100])
            return Problem(400, "This site does not answer to that host name.")
        if self.canonical is not None:
            environ["kit.host"] = environ["HTTP_HOST"] = self.canonical
        elif parsed is not None and known:
            environ["kit.host"] = parsed[0] if parsed[1] is None else f"{parsed[0]}:{parsed[1]}"
        else:
            environ["kit.host"] = environ["SERVER_NAME"]
        return None

    def _known(self, host: str, port: int | None) -> bool:
        return host in self._any_port or (host, port) in self._with_port or host.endswith(self._suffixes)


def _entry(text: str) -> tuple[str, int | None]:
    found = parse_host(text)
    if found is None:
        hint = "list each name, or '.shop.example' for all subdomains; a request for any other host is an attack"
        raise ConfigError(f"hosts: {text!r} is no host name", hint=hint)
    return found


def _canonical(text: str) -> str:
    origin = parse_origin(text)
    if origin is None:
        raise ConfigError(f"canonical: {text!r} is no origin", hint="write scheme and host: 'https://shop.example'")
    scheme, host, port = origin
    return host if port == {"http": 80, "https": 443}[scheme] else f"{host}:{port}"
