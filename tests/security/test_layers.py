"""Row 80: every layer keeps the composition contract, and a stack in the wrong order is found when it is built."""

from functools import partial
from threading import Thread

import pytest

from kit.seal import KeyRing, new_key
from kit.security import (
    BodyLimit,
    Cors,
    Csrf,
    Headers,
    Https,
    Isolation,
    Limits,
    Login,
    RateLimit,
    TrustedHosts,
    TrustedProxy,
    bearer,
    session,
)
from kit.stores import MemoryStore
from kit.testing import call
from kit.wsgi import Layer, StackError, compose
from kit.wsgi.lint import check_layer
from tests.security.frameworks import over_wsgi

KEYS = KeyRing([new_key()])
LAYERS = {
    "TrustedProxy": partial(TrustedProxy, proxies=["10.0.0.0/8", "127.0.0.0/8"]),
    "TrustedHosts": partial(TrustedHosts, hosts=["localhost", "127.0.0.1"]),
    "TrustedHosts, canonical": partial(TrustedHosts, hosts=["localhost", "127.0.0.1"], canonical="http://localhost"),
    "Https": Https,
    "Headers": Headers,
    "Headers with reports": partial(Headers, report_to="/csp-reports", report_only={}),
    "Cors": partial(Cors, origins=["https://friend.example"]),
    "Isolation": Isolation,
    "Limits": Limits,
    "BodyLimit": partial(BodyLimit, bytes=1_000_000),
    "RateLimit": lambda app: RateLimit(app, store=MemoryStore(), limit=1_000_000, per=60),
    "Login": partial(Login, by=[bearer({}.get)]),
    "Csrf": partial(Csrf, keys=KEYS),
}


class Sessions(Layer):
    provides = ("kit.session",)  # what the check needs to know of kit.sessions.Sessions


@pytest.mark.parametrize("name", LAYERS)
def test_row_80_the_layer_keeps_the_contract(name):
    check_layer(LAYERS[name], environ={"wsgi.url_scheme": "https"} if name == "Https" else {})


@pytest.mark.parametrize("name", LAYERS)
def test_row_80_the_layer_works_alone_over_any_framework_and_in_threads(below, name):
    def view(environ):
        return 200, [("Content-Type", "text/plain")], environ["PATH_INFO"].encode()

    app = LAYERS[name](below(view))
    options = {"environ": {"wsgi.url_scheme": "https"}}
    assert call(app, "/first", **options).text == "/first"
    found = []
    threads = [Thread(target=lambda n=n: found.append(call(app, f"/{n}", **options).text)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"/{n}" for n in range(8)]


def build(*layers):
    return compose(*layers, over_wsgi(lambda environ: (200, [], b"")))


SESSION = partial(Login, by=[session()])


@pytest.mark.parametrize(
    "wrong",
    [
        (Csrf,),
        (Csrf, Sessions),
        (Sessions, Csrf, LAYERS["BodyLimit"]),
        (LAYERS["Csrf"], Sessions),
        (LAYERS["Csrf"], LAYERS["TrustedProxy"]),
        (LAYERS["Csrf"], LAYERS["TrustedHosts"]),
        (Headers, LAYERS["TrustedProxy"]),
        (Https, LAYERS["TrustedProxy"]),
        (LAYERS["TrustedHosts"], LAYERS["TrustedProxy"]),
        (LAYERS["RateLimit"], LAYERS["TrustedProxy"]),
        (Headers, Headers),
        (Sessions, Csrf, Csrf),
        (SESSION,),
        (SESSION, Sessions),
    ],
)
def test_row_80_a_wrong_order_is_found_when_the_stack_is_built(wrong):
    with pytest.raises(StackError):
        build(*wrong)


def test_row_80_the_default_order_of_the_design_is_accepted():
    outer = [LAYERS[name] for name in ("TrustedProxy", "TrustedHosts", "Https", "Headers", "Cors", "Isolation")]
    inner = [LAYERS[name] for name in ("Limits", "BodyLimit", "RateLimit")]
    build(*outer, *inner, Sessions, SESSION, Csrf)
    build(*outer, *inner, LAYERS["Login"], LAYERS["Csrf"])
