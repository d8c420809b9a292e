"""Every request has a name and leaves one line."""

import io
import json

import pytest

from kit.observe import AccessLog, RequestId
from kit.testing import call


def ok(environ, start_response):
    start_response("200 OK", [("X-Request-Id", "forged")])
    return [environ.get("kit.request_id", "").encode()]


def test_a_request_id_is_random_and_sent_back():
    first, second = call(RequestId(ok)), call(RequestId(ok))
    assert first.headers.get_all("x-request-id") == [first.text]
    assert len(first.text) == 32
    assert first.text != second.text


def test_an_id_from_outside_is_ignored_unless_trusted():
    sent = {"X-Request-Id": "abc-1"}
    assert call(RequestId(ok, draw=lambda: "own"), headers=sent).text == "own"
    assert call(RequestId(ok, trust=True), headers=sent).text == "abc-1"
    assert call(RequestId(ok, trust=True, header="X-Trace"), headers={"X-Trace": "t"}).headers["X-Trace"] == "t"


@pytest.mark.parametrize("sent", ["", "a b", "a\nb", "é", "x" * 65, "a;b", "<b>", "a\n"])
def test_a_trusted_id_must_follow_the_grammar(sent):
    assert call(RequestId(ok, trust=True, draw=lambda: "own"), headers={"X-Request-Id": sent}).text == "own"


def logged(app, *args, **options):
    lines = []
    ticks = iter((5.0, 5.25))
    layer = AccessLog(
        app, sink=lines.append, clock=lambda: 0.0015, timer=lambda: next(ticks), query=options.pop("q", False)
    )
    try:
        call(layer, *args, **options)
    except Exception as exc:
        lines.append(exc)
    return lines


def test_a_line_says_what_happened():
    (record,) = logged(ok, "/caf%C3%A9", query="token=x", environ={"kit.request_id": "r1", "kit.user": "7"})
    assert record == {
        "datetime": "1970-01-01T00:00:00.002Z",
        "method": "GET",
        "path": "/café",
        "status": 200,
        "bytes": 2,
        "seconds": 0.25,
        "peer": "127.0.0.1",
        "request_id": "r1",
        "user": "7",
    }
    assert logged(ok, query="a=1", q=True)[0]["query"] == "a=1"


def test_the_line_comes_when_the_body_is_closed_and_counts_write():
    def app(environ, start_response):
        write = start_response("201 Created", [])
        write(b"12")
        yield b"345"
        environ["PATH_INFO"] = "/moved"
        assert lines == []

    lines = []
    call(AccessLog(app, sink=lines.append), "/here")
    assert [(r["status"], r["bytes"], r["path"]) for r in lines] == [(201, 5, "/here")]


@pytest.mark.parametrize("late", [False, True])
def test_an_app_that_raises_leaves_a_line_too(late):
    def early(environ, start_response):
        raise KeyError("x")

    def lazy(environ, start_response):
        start_response("200 OK", [])
        yield b"x"
        raise KeyError("x")

    record, raised = logged(lazy if late else early)
    assert isinstance(raised, KeyError)
    assert (record["status"], record["error"]) == (200 if late else 500, "KeyError")


def test_nobody_can_forge_a_line():
    out = io.StringIO()
    call(AccessLog(ok, sink=out), '/%0A{"forged": 1}%E2%80%AE%1B[31m', environ={"REMOTE_ADDR": "1\r\n2"})
    text = out.getvalue()
    assert text.count("\n") == 1
    assert text.isascii() and text[:-1].isprintable()
    assert json.loads(text)["path"] == '/\n{"forged": 1}\u202e\x1b[31m'


def test_the_default_sink_is_standard_error(capsys):
    call(AccessLog(ok))
    assert json.loads(capsys.readouterr().err)["status"] == 200


def test_closing_twice_logs_once():
    lines = []
    body = AccessLog(ok, sink=lines.append)({"REQUEST_METHOD": "GET"}, lambda *head: lambda data: None)
    body.close()
    body.close()
    assert len(lines) == 1


@pytest.mark.parametrize("sink", ["raises", "closed"])
def test_a_sink_that_fails_costs_no_answer_and_the_line_goes_to_the_log(sink, caplog):
    def full(record):
        raise OSError("disk full")

    closed = io.StringIO()
    closed.close()
    answer = call(AccessLog(ok, sink=full if sink == "raises" else closed), "/x")
    assert (answer.status, answer.text) == (200, "")
    assert [(record.name, record.levelname) for record in caplog.records] == [("kit.observe", "ERROR")]
    told = json.loads(caplog.messages[0])
    assert (told["path"], told["status"]) == ("/x", 200)
    assert ("disk full" if sink == "raises" else "closed file") in told["sink_error"]


def test_a_sink_that_fails_does_not_hide_the_error_of_the_application():
    def broken(environ, start_response):
        raise LookupError("the real one")

    def full(record):
        raise OSError("disk full")

    with pytest.raises(LookupError, match="the real one"):
        call(AccessLog(broken, sink=full))
