"""Seal bytes so that only this application can read or make them: authenticated encryption with keys that rotate.

>>> import secrets
>>> ring = KeyRing([secrets.token_urlsafe(32)])
>>> sealer = Sealer(ring, "mail-confirm")
>>> sealer.open(sealer.seal(b"ann@example.org"))
b'ann@example.org'
>>> Sealer(ring, "login").open(sealer.seal(b"x"))
Traceback (most recent call last):
kit.seal.BrokenSeal: the seal is broken: treat the text as if it had never come

A sealed text is canonical base64url of version, hint which key (4 bytes), salt (16 random bytes), ciphertext and tag.
AES-256-GCM; its key and nonce come from HKDF-SHA256 over salt and purpose, afresh for each message, so that no two
messages share a nonce, and a text sealed for one purpose opens for no other. There is one format and no fallback.
Needs the `cryptography` package, which is imported at first use.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from kit.errors import ConfigError, Malformed, needs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = ["BrokenSeal", "KeyRing", "Sealer", "new_key"]

_VERSION = b"\x01"
_HEAD = 1 + 4 + 16  # version, key hint, salt
_TAG = 16
_WEAK = ("changeme", "change-me", "change_me", "password", "secret", "insecure", "example", "default", "12345678")
_CURE = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"


class BrokenSeal(Malformed):
    """The text was not sealed with these keys for this purpose and binding, or it was changed since.

    `reason` (`form`, `key` or `tag`) is for the log of security events, not for the client.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("the seal is broken", hint="treat the text as if it had never come")
        self.reason = reason


def new_key() -> str:
    """A fresh key of 256 bits as 43 characters."""
    return secrets.token_urlsafe(32)


class KeyRing:
    """Secret keys in order: the first seals, all open. To rotate, put a new one in front; later drop the last.

    >>> KeyRing(["changeme"])
    Traceback (most recent call last):
    kit.errors.ConfigError: key 1 is too short (8 of 32 bytes): make one with python -c 'import secrets; \
print(secrets.token_urlsafe(32))'

    A key is a str or bytes of at least 32 bytes, all of them random; what is plainly not random is refused.
    """

    __slots__ = ("_keys", "_marks")

    def __init__(self, keys: KeyRing | str | bytes | Iterable[str | bytes]) -> None:
        self._keys: tuple[bytes, ...]
        self._marks: tuple[bytes, ...]
        if isinstance(keys, KeyRing):
            self._keys, self._marks = keys._keys, keys._marks
            return
        given = [keys] if isinstance(keys, str | bytes) else list(keys)
        self._keys = tuple(_checked(number, key) for number, key in enumerate(given, 1))
        if not self._keys:
            raise ConfigError("a KeyRing without keys", hint=f"make one with {_CURE}")
        if len(set(self._keys)) < len(self._keys):
            raise ConfigError("a KeyRing with the same key twice", hint="list each key once")
        self._marks = tuple(hmac.digest(key, b"kit/key-hint/v1", "sha256")[:4] for key in self._keys)

    @classmethod
    def load(cls, path_or_env: str | os.PathLike[str], *, create: bool = False) -> KeyRing:
        """Keys from a file (one a line, `#` comments) or from an environment variable (keys parted by blanks).

        A name of capitals, digits and underscores is a variable, anything else a path. With `create=True`, for
        development, a missing file is made with one new key, readable by its owner alone, all or nothing: of many
        processes that start at once, all get the same key. Without it a missing key is a `ConfigError`, and so is a
        file that anybody may read or that others than its owner may write: 0600, or 0640 for a group that serves. (What
        Docker and Kubernetes mount as a secret is 0444 or 0644 unless told `mode: 0400`, `defaultMode: 0440`.)

        >>> KeyRing.load("APP_KEYS")
        Traceback (most recent call last):
        kit.errors.ConfigError: no keys: the environment variable APP_KEYS is not set: set it to the output of \
python -c 'import secrets; print(secrets.token_urlsafe(32))'
        """
        if isinstance(path_or_env, str) and re.fullmatch(r"[A-Z][A-Z0-9_]*", path_or_env):
            value = os.environ.get(path_or_env, "")
            if not value.strip():
                what = f"no keys: the environment variable {path_or_env} is not set"
                raise ConfigError(what, hint=f"set it to the output of {_CURE}")
            return cls(value.split())
        path = os.fspath(path_or_env)
        text = _read(path)
        if text is None and create:
            _create(path)
            text = _read(path)
        if text is None:
            raise ConfigError(f"no keys: there is no file {path}", hint=f"make it: (umask 077; {_CURE} > {path})")
        lines = (line.strip() for line in text.splitlines())
        try:
            return cls([line for line in lines if line and not line.startswith("#")])
        except ConfigError as exc:
            raise ConfigError(f"in {path}: {exc.args[0]}", hint=exc.hint) from None

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._keys)}>"

    def _first(self) -> tuple[bytes, bytes]:
        return self._marks[0], self._keys[0]

    def _marked(self, mark: bytes) -> list[bytes]:
        return [key for hint, key in zip(self._marks, self._keys, strict=True) if hint == mark]


