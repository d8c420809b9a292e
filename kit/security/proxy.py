"""TrustedProxy: believe the forwarding headers of your own proxies, and nobody else's.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}".encode()]
>>> site = TrustedProxy(app, proxies=["10.0.0.0/8"])
>>> headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https"}
>>> call(site, headers=headers, environ={"REMOTE_ADDR": "10.1.2.3"}).text
'203.0.113.9 https'
>>> call(site, headers=headers, environ={"REMOTE_ADDR": "198.51.100.7"}).text
'198.51.100.7 http'

Where the peer is one of `proxies` (networks, addresses, or "unix" for a socket without an address), the address of the
client is found from right to left: the first that is no proxy of yours. The scheme and the host come from the entry
that the same proxy wrote. All forwarding headers are then taken away, so nothing inside can misread them; from any
other peer they are taken away unread. Exactly one family is read: `family="x-forwarded"` or `"forwarded"` (RFC 7239).

Your outermost proxy must set or append these headers itself on every request; name in `use` those that it does set
("for", "proto", "host"). Use TrustedHosts inside: it checks the host that this layer has found.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

from kit.errors import ConfigError
from kit.http.problem import Problem
from kit.security.names import parse_host
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network, IPv6Network
    from wsgiref.types import WSGIApplication, WSGIEnvironment

__all__ = ["TrustedProxy", "parse_forwarded"]

_USES = ("for", "proto", "host")
_STRIP = ("HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_X_ORIGINAL_URL", "HTTP_X_REWRITE_URL")
_PREFIX = "HTTP_X_FORWARDED"
_PAIR = re.compile(r'[ \t]*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&\'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)")[ \t]*')
_LONGEST = 2000  # characters of a forwarding header that are read, from its right end
_MOST = 20


def parse_forwarded(text: str) -> list[dict[str, str]] | None:
    """The elements of a Forwarded header (RFC 7239, 4), names in lower case; None if it is malformed.

    >>> parse_forwarded('for="[2001:db8::1]:80";proto=https, for=10.0.0.1')
    [{'for': '[2001:db8::1]:80', 'proto': 'https'}, {'for': '10.0.0.1'}]
    """
    if not text:
        return []
    elements: list[dict[str, str]] = [{}]
    at = 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None or match[1].lower() in elements[-1]:
            return None
        elements[-1][match[1].lower()] = match[2] if match[3] is None else re.sub(r"\\(.)", r"\1", match[3])
        at = match.end()
        mark = text[at : at + 1]
        if mark == ",":
            elements.append({})
        elif mark not in (";", ""):
            return None
        at += 1
    return elements if all(elements) and text[-1:] not in ",;" else None


class TrustedProxy(Layer):
    """`TrustedProxy(app, proxies=["10.0.0.0/8"])`: corrects REMOTE_ADDR, wsgi.url_scheme and the Host header."""

    rewrites = ("REMOTE_ADDR", "HTTP_HOST", "wsgi.url_scheme")

    def __init__(
        self,
        app: WSGIApplication,
        *,
        proxies: Iterable[str],
        family: str = "x-forwarded",
        use: Iterable[str] = _USES,
    ) -> None:
        super().__init__(app)
        entries = [proxies] if isinstance(proxies, str) else list(proxies)
        if not entries:
            raise ConfigError("proxies is empty", hint="name your proxies' networks, or leave TrustedProxy out")
        self._socket = "unix" in entries
        self._networks = [_network(entry) for entry in entries if entry != "unix"]
        if family not in ("x-forwarded", "forwarded"):
            raise ConfigError(f"family is {family!r}", hint="'x-forwarded' or 'forwarded'")
        self._family = family
        self._use = frozenset(use)
        if not self._use <= set(_USES):
            raise ConfigError(f"use is {sorted(self._use)}", hint=f"some of {', '.join(_USES)}")

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Correct the environ from the headers of a trusted peer; take the headers away."""
        elements = self._elements(environ) if self._trusts(environ.get("REMOTE_ADDR", "")) else []
        for name in [key for key in environ if key.startswith(_PREFIX) or key in _STRIP]:
            del environ[name]
        if elements is None:
            return Problem(400, "The Forwarded header is malformed.")
        if elements:
            self._correct(environ, elements[self._client(elements)])
        return None

    def _client(self, elements: list[dict[str, str]]) -> int:
        """The index of what the outermost of our own proxies wrote: further left, anybody may have written."""
        at = len(elements) - 1
        while at > 0:
            address = _address(elements[at].get("for", ""))
            if not address or not self._trusts(address):
                break
            at -= 1
        return at

    def _correct(self, environ: WSGIEnvironment, found: dict[str, str]) -> None:
        address = _address(found.get("for", ""))
        if address:
            environ["REMOTE_ADDR"] = address
            environ.pop("REMOTE_HOST", None)
        if found.get("proto", "").lower() in ("http", "https"):
            environ["wsgi.url_scheme"] = found["proto"].lower()
        if parse_host(found.get("host", "")):
            environ["HTTP_HOST"] = found["host"]

    def _trusts(self, address: str) -> bool:
        if not address:
            return self._socket
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(parsed in network for network in self._networks)

    def _elements(self, environ: WSGIEnvironment) -> list[dict[str, str]] | None:
        """What the chosen family says, one dict for each proxy, the nearest last; None if it is malformed."""
        if self._family == "forwarded":
            text = environ.get("HTTP_FORWARDED", "")
            found = parse_forwarded(text) if len(text) <= _LONGEST else None
            return found and [{key: value for key, value in item.items() if key in self._use} for item in found]
        lists = {name: _items(environ.get(f"{_PREFIX}_{name.upper()}", "")) for name in self._use}
        size = max(map(len, lists.values()), default=0)
        elements: list[dict[str, str]] = [{} for _ in range(size)]
        for name, items in lists.items():
            shared = items * size if len(items) == 1 else items  # set once by the outermost proxy, or appended by each
            for element, item in zip(reversed(elements), reversed(shared), strict=False):
                element[name] = item
        return elements


def _items(text: str) -> list[str]:
    return [item.strip() for item in text[-_LONGEST:].split(",")][-_MOST:] if text else []


def _address(node: str) -> str:
    """The address of a node (RFC 7239, 6), without its port; "" for `unknown`, `_hidden` and what is none."""
    if node.startswith("["):
        node = node[1:].partition("]")[0]
    elif node.count(":") == 1:
        node = node.partition(":")[0]
    try:
        return str(ip_address(node))
    except ValueError:
        return ""


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(entry)
    except ValueError as exc:
        raise ConfigError(f"proxies: {exc}", hint="write networks such as '10.0.0.0/8', or addresses") from None
    if network.prefixlen == 0:
        raise ConfigError(f"proxies: {entry} trusts everybody", hint="name the networks of your proxies alone")
    return network
