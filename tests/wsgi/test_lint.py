"""kit.wsgi.lint: each fault that real middleware has shown is caught; what is right passes."""

from __future__ import annotations

import contextlib
import io
import sys
from functools import partial
from pathlib import Path

import pytest
import webob
from webob.static import FileApp

from kit.testing import call
from kit.wsgi import Closing, Layer, declare
from kit.wsgi.lint import Lint, LintError, check_layer


class Around:
    """A hand-written middleware that does nothing wrong: each fault below changes one thing."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        return self.app(environ, start_response)


class NeverCloses(Around):
    def __call__(self, environ, start_response):
        yield from iter(self.app(environ, start_response).__iter__())


class WriteLost(Around):
    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            start_response(status, headers, exc_info)
            return io.StringIO().write

        return self.app(environ, start)


class ExcInfoRaised(Around):
    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            if exc_info:
                raise exc_info[1]
            return start_response(status, headers)

        return self.app(environ, start)


class ExcInfoDropped(Around):
    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            return start_response(status, headers)

        return self.app(environ, start)


class Buffered(Around):
    def __call__(self, environ, start_response):
        body = self.app(environ, start_response)
        with contextlib.closing(body) if hasattr(body, "close") else contextlib.nullcontext():
            return list(body)


class ThroughWebob(Around):
    def __call__(self, environ, start_response):
        return webob.Request(environ).get_response(self.app)(environ, start_response)


class BodyEaten(Around):
    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] == "POST":
            method = webob.Request(environ).POST.get("_method")
            environ["wsgi.input"].read()
            environ["site.method"] = method
        return self.app(environ, start_response)


class ContextDropped(Around):
    provides = ("site.context",)

    def __call__(self, environ, start_response):
        environ["site.context"] = object()
        try:
            return self.app(environ, start_response)
        finally:
            del environ["site.context"]


class PathChanged(Around):
    def __call__(self, environ, start_response):
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = "/mount", "/"
        return self.app(environ, start_response)


class RoutingArgs(Around):
    provides = ("wsgiorg.routing_args",)

    def __call__(self, environ, start_response):
        environ["wsgiorg.routing_args"] = (object(), {})
        return self.app(environ, start_response)


class FileWrapperLost(Around):
    def __call__(self, environ, start_response):
        return Closing(self.app(environ, start_response), lambda: None)


class StateOnSelf(Around):
    request = None

    def __call__(self, environ, start_response):
        self.request = environ
        return self.app(environ, start_response)


class Undeclared(Around):
    def __call__(self, environ, start_response):
        environ["site.secret"] = 1
        return self.app(environ, start_response)


class Removes(Around):
    def __call__(self, environ, start_response):
        environ.pop("REMOTE_ADDR", None)
        return self.app(environ, start_response)


class NotProvided(Around):
    provides = ("site.key",)


class Aliases(Around):
    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            headers.append(("X-Again", "1"))
            return start_response(status, headers, exc_info)

        return self.app(environ, start)


class HeadWithBody(Around):
    def __call__(self, environ, start_response):
        body = self.app(environ, start_response)
        return body if environ["REQUEST_METHOD"] != "HEAD" else [b"body"]


class Swallows(Around):
    def __call__(self, environ, start_response):
        try:
            return self.app(environ, start_response)
        except Exception:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"fine"]


class NotWsgi(Around):
    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            return start_response(status, [*headers, ("X-Count", 1)], exc_info)

        return self.app(environ, start)


class Mixes(Around):
    """Keeps the answer of one request for another, in a list that no rebinding shows."""

    def __init__(self, app):
        super().__init__(app)
        self.last = []

    def __call__(self, environ, start_response):
        self.last[:] = [environ]
        import time

        time.sleep(0.001)
        return self.app(self.last[0], start_response)


class StateForAWhile(Around):
    """Cleans up behind itself, and mixes up two requests all the same."""

    environ = None

    def __call__(self, environ, start_response):
        self.environ = environ
        try:
            return self.app(environ, start_response)
        finally:
            self.environ = None


class StateInADict(Around):
    def __init__(self, app):
        super().__init__(app)
        self.state = {}

    def __call__(self, environ, start_response):
        self.state["start"], self.state["name"] = start_response, environ.get("HTTP_X_KIT_LINT", "")
        body = self.app(environ, start_response)
        return [self.state["name"].encode()] if "HTTP_X_KIT_LINT" in environ else body


class PartsEaten(Around):
    def __call__(self, environ, start_response):
        if environ.get("CONTENT_TYPE", "").startswith("multipart/"):
            environ["wsgi.input"].read()
        return self.app(environ, start_response)


class PatchEaten(Around):
    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] == "PATCH":
            environ["wsgi.input"].read()
        return self.app(environ, start_response)


class NeverPasses(Layer):
    provides = ("site.key",)

    def __call__(self, environ, start_response):
        environ["site.key"] = object()
        return self.app(environ, start_response)


FAULTS = {
    "closes": NeverCloses,
    "write": WriteLost,
    "exc_info": [ExcInfoRaised, ExcInfoDropped],
    "streams": [Buffered, ThroughWebob],
    "wsgi_input": [BodyEaten, PartsEaten, PatchEaten],
    "context": ContextDropped,
    "outside": PathChanged,
    "routing_args": RoutingArgs,
    "file_wrapper": FileWrapperLost,
    "rebinds": [StateOnSelf, StateForAWhile],
    "provides": [Undeclared, Removes, NotProvided],
    "aliases": Aliases,
    "head_requests": HeadWithBody,
    "exceptions": Swallows,
    "valid": NotWsgi,
    "threads": [Mixes, StateInADict],
    "passes": NeverPasses,
}


@pytest.mark.parametrize(
    ("rule", "layer"),
    [(rule, layer) for rule, layers in FAULTS.items() for layer in (layers if isinstance(layers, list) else [layers])],
)
def test_a_layer_with_one_fault_is_caught_by_the_rule_for_it(rule, layer):
    with pytest.raises(LintError) as caught:
        check_layer(layer)
    assert rule in {problem.partition(":")[0] for problem in caught.value.problems}


class Pool:
    """Something that a layer takes and gives back."""

    def __init__(self):
        self.out = 0

    def idle(self):
        return self.out == 0

    def take(self):
        self.out += 1

    def give(self):
        self.out -= 1


class Pooled(Around):
    """Takes on the way in; how it gives back is each fault's own way."""

    def __init__(self, app, pool):
        super().__init__(app)
        self.pool = pool


