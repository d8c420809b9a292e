"""kit.wsgi.layer: the four hooks, and the wrapper around them."""

from __future__ import annotations

import io
import sys

import pytest

from kit.testing import call
from kit.testing import environ as make_environ
from kit.wsgi import Closing, Layer
from kit.wsgi.bench import Inside, serve


def environ(**more):
    return {**make_environ("/"), **more}


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def teapot(environ, start_response):
    start_response("418 Teapot", [("Content-Type", "text/plain")])
    return [b"teapot"]


class Recorder(Layer):
    """All hooks, noting in which order they run."""

    def __init__(self, app, log):
        super().__init__(app)
        self.log = log

    def before(self, environ):
        self.log.append("before")

    def head(self, environ, status, headers):
        self.log.append(f"head {status[:3]}")
        return status, headers

    def failed(self, environ, exc):
        self.log.append(f"failed {exc}")

    def after(self, environ):
        self.log.append("after")


def test_the_hooks_run_in_order_and_after_runs_when_the_body_is_closed():
    log = []
    body = Recorder(hello, log)(environ(), lambda status, headers: None)
    assert list(body) == [b"hello"]
    assert log == ["before", "head 200"]
    body.close()
    assert log == ["before", "head 200", "after"]


def test_after_runs_once_however_often_the_body_is_closed():
    log = []
    body = Recorder(hello, log)(environ(), lambda status, headers: None)
    body.close()
    body.close()
    assert log.count("after") == 1


def test_after_runs_when_the_app_raises_in_the_call():
    log = []
    reply = serve(Recorder(Inside(fail_in_call=True), log), environ())
    assert isinstance(reply.error, Inside.Failure)
    assert log == ["before", "failed in the call", "after"]


