"""Static: the files of a folder, with types, conditional requests, ranges, compressed copies and lasting names.

>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> from kit.testing import call
>>> folder = Path(mkdtemp())
>>> _ = (folder / "app.css").write_text("p{}")
>>> def site(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"the site"]
>>> app = Static(site, folder=folder, prefix="/static")
>>> answer = call(app, "/static/app.css")
>>> answer.text, answer.headers["Content-Type"], answer.headers["Cache-Control"]
('p{}', 'text/css; charset=utf-8', 'no-cache')
>>> call(app, "/static/../etc/passwd").status, call(app, "/").text
(404, 'the site')
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING, BinaryIO

from kit.errors import ConfigError
from kit.http import Problem
from kit.http.negotiate import best_encoding
from kit.render.assets import Assets, media_type, open_file
from kit.render.conditional import http_date, precondition
from kit.render.ranges import partial_answer, wanted_ranges
from kit.wsgi import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Static"]

_COPIES = {"zstd": ".zst", "br": ".br", "gzip": ".gz"}
_FOR_EVER = "public, max-age=31536000, immutable"
_BLOCK = 1 << 16


class Static(Layer):
    """Serve the files below `folder` under the path `prefix`; everything else goes to the app inside.

    - A name with the right hash (`kit.render.assets.Assets.url`) is kept by clients for ever; any other is asked for
      again each time, and mostly answered 304. `cache` is the Cache-Control of the latter.
    - A copy beside a file (`app.js.br`, `.zst`, `.gz`; made by `kit templates assets`) goes to a client that takes it.
    - What is not a plain file below the folder, begins with a dot, or has a name that some system reads otherwise, is a
      404 that repeats nothing of the request. Files of users do not belong here: serve them as attachments.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        folder: str | os.PathLike[str],
        prefix: str = "/static",
        cache: str = "no-cache",
    ) -> None:
        super().__init__(app)
        if not prefix.strip("/"):
            raise ConfigError("Static needs a prefix of its own", hint='prefix="/static"')
        self.assets = Assets(folder, prefix=prefix)
        self.cache = cache
        self._prefix = self.assets.prefix + "/"

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Answer what is under the prefix."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(self._prefix):
            return None
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Problem(405, headers=[("Allow", "GET, HEAD")])
        try:
            name = path[len(self._prefix) :].encode("latin-1").decode()
        except UnicodeError:
            return Problem(404)
        return self._answer(name, environ) or Problem(404)

    def _answer(self, name: str, environ: WSGIEnvironment) -> WSGIApplication | None:
        name, version = self.assets.original(name)
        file = open_file(self.assets.folder, name)
        if file is None:
            return None
        facts = os.fstat(file.fileno())
        lasting = version == (facts.st_mtime_ns, facts.st_size)
        headers = [
            ("Cache-Control", _FOR_EVER if lasting else self.cache),
            ("X-Content-Type-Options", "nosniff"),
            ("Accept-Ranges", "bytes"),
        ]
        copies = _copies(file, os.path.join(self.assets.folder, name))
        coding = "identity"
        if copies:
            headers.append(("Vary", "Accept-Encoding"))
            coding = best_encoding(environ.get("HTTP_ACCEPT_ENCODING"), copies)
        copy = open_file(self.assets.folder, name + _COPIES[coding]) if coding != "identity" else None
        if copy is None:
            return _Sent(file, media_type(name), "", headers)
        file.close()
        return _Sent(copy, media_type(name), coding, [*headers, ("Content-Encoding", coding)])


def _copies(file: BinaryIO, path: str) -> list[str]:
    """The codings in which there is a copy beside the file that is not older than it."""
    changed = os.fstat(file.fileno()).st_mtime
    found = []
    for coding, suffix in _COPIES.items():
        try:
            if os.stat(path + suffix).st_mtime >= changed:
                found.append(coding)
        except OSError:
            continue
    return found


class _Sent:
    """One open file as the answer to one request."""

    def __init__(self, file: BinaryIO, kind: str, coding: str, headers: list[tuple[str, str]]) -> None:
        stat = os.fstat(file.fileno())
        self.file, self.kind, self.size = file, kind, stat.st_size
        self.modified = datetime.fromtimestamp(int(stat.st_mtime), UTC)
        self.etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}{coding and "-" + coding}"'
        self.headers = [*headers, ("ETag", self.etag), ("Last-Modified", http_date(self.modified))]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer (PEP 3333)."""
        status = precondition(environ, etag=self.etag, modified=self.modified)
        if status is not None:
            self.file.close()
            if status == 412:
                return Problem(412)(environ, start_response)
            start_response("304 Not Modified", self.headers)
            return []
        parts = wanted_ranges(environ, self.size, etag=self.etag, modified=self.modified)
        if parts is None:
            start_response("200 OK", [("Content-Type", self.kind), ("Content-Length", str(self.size)), *self.headers])
            parts, chunks = [(0, self.size)], _read(self.file, 0, self.size)
        else:
            line, head, chunks = partial_answer(parts, self.size, self.kind, self._read, boundary=token_hex(16))
            start_response(line, [*head, *self.headers])
        if environ["REQUEST_METHOD"] == "HEAD" or not parts:
            self.file.close()
            return []
        return _Body(self.file, chunks)

    def _read(self, start: int, stop: int) -> Iterator[bytes]:
        return _read(self.file, start, stop)


def _read(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    file.seek(start)
    left = stop - start
    while left > 0 and (block := file.read(min(left, _BLOCK))):
        left -= len(block)
        yield block


class _Body:
    """The chunks of a file, which is closed with them."""

    __slots__ = ("_chunks", "_file")

    def __init__(self, file: BinaryIO, chunks: Iterator[bytes]) -> None:
        self._file, self._chunks = file, chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close the file."""
        self._file.close()