class Right(Pooled):
    streams = True

    def __call__(self, environ, start_response):
        self.pool.take()
        try:
            body = self.app(environ, start_response)
        except BaseException:
            self.pool.give()
            raise
        return Closing(body, self.pool.give)


class GivesTooEarly(Pooled):
    streams = True

    def __call__(self, environ, start_response):
        self.pool.take()
        try:
            return self.app(environ, start_response)
        finally:
            self.pool.give()


class ForgetsWhenTheCallRaises(Pooled):
    streams = True

    def __call__(self, environ, start_response):
        self.pool.take()
        return Closing(self.app(environ, start_response), self.pool.give)


class OneFailureSkipsTheRest(Pooled):
    streams = True

    def __call__(self, environ, start_response):
        from werkzeug.wsgi import ClosingIterator

        self.pool.take()
        try:
            body = self.app(environ, start_response)
        except BaseException:
            self.pool.give()
            raise
        return ClosingIterator(body, [self.pool.give])


class LayerOfKit(Layer):
    def __init__(self, app, pool):
        super().__init__(app)
        self.pool = pool

    def before(self, environ):
        self.pool.take()

    def after(self, environ):
        self.pool.give()


@pytest.mark.parametrize("layer", [GivesTooEarly, ForgetsWhenTheCallRaises, OneFailureSkipsTheRest])
def test_a_layer_that_does_not_release_in_every_case_is_caught(layer):
    pool = Pool()
    with pytest.raises(LintError, match="releases:"):
        check_layer(partial(layer, pool=pool), idle=pool.idle)


@pytest.mark.parametrize("layer", [Right, LayerOfKit])
def test_a_layer_that_releases_in_every_case_passes(layer):
    pool = Pool()
    check_layer(partial(layer, pool=pool), idle=pool.idle)


def test_a_layer_that_tells_a_path_of_the_machine_is_caught(tmp_path):
    class Files(Around):
        def __init__(self, app):
            super().__init__(app)
            self.folder = tmp_path

        def __call__(self, environ, start_response):
            if environ["PATH_INFO"].startswith("/static/"):
                return FileApp(str(self.folder / Path(environ["PATH_INFO"]).name))(environ, start_response)
            return self.app(environ, start_response)

    with pytest.raises(LintError, match=r"leaks: the answer 404 Not Found to /static/x"):
        check_layer(Files, paths=("/", "/static/x"))


