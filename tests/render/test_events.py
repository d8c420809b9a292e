"""Server-sent events: on the wire as the standard says, with a heartbeat, closed when the client goes."""

from __future__ import annotations

from queue import Queue
from typing import Any

import pytest

from kit.errors import Malformed
from kit.http import handler
from kit.render.compress import Compress
from kit.render.events import Event, encoded, events, last_event_id, queued
from kit.testing import call, environ
from kit.wsgi.lint import Lint


@pytest.mark.parametrize(
    ("event", "wire"),
    [
        (Event("a"), "data: a\n\n"),
        (Event(""), "data: \n\n"),
        (Event("a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (Event("x", event="e", id="7", retry=500), "id: 7\nevent: e\nretry: 500\ndata: x\n\n"),
        (Event("data: y\n\nevent: forged"), "data: data: y\ndata: \ndata: event: forged\n\n"),
        (Event({"a": [1]}), 'data: {"a":[1]}\n\n'),
        (Event("\u2028é"), "data: \u2028é\n\n"),
    ],
)
def test_events_on_the_wire(event: Event, wire: str) -> None:
    assert encoded(event).decode() == wire


@pytest.mark.parametrize("event", [Event("x", id="a\nb"), Event("x", event="a\rdata: b"), Event("x", id="\0")])
def test_a_line_end_cannot_forge_a_field(event: Event) -> None:
    with pytest.raises(ValueError, match="single lines"):
        encoded(event)


def test_stream_is_neither_cached_nor_packed_nor_held_back() -> None:
    app = Lint(Compress(handler(lambda request: events([Event("a"), None, {"n": 1}], retry=100))))
    answer = call(app, headers={"Accept-Encoding": "gzip"})
    assert answer.text == 'retry: 100\n\ndata: a\n\n: \n\ndata: {"n":1}\n\n'
    assert "Content-Encoding" not in answer.headers and "no-store" in answer.headers["Cache-Control"]


def test_client_that_goes_closes_the_source() -> None:
    closed = []

    def source() -> Any:
        try:
            while True:
                yield None
        finally:
            closed.append(1)

    body: Any = handler(lambda request: events(source()))(environ(), lambda *args: lambda data: None)
    assert next(iter(body)) == b": \n\n"
    body.close()
    assert closed == [1]


def test_queue_is_read_with_a_heartbeat_until_the_lifetime_ends() -> None:
    queue: Queue[Any] = Queue()
    queue.put("one")
    ticks = iter([0.0, 0.1, 0.2, 9.9, 10.1])
    assert list(queued(queue, heartbeat=0.01, lifetime=10, clock=lambda: next(ticks))) == ["one", None, None]


def test_last_event_id_is_read_as_utf8() -> None:
    with pytest.raises(Malformed):
        last_event_id({"HTTP_LAST_EVENT_ID": "\xff"})
    assert last_event_id(environ()) == ""
    assert last_event_id({"HTTP_LAST_EVENT_ID": "é7".encode().decode("latin-1")}) == "é7"
