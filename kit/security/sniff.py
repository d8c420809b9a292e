"""What a file is by its first bytes, whatever its name and its sender say.

>>> media_type(b"\\x89PNG\\r\\n\\x1a\\n"), media_type(b"  <!DOCTYPE html><p>"), media_type(b"just words")
('image/png', 'text/html', 'text/plain')
>>> check_upload("photo.png", b"<script>alert(1)</script>", allowed={"image/png": (".png",)})
Traceback (most recent call last):
kit.errors.Invalid: the file is text/html: send image/png

`check_upload` wants the extension and the content to agree with one allowed type, and a picture to have no more than
`pixels` (a small file can unpack to gigabytes). SVG is markup with scripts: it is no picture here.
"""

from __future__ import annotations

import re

from kit.errors import Invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

__all__ = ["check_archive", "check_upload", "media_type", "pixels_of"]

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_TAGS = rb"!doctype|html|head|body|script|iframe|svg|img|style|title|a|table|div|p|br|\?xml"
_MARKUP = re.compile(rb"<(?:!--|(?:" + _TAGS + rb")\b)", re.IGNORECASE)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def media_type(head: bytes) -> str:
    """The media type of a file that begins with `head` (512 bytes are enough; for JPEG's size, 64 KiB)."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if _MARKUP.search(head[:512]):
        return "image/svg+xml" if b"<svg" in head[:512].lower() else "text/html"
    return "application/octet-stream" if _BINARY.search(head[:512]) else "text/plain"


def check_upload(name: str, head: bytes, *, allowed: Mapping[str, tuple[str, ...]], pixels: int = 50_000_000) -> str:
    """The type of an upload; `Invalid` unless content and ending agree with an entry of `allowed`."""
    kind = media_type(head)
    if kind not in allowed:
        raise Invalid(f"the file is {kind}", hint="send " + " or ".join(sorted(allowed)))
    if not name.lower().endswith(allowed[kind]):
        raise Invalid(f"the file is {kind}, but its name ends otherwise", hint=" or ".join(allowed[kind]))
    size = pixels_of(head)
    if size is not None and size[0] * size[1] > pixels:
        raise Invalid(f"the picture has {size[0]} times {size[1]} pixels", hint=f"send at most {pixels} in all")
    return kind


def check_archive(file: BinaryIO, *, files: int = 1000, size: int = 100_000_000) -> None:
    """`Invalid` for a ZIP file that would unpack to more than `files` files or `size` bytes, or that is none.

    What it says of itself is believed: unpack with the same limit, and each name through `safe_join`.
    """
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(file) as archive:
            entries = archive.infolist()
    except (BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        raise Invalid("the file is no archive that can be read") from None
    if len(entries) > files or sum(entry.file_size for entry in entries) > size:
        raise Invalid("the archive is too large when it is unpacked", hint=f"at most {files} files, {size} bytes")


def pixels_of(head: bytes) -> tuple[int, int] | None:
    """(width, height) of a PNG, GIF, JPEG or WebP; None where `head` does not say."""
    if head[:8] == _MAGIC[0][0] and len(head) >= 24:
        return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    if head[:4] == b"GIF8" and len(head) >= 10:
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    if head[:4] == b"RIFF" and head[12:16] == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return _jpeg_size(head) if head[:3] == b"\xff\xd8\xff" else None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # start of frame (ITU T.81, B.2.2)
            return int.from_bytes(head[at + 7 : at + 9]), int.from_bytes(head[at + 5 : at + 7])
        at += 2 + int.from_bytes(head[at + 2 : at + 4])
    return None
