"""Know what a server did: RequestId gives every request a name, AccessLog writes one JSON line about it.

>>> from kit.testing import call
>>> def hello(environ, start_response):
...     start_response("200 OK", [])
...     return [b"hello"]
>>> lines = []
>>> app = RequestId(AccessLog(hello, sink=lines.append), draw=lambda: "7f")
>>> call(app, "/x").headers["X-Request-Id"], lines[0]["status"], lines[0]["bytes"], lines[0]["request_id"]
('7f', 200, 5, '7f')
"""

from __future__ import annotations

import re
import sys
import time

from kit.audit import give, stamp, to_stream, utf8
from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TextIO
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    Sink = Callable[[dict[str, Any]], object]

__all__ = ["AccessLog", "RequestId"]

_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def _draw() -> str:
    from secrets import token_hex

    return token_hex(16)


class RequestId(Layer):
    """Sets `kit.request_id`, and sends it back in the header `X-Request-Id`.

    With `trust=True` an id that a proxy of yours put into the request's header is kept if it is 1 to 64 letters,
    digits, `_`, `.` or `-`. Any other, and without `trust` every one, is replaced by what `draw` gives: 128 random
    bits.
    """

    provides = ("kit.request_id",)

    def __init__(
        self,
        app: WSGIApplication,
        *,
        trust: bool = False,
        header: str = "X-Request-Id",
        draw: Callable[[], str] = _draw,
    ) -> None:
        super().__init__(app)
        self.trust, self.header, self.draw = trust, header, draw
        self._key = "HTTP_" + header.upper().replace("-", "_")

    def before(self, environ: WSGIEnvironment) -> None:
        """Name the request."""
        sent = environ.get(self._key, "") if self.trust else ""
        environ["kit.request_id"] = sent if _ID.fullmatch(sent) else self.draw()

    def head(
        self, environ: WSGIEnvironment, status: str, headers: list[tuple[str, str]]
    ) -> tuple[str, list[tuple[str, str]]]:
        """Tell the client."""
        name = self.header.lower()
        kept = [pair for pair in headers if pair[0].lower() != name]
        return status, [*kept, (self.header, environ["kit.request_id"])]


class AccessLog(Layer):
    """Writes one record per request, when its body is closed: time, method, path, status, bytes, seconds, peer.

    `sink` takes the record: a callable that is given the dict, or a text stream that gets a line of JSON (default:
    standard error; all but ASCII is escaped, so nobody can forge a line). Query strings hold tokens too often: they are
    left out unless `query=True`. `clock` gives seconds since the epoch, `timer` those of a clock that never goes back.
    A sink that raises (a full disk) costs no answer: the record goes to the logger "kit.observe" instead, as an error.
    """

    wants = ("kit.request_id", "REMOTE_ADDR")
    streams = True

    def __init__(
        self,
        app: WSGIApplication,
        *,
        sink: Sink | TextIO | None = None,
        query: bool = False,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(app)
        self.sink, self.query, self.clock, self.timer = sink, query, clock, timer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request, counting (PEP 3333)."""
        watched = _Watched(self, environ, start_response)
        try:
            watched.body = self.app(environ, watched.start)
        except BaseException as exc:
            watched.error = exc
            watched.close()
            raise
        return watched

    def write(self, record: dict[str, Any]) -> None:
        """Give a record to the sink, whose failures are logged and not raised."""
        sink = sys.stderr if self.sink is None else self.sink
        give(record, sink if callable(sink) else to_stream(sink), "kit.observe")


class _Watched:
    """One answer on its way out: the body, counted."""

    def __init__(self, log: AccessLog, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._log: AccessLog | None = log
        self._environ = environ
        self._start = start_response
        self._path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")  # a router inside may move it
        self._time, self._timer = log.clock(), log.timer()
        self._status = ""
        self._bytes = 0
        self._chunks: Iterator[bytes] | None = None
        self.body: Iterable[bytes] = ()
        self.error: BaseException | None = None

    def start(self, status: str, headers: Any, *exc_info: Any) -> Callable[[bytes], object]:
        write = self._start(status, headers, *exc_info)
        self._status = status

        def counted(data: bytes) -> None:
            self._bytes += len(data)
            write(data)

        return counted

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if self._chunks is None:
                self._chunks = iter(self.body)
            chunk = next(self._chunks)
        except StopIteration:
            raise
        except BaseException as exc:
            self.error = exc
            raise
        self._bytes += len(chunk)
        return chunk

    def close(self) -> None:
        log, self._log = self._log, None
        if log is None:
            return
        try:
            close = getattr(self.body, "close", None)
            if close is not None:
                close()
        finally:
            log.write(self._record(log))

    def _record(self, log: AccessLog) -> dict[str, Any]:
        environ = self._environ
        record: dict[str, Any] = {
            "datetime": stamp(self._time),
            "method": environ.get("REQUEST_METHOD", ""),
            "path": utf8(self._path),
            "status": int(self._status[:3] or 500),
            "bytes": self._bytes,
            "seconds": round(log.timer() - self._timer, 6),
            "peer": environ.get("REMOTE_ADDR", ""),
        }
        if log.query:
            record["query"] = environ.get("QUERY_STRING", "")
        for name, key in (("request_id", "kit.request_id"), ("user", "kit.user")):
            if environ.get(key) is not None:
                record[name] = environ[key]
        if self.error is not None:
            record["error"] = type(self.error).__qualname__
        return record
