"""Bodies as real servers hand them over: an input that goes back (waitress), one that does not (wsgiref), chunks."""

import contextlib
import http.client
import json
import socket
import sys
import threading
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from kit.http import handler
from kit.http.body import field, parse, peek
from tests.servers import serve

FORM = b"_csrf=token&a=" + b"x" * 100_000 + b"&b=2"
KIND = {"Content-Type": "application/x-www-form-urlencoded"}


def _size(value):
    return len(value) if isinstance(value, str) else value.size


@handler
def app(request):
    first = peek(request.environ, 6)
    token = field(request.environ, "_csrf")
    return {"first": first.decode(), "token": token, "sizes": [_size(value) for _, value in parse(request).items]}


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@contextlib.contextmanager
def wsgiref():
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def program(*words):
    return serve([sys.executable, "-W", "ignore", "-m", *words, f"{__name__}:app"])


@pytest.fixture(scope="module")
def ports():
    """Every server, running."""
    with (
        wsgiref() as one,
        program("gunicorn", "-b", "127.0.0.1:{port}", "--threads", "2") as two,
        program("waitress", "--listen=127.0.0.1:{port}") as three,
    ):
        yield {"wsgiref": one, "gunicorn": urlsplit(two).port, "waitress": urlsplit(three).port}


SERVERS = pytest.mark.parametrize("name", ["wsgiref", "gunicorn", "waitress"])


def post(port, body, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/", body, headers, encode_chunked="Transfer-Encoding" in headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def status_of(port, header, body, hang_up=False):
    """The status of a request that is written by hand, in one piece."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        with contextlib.suppress(ConnectionError):  # a server may answer and close before it has read everything
            client.sendall(head + header + b"\r\n" + body)
        if hang_up:
            client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as answer:
            return answer.readline().split()[1]


@SERVERS
def test_a_form_is_peeked_and_read(ports, name):
    expected = {"first": "_csrf=", "token": "token", "sizes": [5, 100_000, 1]}
    assert post(ports[name], FORM, KIND) == (200, expected)


@pytest.mark.parametrize("name", ["gunicorn", "waitress"])
def test_a_chunked_form_is_read(ports, name):
    pieces = (FORM[at : at + 7777] for at in range(0, len(FORM), 7777))
    status, answer = post(ports[name], pieces, KIND | {"Transfer-Encoding": "chunked"})
    assert (status, answer["sizes"]) == (200, [5, 100_000, 1])


def test_a_server_that_takes_no_chunks_asks_for_a_length(ports):
    assert status_of(ports["wsgiref"], b"Transfer-Encoding: chunked\r\n", b"3\r\na=1\r\n0\r\n\r\n") == b"411"


@SERVERS
def test_a_file_is_read(ports, name):
    head = b'--xx\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
    body = head + b"x" * 300_000 + b"\r\n--xx--\r\n"
    assert post(ports[name], body, {"Content-Type": "multipart/form-data; boundary=xx"})[1]["sizes"] == [300_000]


@pytest.mark.parametrize("name", ["wsgiref", "gunicorn"])  # waitress waits for the whole body before it calls the app
def test_a_client_that_hangs_up_is_told_400(ports, name):
    assert status_of(ports[name], b"Content-Length: 1000\r\n", b"a=1", hang_up=True) == b"400"


@SERVERS
def test_too_large_a_body_is_refused_before_all_of_it_is_sent(ports, name):
    window = b"a" * 70_000  # what the app peeks at
    assert status_of(ports[name], b"Content-Length: 99999999999\r\n", window) == b"413"
