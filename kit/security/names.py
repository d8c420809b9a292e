"""The grammars of a host and of an origin: strict, lower case, one answer or none.

>>> parse_host("Shop.example:80"), parse_origin("HTTPS://A.example"), parse_origin("null")
(('shop.example', 80), ('https', 'a.example', 443), None)
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["origins", "parse_host", "parse_origin"]

_PORTS = {"http": 80, "https": 443}
_NAME = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"((?:{_NAME}\.)*{_NAME}|\[[0-9a-f:.]{{2,45}}\])(\.?)(?::([0-9]{{1,5}}))?")


@lru_cache(maxsize=256)
def parse_host(text: str) -> tuple[str, int | None] | None:
    """(host, port) of a Host header in lower case, by a strict grammar (RFC 9110, 7.2; names of at most 253 letters).

    >>> parse_host("Shop.example.:80"), parse_host("[::1]:8000"), parse_host("a.com:80@evil.com"), parse_host("a,b")
    (('shop.example', 80), ('[::1]', 8000), None, None)
    """
    match = _HOST.fullmatch(text.lower()) if text.isascii() and len(text) <= 262 else None
    if match is None or len(match[1]) > 253 or (match[2] and match[1][0] == "["):
        return None
    port = None if match[3] is None else int(match[3])
    if port is not None and not 0 < port < 65536:
        return None
    return (match[1], port) if match[1][0] != "[" or _is_ipv6(match[1][1:-1]) else None


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def parse_origin(text: str) -> tuple[str, str, int] | None:
    """(scheme, host, port) of a serialised origin (RFC 6454, 6.2), lower case; None for anything else.

    >>> parse_origin("https://a.example:8443"), parse_origin("https://u@a.example"), parse_origin("https://a.example/")
    (('https', 'a.example', 8443), None, None)
    """
    scheme, mark, rest = text.partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in _PORTS:
        return None
    found = parse_host(rest)
    return None if found is None else (scheme, found[0], found[1] or _PORTS[scheme])


def origins(texts: Iterable[str], option: str) -> frozenset[tuple[str, str, int]]:
    """The origins that `option` lists, parsed; `ConfigError` for a pattern, a bare host, or anything else.

    >>> origins(["https://a.example"], "trusted")
    frozenset({('https', 'a.example', 443)})
    """
    found = {text: parse_origin(text) for text in ([texts] if isinstance(texts, str) else texts)}
    for text, origin in found.items():
        if origin is None:
            raise ConfigError(f"{option}: {text!r} is no origin", hint="write scheme and host: 'https://shop.example'")
    return frozenset(origin for origin in found.values() if origin)
