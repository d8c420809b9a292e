"""Row 80: every layer keeps the composition contract, and a stack in the wrong order is found when it is built."""

from functools import partial

import pytest

from kit.seal import KeyRing, new_key
from kit.security import Csrf, Headers
from kit.wsgi import Layer, StackError, compose
from kit.wsgi.lint import check_layer
from tests.security.frameworks import over_wsgi

KEYS = KeyRing([new_key()])
LAYERS = {"Headers": Headers, "Csrf": partial(Csrf, keys=KEYS)}


class BodyLimitStub(Layer):
    rewrites = ("wsgi.input",)


class SessionsStub(Layer):
    provides = ("kit.session",)


class ProxyStub(Layer):
    rewrites = ("REMOTE_ADDR", "HTTP_HOST", "wsgi.url_scheme")


@pytest.mark.parametrize("name", LAYERS)
def test_row_80_the_layer_keeps_the_contract(name):
    check_layer(LAYERS[name])


def build(*layers):
    return compose(*layers, over_wsgi(lambda environ: (200, [], b"")))


@pytest.mark.parametrize(
    "wrong",
    [
        (Csrf,),
        (Csrf, SessionsStub),
        (SessionsStub, Csrf, BodyLimitStub),
        (LAYERS["Csrf"], SessionsStub),
        (LAYERS["Csrf"], ProxyStub),
        (Headers, ProxyStub),
        (Headers, Headers),
        (SessionsStub, Csrf, Csrf),
    ],
)
def test_row_80_a_wrong_order_is_found_when_the_stack_is_built(wrong):
    with pytest.raises(StackError):
        build(*wrong)


def test_row_80_the_right_order_is_accepted():
    build(ProxyStub, Headers, BodyLimitStub, SessionsStub, Csrf)
    build(ProxyStub, Headers, BodyLimitStub, LAYERS["Csrf"])
