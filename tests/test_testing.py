"""kit.testing calls an app as a server would."""

import sys
from wsgiref.validate import validator

import pytest

from kit.testing import call, environ


def ok(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [b"a", b"b"]


def test_the_environ_is_valid():
    assert call(validator(ok), "/", headers={"X-A": "b"}).body == b"ab"


def test_headers_are_read_in_any_case_and_repeated_ones_are_kept():
    headers = call(ok).headers
    assert headers["content-TYPE"] == "text/plain"
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert "x" not in headers
    with pytest.raises(KeyError):
        headers["x"]


def test_a_path_is_unquoted_and_carries_its_query():
    made = environ("/caf%C3%A9/é?q=%20")
    assert made["PATH_INFO"].encode("latin-1").decode() == "/café/é"
    assert made["QUERY_STRING"] == "q=%20"


def test_query_mapping_body_and_repeated_headers():
    made = environ(method="POST", query={"a": ["1", "2"]}, body="é", headers=[("Cookie", "a=1"), ("cookie", "b=2")])
    assert made["QUERY_STRING"] == "a=1&a=2"
    assert made["CONTENT_LENGTH"] == "2"
    assert made["HTTP_COOKIE"] == "a=1; b=2"
    assert environ(headers={"Content-Type": "x/y"})["CONTENT_TYPE"] == "x/y"
    assert environ(environ={"kit.user": "7"})["kit.user"] == "7"


def test_write_comes_before_the_body():
    def app(environ, start_response):
        start_response("200 OK", [])(b"one ")
        return [b"two"]

    assert call(app).body == b"one two"


def test_a_generator_may_start_late_and_is_closed():
    closed = []

    def app(environ, start_response):
        try:
            start_response("201 Created", [])
            yield b"x"
        finally:
            closed.append(True)

    answer = call(app)
    assert (answer.status, answer.status_line, answer.body, closed) == (201, "201 Created", b"x", [True])


def test_a_body_that_fails_is_closed():
    class Body:
        closed = 0

        def __iter__(self):
            yield b"x"
            raise OSError("disk")

        def close(self):
            self.closed += 1

    body = Body()

    def app(environ, start_response):
        start_response("200 OK", [])
        return body

    with pytest.raises(OSError, match="disk"):
        call(app)
    assert body.closed == 1


def restarting(sent):
    def app(environ, start_response):
        start_response("200 OK", [])
        if sent:
            yield b"x"
        try:
            raise ZeroDivisionError("late")
        except ZeroDivisionError:
            start_response("500 Oops", [], sys.exc_info())
        yield b"sorry"

    return app


def test_exc_info_replaces_a_head_that_has_not_left():
    assert call(restarting(sent=False)).status == 500


def test_exc_info_raises_once_the_head_has_left():
    with pytest.raises(ZeroDivisionError):
        call(restarting(sent=True))


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (lambda e, s: [], "never called"),
        (lambda e, s: [b"x"], "before start_response"),
        (lambda e, s: (s("200 OK", []), s("200 OK", [])), "second time"),
    ],
)
def test_a_broken_app_is_an_error(app, message):
    with pytest.raises(RuntimeError, match=message):
        call(app)


def test_text_follows_the_charset():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", 'text/plain; charset="latin-1"; x=y')])
        return ["é".encode("latin-1")]

    assert call(app).text == "é"


def test_json_reads_the_body():
    def app(environ, start_response):
        start_response("200 OK", [])
        return [b'{"a": 1}']

    assert call(app).json() == {"a": 1}