class Sealer:
    """Seals and opens bytes for one `purpose`, a word such as "session-cookie"; for another purpose they do not open.

    `bound` ties a text to its place (the name of a cookie, the key of a row): it must be given again, equal, to open.
    """

    __slots__ = ("_info", "_ring")

    def __init__(self, ring: KeyRing, purpose: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", purpose):
            raise ConfigError(f"purpose {purpose!r} is no word of 1 to 64 letters, digits and ._/-")
        self._ring = KeyRing(ring)
        self._info = f"kit/{purpose}/v1".encode()

    def seal(self, data: bytes, *, bound: bytes = b"") -> str:
        """`data`, sealed, as canonical base64url without padding: 4 characters for 3 bytes, and 50 more."""
        return urlsafe_b64encode(self.seal_bytes(data, bound=bound)).rstrip(b"=").decode("ascii")

    def open(self, text: str, *, bound: bytes = b"") -> bytes:
        """What was sealed, or `BrokenSeal`. Only the one canonical spelling of a text opens."""
        try:
            raw = text.encode("ascii")
            sealed = urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
        except (UnicodeEncodeError, Base64Error, ValueError):
            raise BrokenSeal("form") from None
        if urlsafe_b64encode(sealed).rstrip(b"=") != raw:  # other spellings would get round lists of revoked texts
            raise BrokenSeal("form")
        return self.open_bytes(sealed, bound=bound)

    def seal_bytes(self, data: bytes, *, bound: bytes = b"") -> bytes:
        """`data`, sealed, as bytes: 37 more than `data`."""
        mark, key = self._ring._first()
        head = _VERSION + mark + secrets.token_bytes(16)
        cipher, nonce, _ = self._cipher(key, head)
        sealed: bytes = cipher.encrypt(nonce, data, head + bound)
        return head + sealed

    def open_bytes(self, sealed: bytes, *, bound: bytes = b"") -> bytes:
        """What `seal_bytes` sealed, or `BrokenSeal`."""
        head = sealed[:_HEAD]
        if len(sealed) < _HEAD + _TAG or head[:1] != _VERSION:
            raise BrokenSeal("form")
        for key in self._ring._marked(head[1:5]):
            cipher, nonce, broken = self._cipher(key, head)
            try:
                data: bytes = cipher.decrypt(nonce, sealed[_HEAD:], head + bound)
            except broken:
                continue
            return data
        raise BrokenSeal("tag" if self._ring._marked(head[1:5]) else "key")

    def _cipher(self, key: bytes, head: bytes) -> tuple[Any, bytes, type[Exception]]:
        derive, cipher, broken = _cryptography()
        material = derive(key, head[5:], self._info)
        return cipher(material[:32]), material[32:], broken


@functools.cache
def _cryptography() -> tuple[Callable[[bytes, bytes, bytes], bytes], Callable[[bytes], Any], type[Exception]]:
    with needs("cryptography", extra="security", by=__name__):
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def derive(key: bytes, salt: bytes, info: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=44, salt=salt, info=info).derive(key)

    return derive, AESGCM, InvalidTag


def _checked(number: int, key: str | bytes) -> bytes:
    """The key as 32 bytes; `ConfigError`, which never shows the key, if it is short or plainly no random one."""
    if not isinstance(key, str | bytes):
        raise ConfigError(f"key {number} is a {type(key).__name__}, not a str or bytes")
    raw = key.encode() if isinstance(key, str) else key
    cure = f"make one with {_CURE}"
    if len(raw) < 32:
        raise ConfigError(f"key {number} is too short ({len(raw)} of 32 bytes)", hint=cure)
    lowered = raw.lower()
    if len(set(raw)) < 8 or any(word.encode() in lowered for word in _WEAK):
        raise ConfigError(f"key {number} is not random", hint=cure)
    return hashlib.sha256(b"kit/key/v1" + raw).digest()


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(65536)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot read the keys in {path} ({exc})", hint=f"chmod 600 {path}") from exc
    if os.name == "posix" and mode & 0o026:
        act = "write to" if mode & 0o022 else "read"
        raise ConfigError(f"others may {act} the keys in {path}", hint=f"chmod 600 {path}")
    return text


def _create(path: str) -> None:
    """Write a new key beside `path` and link it into place: never half a file, never over another's."""
    draft = f"{path}.{secrets.token_hex(8)}"
    cure = "name a folder that can be written"
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"# secret: keep it out of version control; the first key seals, all open\n{new_key()}\n")
                file.flush()
                os.fsync(file.fileno())
            cure = f"no hard links there? Make it by hand: (umask 077; {_CURE} > {path})"
            os.link(draft, path)
        finally:
            os.unlink(draft)
    except FileExistsError:
        return  # another process was first: its key counts
    except OSError as exc:
        raise ConfigError(f"cannot make the keys in {path} ({exc})", hint=cure) from exc
