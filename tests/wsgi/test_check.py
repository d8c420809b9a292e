"""kit.wsgi.check: every problem of a stack at once, with an order that works."""

from __future__ import annotations

from functools import partial, wraps

import pytest

from kit.wsgi import Layer, StackError, check, compose, declare


def layer(name, **facets):
    return type(name, (Layer,), facets)


def site(environ, start_response):
    start_response("200 OK", [])
    return []


RequestId = layer("RequestId", provides=("kit.request_id",))
TrustedProxy = layer("TrustedProxy", rewrites=("REMOTE_ADDR", "HTTP_HOST", "wsgi.url_scheme"))
Headers = layer("Headers", provides=("kit.nonce",))
BodyLimit = layer("BodyLimit", rewrites=("wsgi.input",))
ErrorPages = layer("ErrorPages", wants=("kit.nonce",))
RateLimit = layer("RateLimit", wants=("REMOTE_ADDR",))
Sessions = layer("Sessions", provides=("kit.session",))
Login = layer("Login", provides=("kit.user",), requires=("kit.session",))
Csrf = layer("Csrf", provides=("kit.csrf",), requires=("kit.session",), wants=("wsgi.input", "kit.session"))
Greedy = layer("Greedy", wants=("kit.session", "wsgi.input"))
ALL = (RequestId, TrustedProxy, Headers, BodyLimit, ErrorPages, RateLimit, Sessions, Login, Csrf)


def problems(*stack):
    with pytest.raises(StackError) as caught:
        compose(*stack)
    return caught.value


def test_the_order_of_the_recipes_is_accepted():
    compose(*ALL, site)


def test_wrong_order_missing_layer_doubled_layer_and_cycle_are_named_at_once_with_a_working_order():
    egg, hen = layer("Egg", provides=("egg",), requires=("hen",)), layer("Hen", provides=("hen",), requires=("egg",))
    needy = layer("Profile", requires=("kit.user", "site.theme"))
    error = problems(RequestId, Csrf, Sessions, needy, egg, hen, Sessions, site)
    assert error.problems == (
        "Sessions and Sessions both set 'kit.session'. Keep one.",
        "No order can satisfy Egg -> Hen -> Egg: each must stand inside the next. Drop one of these needs.",
        "Csrf needs 'kit.session', but Sessions, which sets it, is inside it. Move Sessions outside Csrf.",
        "Profile needs 'kit.user', but no layer outside it sets that key. Add kit.security.Login outside it.",
        (
            "Profile needs 'site.theme', but no layer outside it sets that key. "
            "Add a layer that does, or describe the one that does: declare(layer, provides=('site.theme',))."
        ),
    )
    assert error.orders == (
        (
            "Working order, once the rest is mended: "
            "RequestId, Sessions, Csrf, Login (add), a layer that sets 'site.theme' (add), "
            "Profile, Hen, Egg, site"
        ),
    )
    assert all(line in str(error) for line in (*error.problems, *error.orders))


@pytest.mark.parametrize(
    ("outer", "inner", "key"),
    [
        (ErrorPages, Headers, "kit.nonce"),
        (RateLimit, TrustedProxy, "REMOTE_ADDR"),
        (partial(Csrf), BodyLimit, "wsgi.input"),
    ],
)
def test_a_layer_outside_the_one_that_sets_or_rewrites_what_it_wants_is_found(outer, inner, key):
    error = problems(Sessions, outer, inner, site)
    assert len(error.problems) == 1
    assert f"wants {key!r}" in error.problems[0]
    assert f"Move {inner.__name__} outside" in error.problems[0]
    compose(Sessions, inner, outer, site)


def test_what_a_layer_wants_may_be_absent():
    compose(RateLimit, ErrorPages, site)


def test_the_working_order_works_for_every_shuffle():
    import itertools
    import random

    stubs = {"Sessions (add)": Sessions, "Headers (add)": Headers, "Login (add)": Login}
    names = {**{each.__name__: each for each in (*ALL, Greedy)}, **stubs}
    shuffles = [*itertools.permutations(ALL, 3), *itertools.permutations((Greedy, Csrf, Login, BodyLimit))]
    shuffles += [random.Random(seed).sample(ALL, len(ALL)) for seed in range(200)]
    refused = added = 0
    for stack in shuffles:
        try:
            compose(*stack, site)
        except StackError as error:
            refused += 1
            order = error.orders[0].removeprefix("Working order: ").split(", ")
            added += any("(add)" in name for name in order)
            assert order[-1] == "site"
            compose(*(names[name] for name in order[:-1]), site)
    assert refused > 100
    assert added > 50


