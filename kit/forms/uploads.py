"""Files in forms: `photo: File | None = field(accept="image/png,image/jpeg", max_bytes="2MiB")`.

What a file is called and what its sender says it is are claims. Where `accept` is given, the name's extension must be
of an accepted type, and the first bytes must agree with it (ASVS 5.2.2): a page of HTML named `x.png` is refused.

>>> sniffed(b"\\x89PNG\\r\\n\\x1a\\n..."), sniffed(b"  <!DOCTYPE html>"), sniffed(b"hello")
('image/png', 'text/html', '')
"""

from __future__ import annotations

import mimetypes
import re
from typing import Any

from kit.errors import ConfigError
from kit.forms.constraints import FILES
from kit.forms.kinds import Kind, Wrong
from kit.http.upload import Upload as File

__all__ = ["File", "FileKind", "byte_count", "sniffed"]

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_KNOWN = frozenset(kind for _, kind in _MAGIC) | {"image/webp", "text/html"}
_ACTIVE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body|script|iframe|svg|\?xml)", re.I | re.S)
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


class FileKind(Kind):
    """One file. `accept` is a list as HTML writes it: "image/*", "image/png,.pdf"; "" takes everything."""

    table = FILES
    widget = "file"
    attributes = {"type": "file"}
    schema = {"type": "string", "format": "binary"}
    takes = (File,)
    messages = {"required": "Choose a file"}

    def __init__(self, *, accept: str = "") -> None:
        self.accepted = [item.strip().lower() for item in accept.split(",") if item.strip()]
        if accept:
            self.attributes = {"type": "file", "accept": accept}
            self.schema = {**self.schema, "contentMediaType": accept}
        for item in self.accepted:
            if not re.fullmatch(r"\.\w+|[a-z]+/(?:\*|[\w.+\-]+)", item):
                raise ConfigError(f"accept={accept!r}", hint='give types and extensions: "image/*,.pdf"')

    def parse(self, text: Any) -> Any:
        if not isinstance(text, File):
            raise Wrong("file")
        if self.accepted:
            claimed = mimetypes.guess_type(text.filename)[0] or ""
            if not any(_fits(text.filename.lower(), claimed, item) for item in self.accepted):
                raise Wrong("file_type", accept=", ".join(self.accepted))
            found = sniffed(_head(text))
            if found != claimed and (found == "text/html" or claimed in _KNOWN):
                raise Wrong("file_content")
        return text

    def accept(self, data: Any) -> Any:
        raise Wrong("file")

    def show(self, value: Any) -> str:
        return str(getattr(value, "filename", ""))


def sniffed(head: bytes) -> str:
    """The type that the first bytes of a file give away; "" if they do not."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "text/html" if _ACTIVE.match(head) else ""


def byte_count(size: int | str) -> int:
    """A size in bytes: 2097152, "2MiB" or "2 MB"."""
    if isinstance(size, int):
        return size
    found = re.fullmatch(r"([0-9]+) ?([A-Za-z]*)", size.strip())
    if not found or found[2].upper() not in _UNITS:
        raise ConfigError(f"max_bytes={size!r}", hint='write "2MiB" or a number of bytes')
    return int(found[1]) * _UNITS[found[2].upper()]


def _fits(name: str, claimed: str, item: str) -> bool:
    if item.startswith("."):
        return name.endswith(item)
    return claimed == item or (item.endswith("/*") and claimed.startswith(item[:-1]))


def _head(file: File) -> bytes:
    file.file.seek(0)
    head = file.file.read(1024)
    file.file.seek(0)
    return head