def test_a_layer_that_says_that_it_buffers_may():
    check_layer(lambda app: declare(Buffered(app), buffers=True))


def test_a_layer_that_lets_nothing_through_is_told_how_to_be_tested():
    class Closed(Layer):
        def before(self, environ):
            return None if "site.key" in environ else forbidden

    def forbidden(environ, start_response):
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"no"]

    with pytest.raises(LintError, match=r"reach: no probe reached the app inside"):
        check_layer(Closed)
    check_layer(Closed, environ={"site.key": "1"})
    check_layer(Closed, environ=lambda: {"site.key": "1"})


def test_the_middlewares_of_others_pass_once_they_are_declared():
    from beaker.middleware import SessionMiddleware
    from werkzeug.middleware.proxy_fix import ProxyFix

    def beaker(app):
        layer = SessionMiddleware(app, {"session.type": "memory"})
        return declare(layer, provides=("beaker.session", "beaker.get_session"))

    def proxy_fix(app):
        rewrites = ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME")
        return declare(ProxyFix(app), provides=("werkzeug.proxy_fix.orig",), rewrites=rewrites)

    check_layer(beaker)
    check_layer(proxy_fix)
    for layer, factory in ((SessionMiddleware, SessionMiddleware), (ProxyFix, ProxyFix)):
        with pytest.raises(LintError, match=f"{layer.__name__} breaks"):
            check_layer(partial(factory, config={"session.type": "memory"}) if layer is SessionMiddleware else factory)


def test_the_middlewares_that_eat_bodies_and_buffer_are_caught():
    from routes import Mapper
    from routes.middleware import RoutesMiddleware
    from werkzeug.middleware.profiler import ProfilerMiddleware

    mapper = Mapper()
    mapper.connect("/")
    with pytest.raises(LintError) as caught:
        check_layer(lambda app: RoutesMiddleware(app, mapper))
    assert any(problem.startswith("wsgi_input: of a POST") for problem in caught.value.problems)
    with pytest.raises(LintError, match="streams: 100 of 100"):
        check_layer(lambda app: ProfilerMiddleware(app, stream=None))


def answer(status="200 OK", headers=(("Content-Type", "text/plain"),), body=(b"x",)):
    def app(environ, start_response):
        start_response(status, headers if not isinstance(headers, tuple) else list(headers))
        return body

    return app


def twice(environ, start_response):
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def restarts(environ, start_response):
    start_response("200 OK", [])
    try:
        raise LookupError
    except LookupError:
        start_response("500 Oh", [], sys.exc_info())
    return [b"oh"]


@pytest.mark.parametrize(
    ("app", "says"),
    [
        (answer(status=b"200 OK"), "status must be a str"),
        (answer(status="OK"), "status must be a str like"),
        (answer(status="200 OK\r\nX: y"), "status must be a str like"),
        (answer(headers={}), "headers must be a list"),
        (answer(headers=[["A", "b"]]), "tuple of two str"),
        (answer(headers=[("A", 1)]), "tuple of two str"),
        (answer(headers=[("A b", "c")]), "no header name"),
        (answer(headers=[("A", "b\r\nSet-Cookie: c")]), "control character"),
        (answer(headers=[("A", "\u2603")]), "not latin-1"),
        (answer(headers=[("Connection", "close")]), "for the server alone"),
        (answer(headers=[("Content-Length", "-1")]), "must be a number"),
        (answer(headers=[("Content-Length", "5")]), "its Content-Length says 5"),
        (answer(headers=[("Content-Length", "0")]), "longer than its Content-Length of 0"),
        (answer(body=b"bytes"), "iterable of bytes, not bytes"),
        (answer(body=None), "iterable of bytes, not NoneType"),
        (answer(body=["text"]), "a chunk must be bytes, not str"),
        (answer(status="204 No Content"), "an answer 204 to GET has no body"),
        (twice, "called twice without exc_info"),
        (lambda environ, start_response: [], "start_response was never called"),
        (lambda environ, start_response: [b"x"], "before start_response was called"),
    ],
)
def test_lint_catches_what_an_app_does_wrong_while_it_runs(app, says):
    with pytest.raises(LintError, match=says):
        call(Lint(app), "/where")
    with pytest.raises(LintError, match="GET /where"):
        call(Lint(app), "/where")


