"""Session ids: 256 random bits in the cookie, of which stores, logs and tokens only ever see hashes.

>>> is_id(new_id()), is_id("../../etc/passwd"), key_of("A" * 43) == key_of("A" * 43)
(True, False, True)
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

__all__ = ["PREFIX", "digest", "is_id", "key_of", "new_id"]

#: what the keys of sessions begin with in a store that holds other things too
PREFIX = "session/"

_ID = re.compile(r"[A-Za-z0-9_-]{43}")


def new_id() -> str:
    """A fresh id: 43 characters of base64url."""
    return secrets.token_urlsafe(32)


def is_id(text: str) -> bool:
    """Whether `text` could be one of ours; nothing else ever reaches a store."""
    return _ID.fullmatch(text) is not None


def key_of(session_id: str) -> str:
    """The key under which a store keeps the session with this id."""
    return PREFIX + digest("session-id", session_id)


def digest(purpose: str, value: str) -> str:
    """43 characters of base64url: SHA-256 of `value` for one purpose."""
    raw = hashlib.sha256(f"kit/{purpose}/v1:{value}".encode()).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
