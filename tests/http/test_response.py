"""kit's Request and Response do as WebOb's, only faster."""

import functools
import io
from datetime import UTC, datetime

import pytest
import webob

from kit.http import Request, Response, handler
from kit.testing import call, environ


def cookie(response):
    response.set_cookie("a", "1", max_age=5, path="/x", httponly=True, samesite="Lax")


def etag(response):
    response.etag = "v1"
    response.conditional_response = True


def modified(response):
    response.last_modified = datetime(2026, 1, 2, tzinfo=UTC)
    response.conditional_response = True


def moved(response, to="/next"):
    response.status = 303
    response.location = to


def streamed(response):
    response.app_iter = iter([b"a", b"b"])


def as_json(response):
    response.json = {"a": [1, 2]}
    response.content_type = "application/json"


CHANGES = [
    lambda r: None,
    cookie,
    etag,
    modified,
    moved,
    functools.partial(moved, to="//evil"),
    functools.partial(moved, to="next?x"),
    streamed,
    as_json,
    lambda r: r.headers.update({"X-A": "1", "Location": "/x"}),
    lambda r: setattr(r, "status", 204),
    lambda r: setattr(r, "text", "é"),
    lambda r: setattr(r, "cache_expires", 5),
]
REQUESTS = [
    {},
    {"method": "HEAD"},
    {"method": "POST"},
    {"headers": {"If-None-Match": '"v1"'}},
    {"headers": {"If-Modified-Since": "Fri, 02 Jan 2026 00:00:00 GMT"}},
    {"headers": {"Range": "bytes=1-2"}, "path": "/mounted/here"},
]


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "options", [{}, {"body": "hello"}, {"body": b"x", "content_type": "image/png"}, {"status": 404}]
)
def test_a_response_answers_as_webobs(options, change, request_):
    answers = []
    for kind in (webob.Response, Response):
        response = kind(**options)
        change(response)
        answer = call(response, **request_)
        answers.append((answer.status_line, sorted(answer.headers.items()), answer.body))
    ignored = {"Expires", "Last-Modified"} if change is CHANGES[-1] else set()
    theirs, ours = ((s, [pair for pair in headers if pair[0] not in ignored], b) for s, headers, b in answers)
    assert ours == theirs


@pytest.mark.parametrize("value", ["text", "é", b"bytes", {"a": 1}, [1]])
def test_a_handler_answers_as_a_response_of_webob_would(value):
    made = webob.Response(json_body=value) if isinstance(value, dict | list) else webob.Response(value)
    if isinstance(value, bytes):
        made = webob.Response(value, content_type="application/octet-stream")
    for method in ("GET", "HEAD", "POST"):
        ours, theirs = call(handler(lambda: value), method=method), call(made, method=method)
        assert (ours.status_line, ours.headers.items(), ours.body) == (
            theirs.status_line,
            theirs.headers.items(),
            theirs.body,
        )


def test_a_response_may_answer_many_requests():
    response = Response("x")

    def greedy(status, headers, exc_info=None):
        headers.append(("X-Mine", "1"))

    for _ in range(2):
        assert response(environ(), greedy) == [b"x"]
    assert "X-Mine" not in response.headers


def test_json_goes_through_the_codec():
    when = datetime(2026, 1, 2, tzinfo=UTC)
    for response in (Response(json={"at": when}), Response(json_body={"at": when})):
        assert (response.content_type, response.body) == ("application/json", b'{"at":"2026-01-02T00:00:00Z"}')
        assert response.json == {"at": "2026-01-02T00:00:00Z"}
    response.json = [when]
    assert response.body == b'["2026-01-02T00:00:00Z"]'


NAMES = """method path path_info path_qs url host host_url application_url script_name query_string content_type
    content_length scheme domain user_agent is_xhr remote_addr charset body text GET POST params cookies headers"""


@pytest.mark.parametrize(
    "made",
    [
        environ("/a/b?x=1&y=%C3%A9&x=2", headers={"Cookie": "a=1", "Accept": "text/html", "X-Y": "z"}),
        environ("/caf%C3%A9", environ={"SCRIPT_NAME": "/mount", "HTTP_HOST": "example.com:8080"}),
        environ(method="POST", body="a=1&b=2", headers={"Content-Type": "application/x-www-form-urlencoded"}),
        environ(environ={"HTTP_HOST": "x.example", "wsgi.url_scheme": "https"}),
    ],
    ids=["query", "mounted", "form", "https"],
)
def test_a_request_reads_as_webobs(made):
    body = made["wsgi.input"].getvalue()
    for name in NAMES.split():
        ours, theirs = (kind({**made, "wsgi.input": io.BytesIO(body)}) for kind in (Request, webob.Request))
        found, expected = getattr(ours, name), getattr(theirs, name)
        if hasattr(expected, "items"):
            found, expected = list(found.items()), list(expected.items())
        assert found == expected, name
    assert str(Request(made).accept) == str(webob.Request(made).accept)


def test_attributes_belong_to_the_application():
    made = environ()
    Request(made).mine = 5
    assert (webob.Request(made).mine, made["webob.adhoc_attrs"]) == (5, {"mine": 5})


def test_the_peer_is_not_what_the_client_claims():
    made = environ(headers={"X-Forwarded-For": "6.6.6.6"})
    assert Request(made).client_addr == "127.0.0.1"
