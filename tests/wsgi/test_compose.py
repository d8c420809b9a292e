"""kit.wsgi.compose and kit.wsgi.tree: nesting, freezing, seeing and releasing a stack."""

from __future__ import annotations

from functools import partial

import pytest

from kit.testing import call
from kit.wsgi import Layer, StackError, chain, compose, declare, environ_of, provided, shutdown
from kit.wsgi.lint import Lint


def site(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ.get("trace", "").encode()]


class Trace(Layer):
    def __init__(self, app, *, mark):
        super().__init__(app)
        self.mark = mark
        self.released = []

    def before(self, environ):
        environ["trace"] = environ.get("trace", "") + self.mark


def test_the_first_is_outermost():
    app = compose(partial(Trace, mark="a"), partial(Trace, mark="b"), lambda app: Trace(app, mark="c"), site)
    assert call(app).text == "abc"


def test_an_application_alone_is_a_stack():
    assert compose(site) is site


def test_nothing_is_no_stack():
    with pytest.raises(StackError, match="nothing to compose"):
        compose()


def test_an_instance_or_a_string_among_the_layers_is_named_with_the_cure():
    with pytest.raises(StackError) as caught:
        compose(Trace(site, mark="a"), "kit.sessions", site)
    assert caught.value.problems == (
        "item 1, Trace(…), is built already. Give the class, or partial(Trace, option=…).",
        "item 2, 'kit.sessions', cannot be called with an app. Give a class, a partial or a function.",
    )


def test_a_layer_that_lacks_an_option_says_which_item_it_was():
    with pytest.raises(TypeError) as caught:
        compose(Trace, site)
    assert "partial(…, option=…)" in caught.value.__notes__[0]


def test_what_can_be_frozen_is_frozen():
    class Router:
        frozen = False

        def freeze(self):
            self.frozen = True

        def __call__(self, environ, start_response):
            """Route."""

    router = Router()
    compose(partial(Trace, mark="a"), router)
    assert router.frozen


def test_lint_stands_between_every_two():
    app = compose(partial(Trace, mark="a"), partial(Trace, mark="b"), site, lint=True)
    assert [type(node.app) for node in chain(app).walk()][:5] == [Lint, Trace, Lint, Trace, Lint]
    assert call(app).text == "ab"


def test_a_declared_factory_describes_what_it_builds():
    class Foreign:
        def __init__(self, app, secret):
            self.app = app

        def __call__(self, environ, start_response):
            return self.app(environ, start_response)

    factory = declare(partial(Foreign, secret="s"), provides=("foreign.key",), streams=True)
    app = compose(factory, declare(lambda app: app, provides=()), site)
    assert chain(app).provides == ("foreign.key",)
    assert app.__kit__["streams"]


def test_what_takes_no_attributes_cannot_be_declared_and_says_so():
    with pytest.raises(TypeError, match="declare a function that calls it"):
        declare(call(site).headers.get, provides=("x",))


def test_a_foreign_attribute_of_the_same_name_is_no_declaration():
    def app(environ, start_response):
        """An app."""

    app.provides, app.requires = {"pip": 1}, [1, 2]
    assert (chain(app).provides, chain(app).requires) == ((), ())


def test_a_property_that_raises_hides_nothing_else():
    class Proxy:
        @property
        def app(self):
            raise RuntimeError("working outside of application context")

        application = staticmethod(site)

        def __call__(self, environ, start_response):
            """Serve."""

    assert [node.name for node in chain(Proxy()).walk()] == ["Proxy", "site"]


def test_a_partial_is_named_after_what_it_calls():
    assert chain(partial(site)).name == "site"


def test_shutdown_runs_all_outermost_first_and_raises_the_first_error():
    order = []

    class Release(Trace):
        def shutdown(self):
            order.append(self.mark)
            if self.mark in "ac":
                raise OSError(self.mark)

    app = compose(*(partial(Release, mark=mark) for mark in "abcd"), site)
    with pytest.raises(OSError, match="a"):
        shutdown(app)
    assert order == ["a", "b", "c", "d"]


def test_an_app_behind_two_mounts_is_released_once():
    class Pool:
        closed = 0

        def __call__(self, environ, start_response):
            """Serve."""

        def shutdown(self):
            Pool.closed += 1

    class Fork:
        def __init__(self, app):
            self.mounts = {"/a": app, "/b": app}

        def __call__(self, environ, start_response):
            """Dispatch."""

    shutdown(Fork(Pool()))
    assert Pool.closed == 1


def test_an_environ_is_found_in_the_requests_of_other_frameworks():
    class Django:
        environ = {"REQUEST_METHOD": "GET"}

    class Falcon:
        env = Django.environ

    assert environ_of(Django()) is environ_of(Falcon()) is environ_of(Django.environ) is Django.environ
    with pytest.raises(TypeError, match=r"int is no WSGI environ and no request with \.environ or \.env"):
        environ_of(7)


def test_a_missing_layer_is_named_with_the_cure():
    with pytest.raises(LookupError) as caught:
        provided({}, "kit.session", what="session", layer="kit.sessions.Sessions")
    assert caught.value.hint == "add kit.sessions.Sessions outside this app"
    assert provided({"kit.session": 1}, "kit.session", what="session", layer="kit.sessions.Sessions") == 1
