"""Read what a layer has left in environ, from an environ or from the request object of any framework.

>>> environ_of({"PATH_INFO": "/"})
{'PATH_INFO': '/'}
>>> provided({}, "kit.session", what="session", layer="kit.sessions.Sessions")
Traceback (most recent call last):
kit.errors.MissingLayer: no session here (looked for 'kit.session'): add kit.sessions.Sessions outside this app
"""

from __future__ import annotations

from kit.errors import MissingLayer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from wsgiref.types import WSGIEnvironment

__all__ = ["environ_of", "is_routing_args", "provided"]


def environ_of(environ_or_request: Any) -> WSGIEnvironment:
    """The WSGI environ of a request object (`.environ`, or Falcon's `.env`), or the environ itself."""
    if isinstance(environ_or_request, dict):
        return environ_or_request
    for name in ("environ", "env"):
        environ = getattr(environ_or_request, name, None)
        if isinstance(environ, dict):
            return environ
    raise TypeError(f"{type(environ_or_request).__name__} is no WSGI environ and no request with .environ or .env")


def provided(environ_or_request: Any, key: str, *, what: str, layer: str) -> Any:
    """What `layer` has set under `key`; `MissingLayer`, with the cure, where it is not there."""
    try:
        return environ_of(environ_or_request)[key]
    except KeyError:
        raise MissingLayer(f"no {what} here (looked for {key!r})", hint=f"add {layer} outside this app") from None


def is_routing_args(args: object) -> bool:
    """Whether `args` has the shape of the wsgiorg.routing_args specification."""
    return (
        isinstance(args, tuple) and len(args) == 2 and isinstance(args[0], (tuple, list)) and isinstance(args[1], dict)
    )
