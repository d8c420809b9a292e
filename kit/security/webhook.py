"""A webhook: a POST of another program, without cookie or token, that is believed by its signature alone.

>>> from kit.testing import environ
>>> key = b"0123456789abcdef0123456789abcdef"
>>> good = hmac.digest(key, b'{"paid": true}', "sha256").hex()
>>> signed_body(environ(method="POST", body='{"paid": true}', headers={"X-Signature-256": f"sha256={good}"}), key)
b'{"paid": true}'

Name its path in `Csrf(app, exempt=["/hook"])`, and call this first. For senders that sign a time as well, give
`stamp="X-Timestamp"`: the signature is then that of `time.body`, and the time may be `tolerance` seconds off, so that
nothing old can be sent again.
"""

from __future__ import annotations

import hmac
import time

from kit import audit
from kit.errors import ConfigError, Refused
from kit.http.body import read
from kit.wsgi import environ_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["signed_body"]


def signed_body(
    environ_or_request: Any,
    key: bytes,
    *,
    header: str = "X-Signature-256",
    stamp: str | None = None,
    tolerance: float = 300,
    limit: int = 1 << 20,
    clock: Callable[[], float] = time.time,
) -> bytes:
    """The body, if `header` holds its HMAC-SHA-256 under `key` in hex (`sha256=` may stand before it); else `Refused`.

    `ConfigError` for a key under 16 bytes; `TooLarge` for a body over `limit` bytes.
    """
    if len(key) < 16:
        raise ConfigError("the key of a webhook is under 16 bytes", hint="ask its sender for a longer one")
    environ = environ_of(environ_or_request)
    body = read(environ, limit=limit)
    at = "" if stamp is None else environ.get(_key(stamp), "")
    signed = body if stamp is None else at.encode("latin-1") + b"." + body
    sent = environ.get(_key(header), "").removeprefix("sha256=").encode("latin-1")
    good = hmac.compare_digest(hmac.digest(key, signed, "sha256").hex().encode(), sent)
    if not good or (stamp is not None and not _near(at, clock(), tolerance)):
        audit.event(environ, "malicious_webhook", header=header)
        raise Refused("the signature does not fit")
    return body


def _key(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


def _near(text: str, now: float, tolerance: float) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12 and abs(int(text) - now) <= tolerance
