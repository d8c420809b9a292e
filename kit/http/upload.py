"""multipart/form-data: fields in memory, files on disk, limits before anything is allocated.

The parser is the `multipart` package (extra `forms`); the limits, the files and their safe names are here.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile

from kit.errors import Malformed, TooLarge, needs
from kit.http.safe import upload_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, Any

    from kit.http.body import Limits

__all__ = ["Upload", "parts"]


class _Spool(SpooledTemporaryFile[bytes]):
    """In memory while small, then an unnamed file on disk; closed when nobody holds it any more."""

    def __del__(self) -> None:
        self.close()


class Upload:
    """A file that came with a form.

    `filename` is safe to show and to store (`kit.http.safe.upload_name`); `sent_name` and `type` are what the client
    claims. `file` is open for reading, at its start, and is closed with the last reference to it.

    >>> from io import BytesIO
    >>> Upload("photo", "C:\\\\fotos\\\\me.jpg", "image/jpeg", BytesIO(b"..."), 3)
    <Upload 'photo': 'me.jpg', 3 bytes>
    """

    __slots__ = ("file", "filename", "name", "sent_name", "size", "type")

    def __init__(self, name: str, sent_name: str, kind: str, file: IO[bytes], size: int) -> None:
        self.name = name
        self.sent_name = sent_name
        self.filename = upload_name(sent_name)
        self.type = kind
        self.file = file
        #: in bytes
        self.size = size

    def __repr__(self) -> str:
        return f"<Upload {self.name!r}: {self.filename!r}, {self.size} bytes>"

    @property
    def value(self) -> bytes:
        """The whole file in memory."""
        self.file.seek(0)
        return self.file.read()


def parts(chunks: Iterable[bytes], boundary: str, limits: Limits) -> Iterator[tuple[str, str | Upload]]:
    """The parts of a multipart body as (name, text or `Upload`); a file field left empty is the text ""."""
    with needs("multipart", extra="forms", by=__name__):
        import multipart
    if not 1 <= len(boundary) <= 70:
        raise Malformed("the boundary of the multipart body has no valid length (RFC 2046, 5.1.1: 1 to 70)")
    parser = multipart.PushMultipartParser(boundary, max_segment_count=limits.fields)
    sink = _Sink(limits)
    try:
        for chunk in chunks:
            for event in parser.parse(chunk):
                if event is None:
                    yield sink.done()
                elif isinstance(event, multipart.MultipartSegment):
                    sink.begin(event)
                else:
                    sink.write(bytes(event))
        parser.close()
    except multipart.ParserLimitReached as exc:
        raise TooLarge(f"the multipart body is over a limit: {exc}") from None
    except multipart.MultipartError as exc:
        raise Malformed(f"no multipart body: {exc}") from None


class _Sink:
    """Takes one part after the other and counts over all of them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._memory = limits.memory
        self._files = limits.files

    def begin(self, segment: Any) -> None:
        self._name, self._sent_name, self._type = segment.name, segment.filename, segment.content_type
        if not self._name:
            raise Malformed("a part of the multipart body has no name")
        self._text = bytearray()
        self._size = 0
        self._file: _Spool | None = None
        if self._sent_name:
            self._files -= 1
            if self._files < 0:
                raise TooLarge(f"the form has more than {self._limits.files} files")
            self._file = _Spool(max_size=self._limits.spool)

    def write(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._file is not None:
            self._file.write(chunk)
            return
        self._memory -= len(chunk)
        if self._size > self._limits.field or self._memory < 0:
            raise TooLarge(f"the field {self._name[:80]!r} is too long")
        self._text += chunk

    def done(self) -> tuple[str, str | Upload]:
        if self._file is not None:
            self._file.seek(0)
            kind = self._type or "application/octet-stream"
            return self._name, Upload(self._name, self._sent_name, kind, self._file, self._size)
        try:
            return self._name, self._text.decode()
        except UnicodeDecodeError:
            raise Malformed(f"the field {self._name[:80]!r} is not in UTF-8") from None