def test_lint_lets_pass_what_is_right():
    assert call(Lint(restarts)).status == 500
    assert call(Lint(answer(headers=[("Content-Length", "1")]))).body == b"x"
    assert call(Lint(answer(headers=[("Content-Length", "7")], body=[])), method="HEAD").status == 200
    assert call(Lint(answer(status="304 Not Modified", headers=[("Content-Length", "7")], body=[]))).status == 304


def test_lint_catches_a_body_for_head_a_wrong_environ_and_wrong_routing_args():
    with pytest.raises(LintError, match="an answer 200 to HEAD has no body"):
        call(Lint(answer()), method="HEAD")
    with pytest.raises(LintError, match="must be"):
        call(Lint(answer()), environ={"wsgiorg.routing_args": [1]})

    class Environ(dict):
        pass

    with pytest.raises(LintError, match="environ must be a plain dict, not Environ"):
        Lint(answer())(Environ(REQUEST_METHOD="GET"), lambda *args: None)


def test_lint_catches_an_outside_that_closes_twice_or_reads_on():
    body = Lint(answer())({"REQUEST_METHOD": "GET"}, lambda status, headers: None)
    assert list(body) == [b"x"]
    body.close()
    with pytest.raises(LintError, match="called twice"):
        body.close()
    with pytest.raises(LintError, match="read after it was closed"):
        next(body)


def test_lint_keeps_the_list_of_headers_of_the_app_from_those_outside():
    mine = [("Content-Type", "text/plain")]
    assert call(Aliases(Lint(answer(headers=mine)))).headers["X-Again"] == "1"
    assert mine == [("Content-Type", "text/plain")]


def test_lint_leaves_the_servers_file_wrapper_alone():
    from wsgiref.util import FileWrapper

    def app(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"file"))

    body = Lint(app)({"REQUEST_METHOD": "GET", "wsgi.file_wrapper": FileWrapper}, lambda status, headers: None)
    assert isinstance(body, FileWrapper)


def test_lint_counts_what_is_written():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "3")])(b"four")
        return []

    with pytest.raises(LintError, match="longer than its Content-Length of 3"):
        call(Lint(app))


def test_a_layer_that_gathers_pages_alone_is_caught():
    class Gathers(Around):
        """Gathers pages, and only pages, and forgets to close them."""

        def __call__(self, environ, start_response):
            kinds = []

            def start(status, headers, exc_info=None):
                kinds.append(dict(headers).get("Content-Type", ""))
                return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

            body = iter(chunks := self.app(environ, start))
            first = next(body, b"")
            if kinds[-1].startswith("text/html"):
                return [first, *body]
            return Closing(chain_of(first, body), getattr(chunks, "close", lambda: None))

    def chain_of(first, rest):
        yield first
        yield from rest

    with pytest.raises(LintError) as caught:
        check_layer(lambda app: declare(Gathers(app), streams=True))
    assert any(problem.startswith("closes: a body of text/html") for problem in caught.value.problems)
    assert any("(generator of text/html)" in problem for problem in caught.value.problems)


def test_right_layers_of_every_kind_pass():
    class Upper(Around):
        streams = True

        def __call__(self, environ, start_response):
            body = self.app(environ, start_response)
            return Closing((chunk.upper() for chunk in body), getattr(body, "close", lambda: None))

    def sorry(environ, start_response):
        start_response("503 Sorry", [("Content-Type", "text/plain")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"sorry"]

    class Pages(Layer):
        def head(self, environ, status, headers):
            return sorry if status.startswith("5") else (status, headers)

    class Slotted:
        __slots__ = ("app",)

        def __init__(self, app):
            self.app = app

        def __call__(self, environ, start_response):
            return self.app(environ, start_response)

    class Limit(Layer):
        def __init__(self, app):
            super().__init__(app)
            self.left = [100]

        def before(self, environ):
            self.left[0] -= 1
            return sorry if self.left[0] < 0 else None

    class Foreign(Around):
        def __init__(self, app, key):
            super().__init__(app)
            self.key = key

        def __call__(self, environ, start_response):
            environ[self.key] = "1"
            return self.app(environ, start_response)

    for layer in (Upper, Pages, Slotted, Limit):
        check_layer(layer)
    check_layer(declare(partial(Foreign, key="foreign.key"), provides=("foreign.key",)))


def test_a_lint_error_survives_pickling():
    import pickle

    with pytest.raises(LintError) as caught:
        check_layer(Undeclared)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.problems, str(again)) == (caught.value.problems, str(caught.value))
