"""Assets: the files of a folder under names that carry their content's hash, so that clients may keep them for ever.

>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> folder = Path(mkdtemp())
>>> _ = (folder / "app.css").write_text("p{}")
>>> assets = Assets(folder, prefix="/static")
>>> assets.url("app.css"), assets.integrity("app.css")[:20]
('/static/app.806db221261e.css', 'sha384-l5tjHW8LADNSE')

Give templates the function: `Templates("templates", values={"static_url": assets.url})`; the layer is `Static`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from base64 import b64encode
from mimetypes import MimeTypes
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

from kit.errors import KitError, Missing
from kit.http.safe import safe_join
from kit.render.escape import Markup, escape

__all__ = ["Asset", "Assets", "media_type"]

_HASHED = re.compile(r"(?P<stem>.+)\.(?P<hash>[0-9a-f]{12})(?P<suffix>\.[^./]+)?\Z")
_TYPES = MimeTypes(filenames=())  # the same on every machine, whatever its registry says
for _type, _suffix in (
    ("text/javascript", ".js"),
    ("text/javascript", ".mjs"),
    ("application/manifest+json", ".webmanifest"),
    ("application/json", ".map"),
    ("application/wasm", ".wasm"),
    ("font/woff", ".woff"),
    ("font/woff2", ".woff2"),
    ("image/avif", ".avif"),
    ("image/webp", ".webp"),
    ("image/x-icon", ".ico"),
    ("text/markdown", ".md"),
):
    _TYPES.add_type(_type, _suffix)
_PACKED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "br": "application/x-brotli"}


def media_type(name: str) -> str:
    """The Content-Type of a file by its name; text is UTF-8.

    >>> media_type("a.js"), media_type("a.tar.gz"), media_type("a.unknown")
    ('text/javascript; charset=utf-8', 'application/gzip', 'application/octet-stream')
    """
    kind, packed = _TYPES.guess_type("x/" + name)
    if packed:
        return _PACKED.get(packed, "application/octet-stream")
    kind = kind or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


#: time in nanoseconds and size of a file
Version = tuple[int, int]


class Asset(NamedTuple):
    """The content of one file: `hash` (12 hexadecimal digits of SHA-256) and `integrity` (SHA-384, W3C SRI)."""

    hash: str
    integrity: str
    version: Version
    path: str


class Assets:
    """The files below `folder`, served under `prefix`.

    A file is read at the first use of its URL, and again when its time or size has changed. `base` goes before the
    prefix: the path under which the whole application hangs, or the origin of a CDN.
    """

    def __init__(self, folder: str | os.PathLike[str], *, prefix: str = "/static", base: str = "") -> None:
        self.folder = Path(folder)
        self.prefix = "/" + prefix.strip("/")
        self.base = base.rstrip("/")
        self._known: dict[str, Asset] = {}

    def url(self, name: str) -> str:
        """The URL of a file, with its hash. An unknown name is an error here, not a broken link later."""
        stem, dot, suffix = name.rpartition(".")
        hashed = (
            f"{stem}.{self.asset(name).hash}.{suffix}"
            if dot and "/" not in suffix
            else f"{name}.{self.asset(name).hash}"
        )
        return self.base + quote(f"{self.prefix}/{hashed}")

    def integrity(self, name: str) -> str:
        """The value of the `integrity` attribute (W3C Subresource Integrity)."""
        return self.asset(name).integrity

    def tag(self, name: str) -> Markup:
        """The element that loads a script or a style sheet, with its integrity."""
        url, integrity = escape(self.url(name)), f'integrity="{self.integrity(name)}" crossorigin="anonymous"'
        if name.endswith((".js", ".mjs")):
            return Markup(f'<script type="module" src="{url}" {integrity}></script>')
        return Markup(f'<link rel="stylesheet" href="{url}" {integrity}>')

    def preload(self, *names: str) -> str:
        """The value of a Link header that lets a browser fetch these before it has read the page (W3C Preload)."""
        kinds = {".css": "style", ".js": "script", ".mjs": "script", ".woff2": "font"}
        links = ((self.url(name), kinds.get(os.path.splitext(name)[1], "image")) for name in names)
        return ", ".join(
            f"<{url}>; rel=preload; as={kind}{'; crossorigin' if kind == 'font' else ''}" for url, kind in links
        )

    def names(self) -> list[str]:
        """The names of all files, sorted; hidden ones and compressed copies are left out."""
        found = (Path(at) / name for at, _, inside in os.walk(self.folder) for name in inside)
        names = sorted(path.relative_to(self.folder).as_posix() for path in found)
        known = set(names)
        return [name for name in names if not _hidden(name) and not _copy_of(name, known)]

    def manifest(self) -> dict[str, dict[str, str]]:
        """All files: name -> `url` and `integrity`, for other tools (a CDN, a service worker)."""
        return {name: {"url": self.url(name), "integrity": self.integrity(name)} for name in self.names()}

    def import_map(self, **modules: str) -> Markup:
        """An import map for the browser: `${assets.import_map(app="app.js")}` inside `<script type="importmap">`."""
        from kit.render.escape import safe_json

        return safe_json({"imports": {name: self.url(file) for name, file in modules.items()}})

    def asset(self, name: str) -> Asset:
        """Hash and integrity of a file."""
        known = self._known.get(name)
        if known is not None and _unchanged(known):
            return known
        file = open_file(self.folder, name)
        if file is None:
            raise KitError(f"no asset {name!r}", hint=f"looked in {self.folder}")
        with file:
            made = self._known[name] = _asset(file)
        return made

    def original(self, name: str) -> tuple[str, Version | None]:
        """The file that a requested name means, and its version, if the name carries the hash of that."""
        found = _HASHED.match(name)
        if found is None:
            return name, None
        original = found["stem"] + (found["suffix"] or "")
        try:
            asset = self.asset(original)
        except KitError:
            return name, None
        if asset.hash == found["hash"]:
            return original, asset.version
        return (name if self._exists(name) else original), None

    def _exists(self, name: str) -> bool:
        file = open_file(self.folder, name)
        if file is not None:
            file.close()
        return file is not None


def open_file(folder: Path, name: str) -> BinaryIO | None:
    """An open regular file below `folder`, or None; a pipe, a device or a link that leads out is none."""
    try:
        file = open(safe_join(folder, name), "rb", opener=_open)  # noqa: SIM115  the caller closes it
    except (OSError, ValueError, Missing):
        return None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        return None
    return file


def _open(path: str, flags: int) -> int:
    """Without waiting for the other end of a pipe, and without following a link put there a moment ago."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _asset(file: BinaryIO) -> Asset:
    short, long = hashlib.sha256(), hashlib.sha384()
    while block := file.read(1 << 16):
        short.update(block)
        long.update(block)
    integrity = "sha384-" + b64encode(long.digest()).decode()
    return Asset(short.hexdigest()[:12], integrity, _version(os.fstat(file.fileno())), file.name)


def _unchanged(asset: Asset) -> bool:
    try:
        return asset.version == _version(os.stat(asset.path))
    except OSError:
        return False


def _version(facts: os.stat_result) -> Version:
    return facts.st_mtime_ns, facts.st_size


def _hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _copy_of(name: str, names: set[str]) -> bool:
    stem, _, suffix = name.rpartition(".")
    return suffix in ("gz", "br", "zst") and stem in names
