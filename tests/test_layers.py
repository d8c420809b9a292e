"""Every layer of kit keeps the contract, and works inside every framework."""

from __future__ import annotations

from functools import cache

import pytest

from kit.testing import call
from kit.wsgi import chain
from kit.wsgi.lint import Lint, check_layer
from tests.frameworks import APPS
from tests.layers import LAYERS, found

app_of = cache(lambda name: APPS[name]())
LOCAL = {"HTTP_HOST": "127.0.0.1", "SERVER_NAME": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1"}


def test_the_table_names_every_layer():
    assert found() == set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_the_layer_keeps_every_rule_of_the_contract(name):
    case = LAYERS[name]
    check_layer(case.make, environ={**LOCAL, **case.environ})


@pytest.mark.parametrize("framework", APPS)
@pytest.mark.parametrize("name", LAYERS)
def test_the_layer_works_around_an_app_of_the_framework(name, framework):
    case = LAYERS[name]
    layer = case.make(app_of(framework))
    app = Lint(layer)
    environ = {**LOCAL, **case.environ}

    answer = call(app, "/keys", environ=environ)
    assert answer.status == 200
    provided = set(chain(layer).provides)
    assert provided <= set(answer.text.split())  # as the framework's own request object sees them
    assert case.header in ("", *answer.headers)

    headers = {"Content-Type": "application/octet-stream", "Authorization": "Bearer t"}
    answer = call(app, "/echo", method="POST", body=b"\x00body", headers=headers, environ=environ)
    assert (answer.status, answer.body) == (200, b"\x00body")

    assert call(app, "/absent", environ=environ).status == 404
    if framework != "django":  # it leaves it to the server to take the body of an answer to HEAD away
        assert call(app, "/keys", method="HEAD", environ=environ).body == b""


def test_a_layer_goes_into_a_flask_app_the_way_flask_wants_it():
    app = APPS["flask"]()
    app.wsgi_app = LAYERS["kit.observe.RequestId"].make(app.wsgi_app)
    assert call(app, "/keys").text == "kit.request_id"