@pytest.mark.parametrize("fatal", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_after_runs_when_the_process_is_told_to_stop_and_failed_is_not_asked(fatal):
    def stop(environ, start_response):
        raise fatal

    log = []
    with pytest.raises(fatal):
        Recorder(stop, log)(environ(), lambda status, headers: None)
    assert log == ["before", "after"]


def test_after_runs_when_close_of_the_body_inside_raises():
    log = []
    reply = serve(Recorder(Inside(fail_in_close=True), log), environ())
    assert isinstance(reply.error, Inside.Failure)
    assert log[-1] == "after"


def test_after_does_not_run_when_before_raises():
    class Broken(Recorder):
        def before(self, environ):
            raise LookupError("before")

    log = []
    assert isinstance(serve(Broken(hello, log), environ()).error, LookupError)
    assert log == []


def test_before_may_answer_and_head_sees_the_answer():
    class Guard(Recorder):
        def before(self, environ):
            return teapot

    log = []
    assert call(Guard(hello, log)).body == b"teapot"
    assert log == ["head 418", "after"]


def test_a_falsy_app_from_before_still_answers():
    class Falsy:
        def __bool__(self):
            return False

        def __call__(self, environ, start_response):
            return teapot(environ, start_response)

    class Guard(Layer):
        def before(self, environ):
            return Falsy()

    assert call(Guard(hello)).status == 418


class Replace(Layer):
    def head(self, environ, status, headers):
        return teapot if status.startswith("200") else (status, headers)


@pytest.mark.parametrize("lazy", [False, True])
def test_head_may_answer_instead_and_the_body_inside_is_closed_unread(lazy):
    inside = Inside(chunks=3, lazy=lazy)
    reply = serve(Replace(inside), environ())
    assert (reply.status, reply.body) == ("418 Teapot", b"teapot")
    assert inside.closes == 1
    assert inside.pulled <= 1


def test_head_may_answer_instead_of_a_generator_that_yields_nothing():
    reply = serve(Replace(Inside(chunks=0, lazy=True)), environ())
    assert (reply.status, reply.body) == ("418 Teapot", b"teapot")


def test_what_was_written_before_head_answered_instead_does_not_leave():
    reply = serve(Replace(Inside(written=b"secret")), environ())
    assert reply.body == b"teapot"


def test_head_may_answer_instead_in_a_layer_with_all_hooks():
    class Both(Recorder):
        def head(self, environ, status, headers):
            self.log.append(f"head {status[:3]}")
            return teapot

    for lazy in (False, True):
        log = []
        inside = Inside(chunks=3, lazy=lazy)
        assert serve(Both(inside, log), environ()).body == b"teapot"
        assert log == ["before", "head 200", "after"]
        assert inside.closes == 1


def test_failed_answers_for_an_app_that_raised_and_head_sees_the_answer():
    class Sorry(Recorder):
        def failed(self, environ, exc):
            self.log.append(f"failed {exc}")
            return teapot

    for inside in (Inside(fail_in_call=True), Inside(chunks=2, lazy=True, fail_at=0), Inside(chunks=2, fail_at=0)):
        log = []
        reply = serve(Sorry(inside, log), environ())
        assert (reply.status, reply.body) == ("418 Teapot", b"teapot")
        assert [entry for entry in log if entry != "head 200"][-3:] == [log[-3], "head 418", "after"]
        assert log[-3].startswith("failed")


def test_failed_is_not_asked_once_a_chunk_has_left():
    log = []
    reply = serve(Recorder(Inside(chunks=3, lazy=True, fail_at=1), log), environ())
    assert isinstance(reply.error, Inside.Failure)
    assert (reply.status, reply.body) == ("200 OK", b"0,")
    assert log == ["before", "head 200", "after"]


def test_empty_chunks_are_passed_on_so_that_nothing_blocks():
    def app(environ, start_response):
        start_response("200 OK", [])
        yield b""
        yield b"x"
        yield b""

    assert list(Recorder(app, [])(environ(), lambda status, headers: None)) == [b"", b"x", b""]


def test_an_answer_of_failed_that_starts_late_still_replaces_the_head():
    def lazy(environ, start_response):
        start_response("500 Late", [("Content-Type", "text/plain")])
        yield b"late"

    class Sorry(Layer):
        def failed(self, environ, exc):
            return lazy

    reply = serve(Sorry(Inside(chunks=1, fail_at=0)), environ())  # the app had called start_response
    assert (reply.status, reply.body, reply.error) == ("500 Late", b"late", None)


def test_an_answer_of_failed_that_fails_raises_and_releases():
    def broken(environ, start_response):
        raise LookupError("the answer failed too")

    class Sorry(Recorder):
        def failed(self, environ, exc):
            return broken

    log = []
    assert isinstance(serve(Sorry(Inside(fail_in_call=True), log), environ()).error, LookupError)
    assert log[-1] == "after"


def test_head_runs_again_when_the_app_restarts_with_exc_info():
    log = []
    reply = serve(Recorder(Inside(restart=True), log), environ())
    assert (reply.status, reply.body) == ("500 Restarted", b"restarted")
    assert log == ["before", "head 200", "head 500", "after"]


def test_the_list_of_headers_that_head_gets_is_its_own():
    class Add(Layer):
        def head(self, environ, status, headers):
            headers.append(("X-Added", "1"))
            return status, headers

    inside = Inside()
    assert ("X-Added", "1") in serve(Add(inside), environ()).headers
    assert inside.headers == inside.own_headers()


def test_a_body_is_not_wrapped_where_nothing_watches_it():
    class HeadOnly(Layer):
        def head(self, environ, status, headers):
            return status, headers

    inside = Inside(file=True)
    reply = serve(HeadOnly(inside), environ())
    assert reply.raw is inside.wrapped


def test_a_request_that_has_been_through_such_a_layer_passes_untouched():
    class Provider(Recorder):
        provides = ("site.key",)

    log = []
    assert serve(Provider(hello, log), environ(**{"site.key": "there"})).body == b"hello"
    assert log == []


def test_hooks_of_a_parent_class_count():
    class Child(Recorder):
        """Inherits all hooks."""

    log = []
    call(Child(hello, log))
    assert log == ["before", "head 200", "after"]


def test_a_layer_with_its_own_call_keeps_it_and_so_do_its_children():
    class Shout(Layer):
        buffers = True

        def __call__(self, environ, start_response):
            return [b"".join(self.app(environ, start_response)).upper()]

    class Child(Shout):
        def before(self, environ):
            raise AssertionError("hooks of a layer with its own __call__ are its own affair")

    assert call(Shout(hello)).body == b"HELLO"
    assert call(Child(hello)).body == b"HELLO"


def test_a_bare_layer_only_passes_on():
    assert call(Layer(hello)).body == b"hello"


def test_an_error_after_the_head_has_left_is_raised_again_by_the_server():
    reply = serve(Recorder(Inside(chunks=2, lazy=True, restart_late=True), []), environ())
    assert isinstance(reply.error, Inside.Failure)


def test_closing_runs_its_function_once_even_if_the_body_cannot_be_closed():
    class Stubborn:
        def __iter__(self):
            return iter([b"x"])

        def close(self):
            raise OSError("stuck")

    done = []
    body = Closing(Stubborn(), lambda: done.append(1))
    assert list(body) == [b"x"]
    with pytest.raises(OSError, match="stuck"):
        body.close()
    body.close()
    assert done == [1]


def test_no_traceback_is_kept_alive_after_the_answer():
    import gc
    import weakref

    class Marker(Exception):
        pass

    class Sorry(Layer):
        def failed(self, environ, exc):
            seen.append(weakref.ref(exc))
            return teapot

    def app(environ, start_response):
        raise Marker

    seen = []
    gc.disable()
    try:
        serve(Sorry(app), environ())
        assert sys.exc_info() == (None, None, None)
        assert seen[0]() is None
    finally:
        gc.enable()


def test_a_real_server_gets_valid_wsgi_from_all_hooks():
    from wsgiref.handlers import SimpleHandler

    out = io.BytesIO()
    handler = SimpleHandler(io.BytesIO(), out, io.StringIO(), environ())
    handler.run(Recorder(hello, []))
    assert out.getvalue().endswith(b"\r\n\r\nhello")


def test_a_head_that_has_left_is_not_replaced_and_the_server_raises_the_error():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"half;"
        try:
            raise LookupError("the password is hunter2")
        except LookupError as exc:
            start_response("500 Oops", [], sys.exc_info())
            yield str(exc).encode()

    class Pages(Layer):
        def head(self, environ, status, headers):
            return teapot if status.startswith("5") else (status, headers)

    class WithAfter(Pages):
        def after(self, environ):
            pass

    for layer in (Pages, WithAfter):
        reply = serve(layer(app), environ())
        assert isinstance(reply.error, LookupError)
        assert (reply.status, reply.body) == ("200 OK", b"half;")

    def writes(environ, start_response):
        start_response("200 OK", [])(b"half;")
        try:
            raise LookupError
        except LookupError:
            start_response("500 Oops", [], sys.exc_info())
        return [b"secret"]

    reply = serve(Pages(writes), environ())
    assert (type(reply.error), reply.body) == (LookupError, b"half;")


def test_an_app_that_starts_and_starts_over_while_its_body_is_read_is_replaced():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])

        def body():
            try:
                raise LookupError
            except LookupError:
                start_response("500 Oops", [("Content-Type", "text/plain")], sys.exc_info())
            yield b"ugly"

        return body()

    class Pages(Layer):
        def head(self, environ, status, headers):
            return teapot if status.startswith("5") else (status, headers)

    reply = serve(Pages(app), environ())
    assert (reply.status, reply.body, reply.error) == ("418 Teapot", b"teapot", None)


