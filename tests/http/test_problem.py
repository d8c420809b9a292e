"""Every refusal is a problem: JSON or a page, and nothing about the server in it."""

import pytest
import webob.exc

from kit.errors import Missing, Unavailable
from kit.http import Problem, problem_of
from kit.http.problem import status_line
from kit.testing import call, environ

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_problem_is_json_by_default():
    answer = call(Problem(409, "moved on", type="/stale", headers=[("Retry-After", "1")], version=3))
    assert (answer.status_line, answer.headers["Content-Type"]) == ("409 Conflict", "application/problem+json")
    assert answer.json() == {"type": "/stale", "title": "Conflict", "status": 409, "detail": "moved on", "version": 3}
    assert (answer.headers["Retry-After"], answer.headers["Vary"]) == ("1", "Accept")


def test_a_problem_is_a_page_for_a_browser():
    answer = call(Problem(404, "no <poll> & 7", title="Not <here>"), headers=BROWSER)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1>Not &lt;here&gt;</h1><p>no &lt;poll&gt; &amp; 7</p>" in answer.text
    assert '<html lang="en">' in answer.text


@pytest.mark.parametrize("accept", ["application/json", "image/png", "*/*", "garbage"])
def test_whoever_wants_no_html_gets_json(accept):
    assert call(Problem(404), headers={"Accept": accept}).headers["Content-Type"] == "application/problem+json"


def test_a_head_request_gets_no_body():
    answer = call(Problem(404), method="HEAD")
    assert (answer.body, answer.headers["Content-Length"]) == (b"", str(len(call(Problem(404)).body)))


def test_a_problem_leaves_itself_in_the_environ():
    problem = Problem(404)
    request = environ()
    problem(request, lambda *head: None)
    assert request["kit.problem"] is problem


def test_members_cannot_replace_the_standard_ones():
    assert call(Problem(404, status_=1, instance="/x")).json()["instance"] == "/x"
    with pytest.raises(TypeError):
        Problem(404, status=200)


@pytest.mark.parametrize("status", [0, 99, 600, -1])
def test_a_status_is_one_of_http(status):
    with pytest.raises(ValueError, match="no HTTP status"):
        Problem(status)


def test_status_lines():
    assert [status_line(code) for code in (200, 404, 499, 599)] == [
        "200 OK",
        "404 Not Found",
        "499 Client Error",
        "599 Server Error",
    ]


def test_the_problem_of_an_error():
    assert repr(problem_of(Missing("no poll 7", hint="see /"))) == "<Problem 404 Not Found: no poll 7: see />"
    moved = problem_of(webob.exc.HTTPMethodNotAllowed("no", headers={"Allow": "GET"}))
    assert (moved.status, moved.detail, moved.headers) == (405, "no", [("Allow", "GET")])


@pytest.mark.parametrize(
    "exc", [KeyError("secret"), Unavailable("postgresql://user:secret@db is down"), SystemExit("secret")]
)
def test_errors_of_the_server_say_nothing(exc):
    for answer in (call(problem_of(exc)), call(problem_of(exc), headers=BROWSER)):
        assert answer.status >= 500
        assert "secret" not in answer.text


def test_an_error_may_bring_headers():
    class Throttled(Missing):
        status = 429
        headers = (("Retry-After", "9"),)

    assert call(problem_of(Throttled("slow down"))).headers["Retry-After"] == "9"
