"""Streams: little memory, errors that show, clients that may go."""

from __future__ import annotations

import io
import os
import resource
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from kit.errors import Missing
from kit.http import handler
from kit.render import ErrorPages, Templates
from kit.render.events import events
from kit.testing import call, environ
from kit.wsgi.lint import Lint

ROWS = "% for row in rows:\n<p>${row}</p>\n% endfor\n"


def streaming(folder: Path, **context: Any) -> Any:
    templates = Templates(folder)
    return Lint(
        handler(lambda request: templates.stream(request, "a.html", **{key: fn() for key, fn in context.items()}))
    )


def test_stream_gives_the_page_that_render_gives(tmp_path: Path) -> None:
    for count in (0, 1, 100_000):
        (tmp_path / "a.html").write_text(ROWS)
        answer = call(streaming(tmp_path, rows=lambda count=count: range(count)))
        assert answer.text == Templates(tmp_path).render("a.html", rows=range(count))
        assert "Content-Length" not in answer.headers
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_stream_is_sent_while_the_page_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(ROWS)
    made: list[int] = []
    sent_at: list[int] = []

    def rows() -> Any:
        for number in range(20_000):
            made.append(number)
            yield number

    def start(status: str, headers: Any, exc_info: Any = None, /) -> Any:
        return lambda data: sent_at.append(len(made))

    streaming(tmp_path, rows=rows)(environ(), start)
    assert len(sent_at) > 5 and sent_at[0] < 5_000


def test_error_before_the_first_chunk_is_an_error_page_and_later_it_breaks_the_answer(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(ROWS)

    def rows(before: int) -> Any:
        yield from range(before)
        raise Missing("gone")

    assert call(ErrorPages(streaming(tmp_path, rows=lambda: rows(5)))).status == 404
    with pytest.raises(Missing):
        call(ErrorPages(streaming(tmp_path, rows=lambda: rows(50_000))))


def test_client_that_goes_closes_the_rows(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(ROWS)
    closed = []

    def rows() -> Any:
        try:
            yield from range(1_000_000)
        finally:
            closed.append(1)

    def start(status: str, headers: Any, exc_info: Any = None, /) -> Any:
        def write(data: bytes) -> None:
            raise BrokenPipeError

        return write

    with pytest.raises(BrokenPipeError):
        streaming(tmp_path, rows=rows)(environ(), start)
    assert closed == [1]


@pytest.mark.parametrize("path", ["/rows?format=csv", "/rows?format=json", "/page", "/events"])
def test_client_that_hangs_up_on_a_real_server_closes_the_rows(tmp_path: Path, path: str) -> None:
    (tmp_path / "a.html").write_text(ROWS)
    templates = Templates(tmp_path)
    closed = threading.Event()

    def rows() -> Any:
        try:
            while True:
                yield {"cell": "x" * 1000}
        finally:
            closed.set()

    @templates.renders(csv=True, json=True)
    def data(request: Any) -> Any:
        return rows()

    def site(request: Any) -> Any:
        if request.path_info == "/page":
            return templates.stream(request, "a.html", rows=rows())
        return events(rows()) if request.path_info == "/events" else data(request)

    with make_server("127.0.0.1", 0, ErrorPages(handler(site)), handler_class=Quiet) as server:
        server.handle_error = lambda *args: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as client:
            client.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            assert client.recv(1000).startswith(b"HTTP/1.0 200")
        assert closed.wait(10)
        thread.join(10)


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None: ...

    def get_stderr(self) -> Any:
        return io.StringIO()


def test_head_makes_no_page(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("${1 // 0}")
    assert call(streaming(tmp_path), method="HEAD").status == 200


def test_nonce_token_and_flashes_are_drawn_before_the_head_leaves(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("${nonce} ${csrf} ${csrf()} ${list(flashes)}\n" + ROWS + "${nonce} ${csrf.field}")
    log: list[str] = []

    class Nonce:
        def __str__(self) -> str:
            log.append("nonce")
            return "n0"

    class Session:
        def take_flashes(self) -> list[str]:
            log.append("flashes")
            return ["hi"]

    def start(status: str, headers: Any, exc_info: Any = None, /) -> Any:
        log.append("head")
        return lambda data: None

    def draw() -> str:
        log.append("token")
        return f"t{len(log)}"

    keys = {"kit.nonce": Nonce(), "kit.csrf": draw, "kit.session": Session()}
    body = streaming(tmp_path, rows=lambda: range(10_000))(environ(environ=keys), start)
    assert sorted(log[:3]) == ["flashes", "nonce", "token"] and log[3:] == ["head"]
    assert b'n0 <input type="hidden" name="_csrf" value="t' in b"".join(body)


SCRIPT = """
import resource, sys
from kit.http import handler
from kit.render import renders
kind, megabytes = sys.argv[1], int(sys.argv[2])
cell = "x" * 10_000
@handler
@renders(**{kind: True})
def rows():
    return ({"id": n, "cell": cell} for n in range(megabytes * 100))
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": ""}
before = None
total = 0
body = rows(environ, lambda *args: None)
for chunk in body:
    total += len(chunk)
    before = before or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
body.close()
print(total >> 20, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl"])
def test_a_long_stream_takes_little_memory(kind: str) -> None:
    """KIT_LONG=1 streams 1 GB; the bound is the same."""
    megabytes = 1100 if os.environ.get("KIT_LONG") else 60
    command = [sys.executable, "-c", SCRIPT, kind, str(megabytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    sent, grown = map(int, done.stdout.split())
    assert sent >= megabytes * 0.9 and grown < 50, (sent, grown)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0
