"""Server-sent events: `return events(source)` from a handler.

>>> answer = events([Event("saved\\nand sound", id="7"), None])
>>> b"".join(answer.app_iter)
b'id: 7\\ndata: saved\\ndata: and sound\\n\\n: \\n\\n'
>>> answer.headers["Content-Type"]
'text/event-stream'

The source is an iterable of `Event`, of values (sent as JSON), and of None for "nothing yet", which goes out as a
heartbeat: only by sending does a server find out that a client has gone. `queued(queue)` makes one of a `queue.Queue`.
Each open stream holds a thread of a WSGI server: give `lifetime`, and a server with threads enough.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Queue
from typing import Any, NamedTuple

from kit.errors import Malformed
from kit.http import Response
from kit.http.json import dumps
from kit.wsgi import environ_of

__all__ = ["Event", "events", "last_event_id", "queued"]

_LINE_END = re.compile(r"\r\n|\r|\n")  # what ends a line there (WHATWG HTML, 9.2.5)


class Event(NamedTuple):
    """One event: `data` is text, or a value that is sent as JSON; `retry` is the reconnection time in milliseconds."""

    data: Any
    event: str = ""
    id: str = ""
    retry: int | None = None


def events(source: Iterable[Any], *, retry: int | None = None) -> Response:
    """The response that sends each event as it comes. The source is closed when the client goes.

    `retry` tells the client how many milliseconds to wait before it connects again.
    """
    answer = Response(app_iter=_Events(source, retry))
    answer.headers["Content-Type"] = "text/event-stream"
    answer.headers["Cache-Control"] = "no-store, no-transform"
    answer.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
    return answer


def last_event_id(environ_or_request: Any) -> str:
    """The id of the last event that the client saw before it lost the connection; "" at the first."""
    text: str = environ_of(environ_or_request).get("HTTP_LAST_EVENT_ID", "")
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        raise Malformed("Last-Event-ID is not in UTF-8") from None


def queued(
    queue: Queue[Any],
    *,
    heartbeat: float = 15.0,
    lifetime: float = 300.0,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Any]:
    """What others put into `queue`, with a None after each `heartbeat` seconds of silence, for `lifetime` seconds.

    The client connects again by itself after the end, and says what it saw last.
    """
    end = clock() + lifetime
    while (left := end - clock()) > 0:
        try:
            yield queue.get(timeout=min(heartbeat, left))
        except Empty:
            yield None


class _Events:
    def __init__(self, source: Iterable[Any], retry: int | None) -> None:
        self._source, self._retry = source, retry

    def __iter__(self) -> Iterator[bytes]:
        if self._retry is not None:
            yield b"retry: %d\n\n" % self._retry
        for each in self._source:
            yield b": \n\n" if each is None else encoded(each if isinstance(each, Event) else Event(each))

    def close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def encoded(event: Event) -> bytes:
    """One event on the wire. A line end in `id` or `event` would start a field of its own: ValueError.

    >>> encoded(Event({"n": 1}, event="count"))
    b'event: count\\ndata: {"n":1}\\n\\n'
    """
    if re.search("[\r\n\0]", event.id + event.event):
        raise ValueError("id and event are single lines without NUL")
    text = event.data if isinstance(event.data, str) else dumps(event.data).decode()
    lines = [f"{name}: {value}" for name, value in (("id", event.id), ("event", event.event)) if value]
    if event.retry is not None:
        lines.append(f"retry: {event.retry:d}")
    lines += [f"data: {line}" for line in _LINE_END.split(text)]
    return ("\n".join(lines) + "\n\n").encode()
