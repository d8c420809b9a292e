"""The session's cookie: which name and attributes it has in this request, and the one strict reader of it.

>>> read("a=1; __Host-sid=abc; b=2", "__Host-sid")
'abc'
>>> read("a=1, __Host-sid=evil; x=\\x80__Host-sid=evil; __host-sid=evil", "__Host-sid") is None
True

A sibling subdomain can make a browser send cookies of many shapes. Lenient parsers find our name inside them; this one
knows `;` as the only separator, takes names exactly, and believes none of two cookies of one name.
"""

from __future__ import annotations

from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

__all__ = ["Doubled", "name_for", "read", "text_for"]

_LOCAL = ("127.0.0.1", "::1", "localhost")


class Doubled(ValueError):
    """The cookie's name is there twice: somebody plants cookies."""


def read(header: str, name: str) -> str | None:
    """The value of the cookie `name` in a Cookie header, or None; `Doubled` if there are two."""
    if name not in header:
        return None
    found = None
    for pair in header.split(";"):
        key, equals, value = pair.strip(" \t").partition("=")
        if equals and key == name:
            if found is not None:
                raise Doubled(name)
            found = value
    return found


def name_for(environ: WSGIEnvironment, *, plain_http: bool = False) -> str:
    """`__Host-sid` over https; `sid` over plain http, on this machine alone unless `plain_http` allows it.

    `ConfigError` where a cookie would go in clear over a network.
    """
    if environ["wsgi.url_scheme"] == "https":
        return "__Host-sid"
    if plain_http or (_is_local(environ.get("REMOTE_ADDR", "::1")) and _is_local(_host(environ))):
        return "sid"
    what = "a session over plain http would send its cookie in clear"
    hint = "serve https; behind a proxy that does, put kit.security.TrustedProxy outside"
    raise ConfigError(what, hint=f"{hint}; in a closed network alone, plain_http=True")


def text_for(name: str, value: str, *, age: int | None, same_site: str) -> str:
    """The value of a Set-Cookie header; `age` in seconds, None for a cookie that ends with the browser."""
    secure = "; Secure" if name.startswith("__Host-") else ""
    lives = "" if age is None else f"; Max-Age={age}"
    return f"{name}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{lives}"


def _host(environ: WSGIEnvironment) -> str:
    host: str = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_local(name: str) -> bool:
    loopback = name.startswith("127.") and name.replace(".", "").isdigit()
    return loopback or name in _LOCAL or name.endswith(".localhost")
