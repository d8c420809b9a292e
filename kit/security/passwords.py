"""Passwords: hash, verify, upgrade, and refuse the bad ones.

>>> phc = hash("correct horse battery staple")
>>> phc[:30], verify(phc, "correct horse battery staple"), verify(phc, "guess"), needs_rehash(phc)
('$argon2id$v=19$m=19456,t=2,p=1', True, False, False)
>>> problems("Password1", context=["ann@example.org"])
['is one of the most common passwords']

At a login: `verify(user and user.password, password)`: with None for an unknown user it takes the same time and says
False, so nobody learns who has an account. After a success, `if needs_rehash(phc): user.password = hash(password)`.

Argon2id with 19 MiB, 2 passes, 1 lane (OWASP's and ASVS 5.0's minimum), in PHC format; `verify` also reads the PBKDF2
and scrypt formats of Django and Werkzeug, and bcrypt where that package is installed, and `needs_rehash` is True for
them. A password is 1 to 1,024 bytes of UTF-8, never cut. At most four are hashed at once, so many logins cost no more
than 80 MiB; who waits longer than five seconds gets `Unavailable` (503).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import os
import re
import secrets
import threading
from importlib import import_module
from unicodedata import normalize

from kit.errors import Invalid, MissingExtra, TooLarge, Unavailable, needs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["hash", "needs_rehash", "problems", "verify"]

MEMORY, TIME, LANES = 19_456, 2, 1  # KiB, passes, lanes: ASVS 5.0, appendix C
LONGEST = 1024
_WAIT = 5.0
_AT_ONCE = threading.BoundedSemaphore(4)
_PHC = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}"
)
#: a hash of nothing in particular: what is checked where there is no user
_DUMMY = f"$argon2id$v=19$m={MEMORY},t={TIME},p={LANES}${'A' * 22}${'A' * 43}"
_DJANGO = re.compile(r"pbkdf2_(sha256)\$([0-9]{1,7})\$([!-#%-~]{1,64})\$([A-Za-z0-9+/=]{20,100})")
_WERKZEUG = re.compile(r"pbkdf2:(sha256|sha512):([0-9]{1,7})\$([A-Za-z0-9]{1,64})\$([0-9a-f]{40,128})")
_SCRYPT = re.compile(r"scrypt:([0-9]{1,7}):([0-9]{1,2}):([0-9]{1,2})\$([A-Za-z0-9]{1,64})\$([0-9a-f]{128})")
_BCRYPT = re.compile(r"(?:bcrypt\$)?(\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53})")


def hash(password: str) -> str:
    """The PHC string to store, 97 characters; `Invalid` for an empty password, `TooLarge` for over 1,024 bytes."""
    raw = _raw(password)
    with needs("cryptography", extra="security", by=__name__):
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    salt = secrets.token_bytes(16)
    with _turn():
        return Argon2id(salt=salt, length=32, iterations=TIME, lanes=LANES, memory_cost=MEMORY).derive_phc_encoded(raw)


def verify(phc: str | None, password: str) -> bool:
    """Whether `password` is the one of `phc`; False for None (in the time of a real check) and for what is no hash.

    Raises what `hash` raises. Parameters beyond 256 MiB, 16 passes, 16 lanes are False: a stored hash is no bomb.
    """
    raw = _raw(password)
    if phc is None:
        _argon2(_DUMMY, raw)
        return False
    if _PHC.fullmatch(phc):
        return _argon2(phc, raw)
    return _legacy(phc, password.encode())


def needs_rehash(phc: str) -> bool:
    """Whether a password just verified should be hashed afresh: another algorithm, or weaker parameters."""
    match = _PHC.fullmatch(phc)
    if match is None:
        return True
    memory, passes, lanes = map(int, match.group(1, 2, 3))
    return memory < MEMORY or passes < TIME or lanes < LANES


def problems(password: str, *, least: int = 8, context: Iterable[str] = ()) -> list[str]:
    """What is wrong with a new password, in plain words; empty if nothing (ASVS 5.0 6.2; no rules of composition).

    `least` is the smallest length in characters; 15 is better where there is no second factor. `context` holds words
    that anybody would guess first: the name of the site, the user's name and mail address.
    """
    found = []
    if len(password) < least:
        found.append(f"is shorter than {least} characters")
    if len(password.encode(errors="surrogatepass")) > LONGEST:
        found.append(f"is longer than {LONGEST} bytes")
    plain = password.lower()
    if plain in _common() or plain.rstrip("0123456789!.?") in _common():
        found.append("is one of the most common passwords")
    words = {part for text in context for part in (text.lower(), *re.split(r"[^\w]+", text.lower())) if len(part) > 3}
    if any(word in plain and len(word) * 2 > len(plain) for word in words):
        found.append("is mostly a word that others would guess")
    if password and len(set(password)) < 4:
        found.append("repeats the same few characters")
    return found


def _raw(password: str) -> bytes:
    try:
        raw = normalize("NFC", password).encode() if len(password) <= LONGEST else b"?" * (LONGEST + 1)
    except UnicodeEncodeError:
        raise Invalid("a password is Unicode text") from None
    if len(raw) > LONGEST:
        raise TooLarge(f"a password has at most {LONGEST} bytes")
    if not raw:
        raise Invalid("the password is empty")
    return raw


def _after_fork() -> None:
    global _AT_ONCE
    _AT_ONCE = threading.BoundedSemaphore(4)  # turns that threads of the parent have taken never come back here


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class _turn:
    """One of the four turns in which passwords are hashed."""

    def __enter__(self) -> None:
        if not _AT_ONCE.acquire(timeout=_WAIT):
            raise Unavailable("too many passwords are being checked", hint="try again in a moment")

    def __exit__(self, *exc: object) -> None:
        _AT_ONCE.release()


@functools.cache
def _common() -> frozenset[str]:
    from importlib.resources import files

    return frozenset(files(__package__).joinpath("common_passwords.txt").read_text("ascii").splitlines())


def _argon2(phc: str, raw: bytes) -> bool:
    match = _PHC.fullmatch(phc)
    if match is None or int(match[1]) > 262_144 or int(match[2]) > 16 or int(match[3]) > 16:
        return False
    with needs("cryptography", extra="security", by=__name__):
        from cryptography.exceptions import InvalidKey
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    with _turn():
        try:
            Argon2id.verify_phc_encoded(raw, phc)
        except (InvalidKey, ValueError):
            return False
    return True


def _legacy(stored: str, raw: bytes) -> bool:
    """Django's and Werkzeug's PBKDF2 and scrypt, and bcrypt."""
    with _turn():
        if match := _DJANGO.fullmatch(stored):
            key = hashlib.pbkdf2_hmac(match[1], raw, match[3].encode(), int(match[2]))
            return hmac.compare_digest(base64.b64encode(key).decode(), match[4])
        if match := _WERKZEUG.fullmatch(stored):
            key = hashlib.pbkdf2_hmac(match[1], raw, match[3].encode(), int(match[2]))
            return hmac.compare_digest(key.hex(), match[4])
        if match := _SCRYPT.fullmatch(stored):
            n, r, p = map(int, match.group(1, 2, 3))
            return _scrypt(raw, match[4].encode(), n, r, p, match[5])
        if match := _BCRYPT.fullmatch(stored):
            return bool(_bcrypt().checkpw(raw[:72], match[1].encode()))
    return False


def _bcrypt() -> Any:
    try:
        return import_module("bcrypt")
    except ModuleNotFoundError:
        raise MissingExtra("this password was hashed with bcrypt", hint="pip install bcrypt") from None


def _scrypt(raw: bytes, salt: bytes, n: int, r: int, p: int, stored: str) -> bool:
    if not 2 <= n <= 1 << 17 or n & (n - 1) or not 1 <= r <= 16 or not 1 <= p <= 8:
        return False
    key = hashlib.scrypt(raw, salt=salt, n=n, r=r, p=p, maxmem=132 * n * r * p + (1 << 20), dklen=64)
    return hmac.compare_digest(key.hex(), stored)
