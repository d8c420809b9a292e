"""A secret that looks different each time it is written, so that its place in a compressed page tells nothing (BREACH).

>>> secret = bytes(32)
>>> one, two = mask(secret), mask(secret)
>>> one != two, matches(one, secret), matches(two, secret), matches(one, b"x" * 32)
(True, True, True, False)
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

__all__ = ["TOKEN", "mask", "matches"]

SIZE = 32
#: the grammar of a masked token: 64 bytes in base64url without padding
TOKEN = re.compile(r"[A-Za-z0-9_-]{86}")


def mask(secret: bytes) -> str:
    """`secret` (32 bytes) under a new random pad: the pad and the sum, as text."""
    pad = secrets.token_bytes(SIZE)
    return urlsafe_b64encode(pad + _xor(pad, secret)).decode().rstrip("=")


def matches(token: str, secret: bytes) -> bool:
    """Whether `token` is `secret` under some pad, compared in constant time; False for anything malformed."""
    if not TOKEN.fullmatch(token):
        return False
    raw = urlsafe_b64decode(token + "==")
    return hmac.compare_digest(_xor(raw[:SIZE], raw[SIZE:]), secret)


def _xor(one: bytes, two: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(two)).to_bytes(SIZE)