def test_a_late_answer_of_failed_may_be_replaced_by_head_too():
    def lazy(environ, start_response):
        start_response("500 Late", [("Content-Type", "text/plain")])
        yield b"late"

    class Pages(Recorder):
        def failed(self, environ, exc):
            return lazy

        def head(self, environ, status, headers):
            return teapot if status.startswith("5") else (status, headers)

    for inside in (Inside(fail_in_call=True), Inside(chunks=1, lazy=True, fail_at=0)):
        reply = serve(Pages(inside, []), environ())
        assert (reply.status, reply.body) == ("418 Teapot", b"teapot")


def test_failed_is_asked_once_even_if_its_answer_fails_while_it_is_read():
    def broken(environ, start_response):
        start_response("500 Oops", [])
        raise LookupError("the answer failed too")
        yield b""

    class Sorry(Recorder):
        def failed(self, environ, exc):
            self.log.append(f"failed {exc}")
            return broken

    log = []
    reply = serve(Sorry(Inside(fail_in_call=True), log), environ())
    assert isinstance(reply.error, LookupError)
    assert [entry for entry in log if entry.startswith("failed")] == ["failed in the call"]
    assert log[-1] == "after"


def test_failed_is_asked_for_a_body_that_cannot_be_iterated():
    class Stuck:
        def __iter__(self):
            raise LookupError("stuck")

    def app(environ, start_response):
        start_response("200 OK", [])
        return Stuck()

    class Sorry(Layer):
        def failed(self, environ, exc):
            return teapot

    assert serve(Sorry(app), environ()).body == b"teapot"


def test_a_body_whose_close_raises_is_closed_once():
    class Sorry(Layer):
        def failed(self, environ, exc):
            return teapot

    inside = Inside(chunks=1, fail_at=0, fail_in_close=True)
    assert isinstance(serve(Sorry(inside), environ()).error, Inside.Failure)
    assert inside.closes == 1


def test_a_head_that_forgets_to_return_is_named():
    class Forgetful(Layer):
        def head(self, environ, status, headers):
            headers.append(("X-A", "b"))

    reply = serve(Forgetful(hello), environ())
    assert "Forgetful.head returned None" in str(reply.error)