def test_the_order_that_is_printed_keeps_the_users_where_it_is_free():
    error = problems(RateLimit, Csrf, RequestId, Sessions, ErrorPages, site)
    assert error.orders == ("Working order: RateLimit, Sessions, Csrf, RequestId, ErrorPages, site",)


def test_the_application_may_need_a_key_and_cannot_be_moved():
    def profile(environ, start_response):
        """An application that needs the user."""

    declare(profile, requires=["kit.user"])
    assert "profile needs 'kit.user'" in problems(Sessions, profile).problems[0]
    compose(Sessions, Login, profile)
    declare(profile, provides="site.theme")
    error = problems(layer("Theme", requires=("site.theme",)), profile)
    assert "profile is the application: move Theme into it" in error.problems[0]


def test_hand_nested_and_foreign_middleware_counts():
    class Foreign:
        def __init__(self, application):
            self.application = application

        def __call__(self, environ, start_response):
            return self.application(environ, start_response)

    def closure(app):
        @wraps(app)
        def around(environ, start_response):
            return app(environ, start_response)

        return around

    hand = Csrf(closure(Foreign(Sessions(site))))
    with pytest.raises(StackError, match="Move Sessions outside Csrf"):
        check(hand)
    beaker = declare(Foreign, provides=("beaker.session",))
    compose(beaker, layer("Legacy", requires=("beaker.session",)), site)


def test_every_mount_is_checked_and_named():
    class Mounts:
        def __init__(self, mounts):
            self.mounts = mounts

        def __call__(self, environ, start_response):
            """Dispatch."""

    error = problems(RequestId, Mounts({"/fine": Sessions(Csrf(site)), "/admin": Login(site)}))
    assert error.problems == (
        "Login needs 'kit.session', but no layer outside it sets that key. Add kit.sessions.Sessions outside it.",
    )
    assert error.orders == ("Working order through /admin: RequestId, Mounts, Sessions (add), Login, site",)


def test_werkzeugs_dispatcher_and_a_flask_app_with_a_layer_inside_are_walked():
    from flask import Flask
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    flask = Flask("polls")
    flask.wsgi_app = Login(flask.wsgi_app)
    with pytest.raises(StackError, match=r"Login needs 'kit.session'"):
        check(DispatcherMiddleware(site, {"/polls": flask}))
    check(Sessions(DispatcherMiddleware(site, {"/polls": flask})))


def test_a_class_where_an_app_should_be_is_named():
    assert "Sessions is a class where an application should be" in problems(RequestId, Sessions).problems[0]


def test_an_app_that_contains_itself_is_named_and_does_not_hang():
    loop = Sessions(site)
    loop.app = Headers(loop)
    with pytest.raises(StackError, match="contains itself: Sessions -> Headers -> Sessions"):
        check(loop)


@pytest.mark.parametrize("app", [None, 7, "site"])
def test_something_that_cannot_be_called_is_named(app):
    with pytest.raises(StackError, match="cannot be called"):
        check(app)


def test_one_provider_shared_by_two_mounts_is_no_double():
    shared = Sessions(site)

    class Fork:
        apps = (("/a", shared), ("/b", shared))

        def __call__(self, environ, start_response):
            """Dispatch."""

    check(RequestId(Fork()))


def test_two_layers_that_correct_one_key_stand_as_the_user_wants():
    gunzip = layer("Gunzip", rewrites=("wsgi.input",), wants=("wsgi.input",))
    peeks = layer("Peeks", rewrites=("wsgi.input",), wants=("wsgi.input",))
    compose(gunzip, peeks, site)
    compose(peeks, gunzip, site)
    assert "wants 'wsgi.input'" in problems(peeks, BodyLimit, site).problems[0]


def test_what_no_order_can_mend_is_not_called_a_working_order():
    assert problems(RequestId, Sessions).orders == ("Working order, once the rest is mended: RequestId, Sessions",)


def test_forks_that_share_what_is_inside_take_no_exponential_time():
    class Fork:
        def __init__(self, *apps):
            self.apps = apps

        def __call__(self, environ, start_response):
            """Dispatch."""

    app = site
    for _ in range(40):
        app = Fork(app, Fork(app))
    check(Sessions(app))
    knot = [Fork() for _ in range(12)]
    for each in knot:
        each.apps = tuple(knot)
    with pytest.raises(StackError, match="contains itself"):
        check(knot[0])


def test_a_stack_error_survives_pickling():
    import pickle

    error = problems(Csrf, Sessions, site)
    again = pickle.loads(pickle.dumps(error))
    assert (again.problems, again.orders, str(again)) == (error.problems, error.orders, str(error))
