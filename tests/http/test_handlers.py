"""A handler is a plain function; what it returns or raises is the answer."""

import functools

import pytest
import webob
import webob.exc
import webtest

from kit.errors import ConfigError, Missing, Unavailable
from kit.http import Problem, Request, Response, handler
from kit.http.handlers import BadAnswer
from kit.testing import call

EMPTY = {"wsgiorg.routing_args": ((), {})}


def routed(**args):
    return {"wsgiorg.routing_args": ((), args)}


@pytest.mark.parametrize(
    ("value", "kind", "body"),
    [
        ("<p>é</p>", "text/html; charset=UTF-8", "<p>é</p>".encode()),
        (b"\x00", "application/octet-stream", b"\x00"),
        ({"a": 1}, "application/json", b'{"a":1}'),
        ([1, 2], "application/json", b"[1,2]"),
        ({}, "application/json", b"{}"),
        ("", "text/html; charset=UTF-8", b""),
        (webob.Response("x", content_type="text/plain"), "text/plain; charset=UTF-8", b"x"),
    ],
)
def test_a_value_becomes_an_answer(value, kind, body):
    for answer in (call(handler(lambda: value)), call(handler(lambda: value), method="HEAD")):
        assert (answer.status_line, answer.headers["Content-Type"]) == ("200 OK", kind)
        assert answer.headers["Content-Length"] == str(len(body))
    assert call(handler(lambda: value)).body == body
    assert call(handler(lambda: value), method="HEAD").body == b""


@pytest.mark.parametrize("status", [201, "201 Created"])
def test_a_status_may_stand_beside_the_value(status):
    answer = call(handler(lambda: ({"id": 1}, status)))
    assert (answer.status_line, answer.json()) == ("201 Created", {"id": 1})


@pytest.mark.parametrize("value", [None, "", {}])
def test_no_content_has_no_content(value):
    answer = call(handler(lambda: (value, 204)))
    assert (answer.status_line, answer.headers.items(), answer.body) == ("204 No Content", [], b"")


def test_any_wsgi_app_may_answer():
    def other(environ, start_response):
        start_response("418 I'm a Teapot", [])
        yield b"short"

    assert call(handler(lambda: other)).body == b"short"


@pytest.mark.parametrize("value", [None, 5, object(), (1, 2, 3), True, ("x",)])
def test_what_is_no_answer_is_an_error_that_names_the_handler(value):
    def show():
        return value

    with pytest.raises(BadAnswer, match=r"show \(.*test_handlers.py:\d+\) returned .*: return str"):
        call(handler(show))


@pytest.mark.parametrize("status", ["x", "201", "", "2000 x", "200 a\r\nX: y", None, 2.5, b"200 OK"])
def test_a_status_that_is_none_is_an_error(status):
    with pytest.raises(BadAnswer, match="returned the status"):
        call(handler(lambda: ("x", status)))


def test_a_response_with_a_status_beside_it_is_an_error():
    with pytest.raises(BadAnswer):
        call(handler(lambda: (Response("x"), 201)))


@pytest.mark.parametrize("variables", [None, ("id",)])
def test_the_first_parameter_that_is_no_route_variable_is_the_request(variables):
    def first(request, id):
        return [type(request) is Request, id]

    def last(id, page=1, *, req):
        return [type(req) is Request, id]

    def none(id, page=1):
        return [True, id]

    def wide(*args, **named):
        return [type(args[0]) is Request, named["id"]]

    for fn in (first, last, none, wide):
        assert call(handler(fn, variables=variables), environ=routed(id="7")).json() == [True, "7"]


def test_a_handler_without_variables_gets_the_request_alone():
    assert call(handler(lambda r: r.method), environ=EMPTY).text == "GET"
    assert call(handler(lambda r: r.method)).text == "GET"


def test_methods_partials_objects_and_decorated_functions_are_handlers():
    class Page:
        def show(self, request, id):
            return f"{request.method} {id}"

        __call__ = show

    def decorated(fn):
        @functools.wraps(fn)
        def inner(*args, **named):
            return fn(*args, **named)

        return inner

    def needing(fn):
        @functools.wraps(fn)
        def inner(request, **named):
            assert request.method == "GET"
            return fn(request, **named)

        return inner

    def show(word, request, id):
        return f"{request.method} {id}"

    page = Page()
    for fn in (
        page,
        page.show,
        functools.partial(show, "x"),
        functools.partial(show, word="x"),
        decorated(page.show),
        decorated(needing(page.show)),
        functools.partial(decorated(show), "x"),
    ):
        assert call(handler(fn, variables=["id"]), environ=routed(id="7")).text == "GET 7"


def test_a_signature_that_cannot_be_filled_is_found_at_assembly():
    def show(request, id, page):
        return ""

    with pytest.raises(ConfigError, match=r"show \(.*py:\d+\) needs 'page', which the route does not give .*: id\)"):
        handler(show, variables=["id"])
    with pytest.raises(ConfigError, match="no parameter for the route variable 'slug'"):
        handler(show, variables=["id", "page", "slug"])
    with pytest.raises(ConfigError, match="needs 'page'"):
        call(handler(show), environ=routed(id="7"))


@pytest.mark.parametrize("fn", [lambda environ, start_response: [], dict, "text", len, None])
def test_what_is_no_handler_function_is_refused(fn):
    with pytest.raises(ConfigError, match=r"no handler"):
        handler(fn)


def test_an_async_handler_is_refused():
    async def show():
        return ""

    async def stream():
        yield ""

    for fn in (show, stream):
        with pytest.raises(ConfigError, match="async"):
            handler(fn)


def raising(exc):
    def fail():
        raise exc

    return handler(fail)


def test_errors_of_kit_below_500_are_answers():
    answer = call(raising(Missing("no poll 7")))
    assert (answer.status, answer.json()["detail"]) == (404, "no poll 7")


@pytest.mark.parametrize("exc", [KeyError("x"), Unavailable("gone"), KeyboardInterrupt()])
def test_all_other_errors_go_on(exc):
    with pytest.raises(type(exc)):
        call(raising(exc))


def test_exceptions_of_webob_are_answers():
    moved = call(raising(webob.exc.HTTPSeeOther(location="/next")))
    assert (moved.status, moved.headers["Location"]) == (303, "http://localhost/next")
    refused = call(raising(webob.exc.HTTPMethodNotAllowed("not <so>", headers={"Allow": "GET"})))
    assert (refused.status, refused.headers["Allow"], refused.json()["detail"]) == (405, "GET", "not <so>")
    own = call(raising(webob.exc.HTTPBadRequest(body=b"mine")))
    assert (own.status, own.body) == (400, b"mine")


@pytest.mark.parametrize(
    "value", ["x", b"x", {"a": 1}, ([1], 201), (None, 204), Problem(404), Response("x", status=304)]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_every_answer_is_valid_wsgi(value, method):
    app = webtest.TestApp(handler(lambda: value))  # WebTest puts wsgiref's validator around every app
    answer = app.request("/", method=method, expect_errors=True)
    assert answer.status_int in (200, 201, 204, 304, 404)


def test_the_codec_and_the_request_class_can_be_swapped():
    class Mine(webob.Request):
        pass

    app = handler(lambda r: {"kind": type(r).__name__}, encode=lambda value: repr(value).encode(), request=Mine)
    assert call(app).text == "{'kind': 'Mine'}"
