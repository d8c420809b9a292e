"""Row 20: no app below can split a response."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.security import Headers
from kit.testing import call
from tests.security.frameworks import over_wsgi

EVIL = ["a\r\nSet-Cookie: sid=evil", "a\nb", "a\rb", "a\0b", "a\x0bb", "a\x7fb", "a\u010d\u010ab"]


@pytest.mark.parametrize("evil", EVIL)
def test_row_20_a_header_value_with_control_characters_never_leaves(below, evil):
    app = Headers(below(lambda environ: (200, [("Content-Type", "text/html"), ("X-Name", evil)], b"text of the view")))
    try:
        answer = call(app)
    except ValueError:
        return  # the framework itself refused
    if answer.status == 200:  # some frameworks send a value of their own making
        assert not any(set(value) & set("\r\n\0") for _, value in answer.headers.items())
    else:
        assert answer.status == 500
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert b"text of the view" not in answer.body


@pytest.mark.parametrize("name", ["", "X-A\r\nSet-Cookie", "X A", "X:A", "X-\0", "X-\xe9"])
def test_row_20_a_header_name_that_is_no_token_never_leaves(name):
    headers = [("Content-Type", "text/html"), (name, "x")]
    answer = call(Headers(over_wsgi(lambda environ: (200, headers, b"text of the view"))))
    assert answer.status == 500
    assert b"text of the view" not in answer.body


def test_row_20_the_status_line_is_checked_too():
    def app(environ, start_response):
        start_response("200 OK\r\nSet-Cookie: a=b", [])
        return [b""]

    assert call(Headers(app)).status == 500


def test_row_20_an_injection_is_logged(events):
    call(Headers(over_wsgi(lambda environ: (200, [("X-A", "a\r\nb")], b""))), "/attacked")
    (event,) = events("malicious_header_injection")
    assert event["path"] == "/attacked"


@given(value=st.text(st.characters(max_codepoint=255), max_size=30))
def test_row_20_a_value_without_control_characters_passes_unchanged(value):
    answer = call(Headers(over_wsgi(lambda environ: (200, [("X-A", value)], b""))))
    clean = all(char == "\t" or (char >= " " and char != "\x7f") for char in value)
    assert (answer.status == 200) is clean
    if clean:
        assert answer.headers["X-A"] == value
