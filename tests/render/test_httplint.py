"""What a strict reader of HTTP (REDbot's httplint) says to the answers of this package, over a real connection."""

from __future__ import annotations

import gzip
import http.client
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from kit.http import handler
from kit.render import Compress, ErrorPages, Locale, Static, Templates
from kit.render.conditional import cached, http_date, tag, unchanged
from kit.wsgi import compose

httplint = pytest.importorskip("httplint", reason="pip install httplint")

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en", "Host": "127.0.0.1"}


def lint(method: str, path: str, headers: dict[str, str], port: int) -> list[Any]:
    """The notes of one exchange."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    request, response = httplint.HttpRequestLinter(), httplint.HttpResponseLinter()
    request.process_request_topline(method.encode(), f"http://127.0.0.1{path}".encode(), b"HTTP/1.1")
    request.process_headers([(name.encode(), value.encode()) for name, value in headers.items()])
    request.finish_content(True)
    response.request, response.is_head_response = request, method == "HEAD"
    response.process_response_topline(b"HTTP/1.1", str(answer.status).encode(), answer.reason.encode())
    response.process_headers([(name.encode(), value.encode("latin-1")) for name, value in answer.getheaders()])
    response.feed_content(body)
    response.finish_content(True)
    return list(response.notes)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "page.html").write_text("<!doctype html><html lang='${locale}'><title>x</title>" + "<p>${x}</p>" * 200)
    (folder / "app.css").write_text("p{color:red}" * 200)
    (folder / "app.css.gz").write_bytes(gzip.compress((folder / "app.css").read_bytes()))
    with make_server("127.0.0.1", 0, site(folder), handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None: ...


def site(folder: Path) -> Any:
    templates = Templates(folder)

    @templates.renders(html="page.html", json=True, csv=lambda page: [page], xml=True)
    def page(request: Any) -> dict[str, str]:
        return {"x": "<é>"}

    def show(request: Any) -> Any:
        if request.path_info == "/stream":
            return templates.stream(request, "page.html", x=1)
        if request.path_info != "/":
            return 1 // 0 if request.path_info == "/500" else ErrorPages.__mro__
        if answer := unchanged(request, etag=tag(7), modified=WHEN):
            return answer
        answer = page(request)
        if hasattr(answer, "headers") and not isinstance(answer.headers, list):
            answer.headers["ETag"], answer.headers["Last-Modified"] = tag(7), http_date(WHEN)
            answer.headers["Cache-Control"] = cached(60)
        return answer

    return compose(
        partial(Locale, locales=["en", "de"]),
        ErrorPages,
        partial(Static, folder=folder, prefix="/static"),
        Compress,
        handler(show),
    )


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/", {"Accept-Encoding": "gzip"}),
        ("GET", "/", {"Accept-Encoding": "br"}),
        ("HEAD", "/", {"Accept-Encoding": "gzip"}),
        ("GET", "/", {"Accept": "application/json"}),
        ("GET", "/?format=csv", {}),
        ("GET", "/?format=xml", {}),
        ("GET", "/?format=nope", {}),
        ("GET", "/", {"If-None-Match": '"7"'}),
        ("GET", "/", {"If-Match": '"6"'}),
        ("GET", "/stream", {}),
        ("GET", "/static/app.css", {}),
        ("GET", "/static/app.css", {"Accept-Encoding": "gzip"}),
        ("HEAD", "/static/app.css", {}),
        ("GET", "/static/app.css", {"Range": "bytes=0-9"}),
        ("GET", "/static/app.css", {"Range": "bytes=0-9,20-29"}),
        ("GET", "/static/app.css", {"Range": "bytes=99999-"}),
        ("GET", "/static/app.css", {"If-Modified-Since": http_date(datetime.now(UTC))}),
        ("GET", "/static/nope.css", {}),
        ("POST", "/static/app.css", {"Content-Length": "0"}),
        ("GET", "/500", {}),
        ("GET", "/500", {"Accept": "application/json"}),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_no_answer_is_bad(port: int, method: str, path: str, headers: dict[str, str]) -> None:
    notes = lint(method, path, BROWSER | headers, port)
    bad = {type(note).__name__: note.summary for note in notes if note.level.name == "BAD"}
    if "," in headers.get("Range", ""):
        bad.pop("PARTIAL_WITHOUT_RANGE")  # which RFC 9110, 15.3.7.2 forbids on an answer of several parts
    assert notes and not bad, bad
