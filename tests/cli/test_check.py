"""`kit check`: one finding for each way to put an app in danger."""

from functools import partial

import pytest

from kit.cli import main
from kit.cli.check import findings
from kit.render import ErrorPages
from kit.routing import Router
from kit.security import (
    BodyLimit,
    Cors,
    Csrf,
    Headers,
    Https,
    Isolation,
    Limits,
    RateLimit,
    TrustedHosts,
)
from kit.sessions import Sessions
from kit.stores import MemoryStore
from kit.wsgi import compose


class SharedStore(MemoryStore):
    one_process = False  # stands for one in a database


def site(environ, start_response):
    start_response("200 OK", [])
    return [b""]


GOOD = {
    "TrustedHosts": partial(TrustedHosts, hosts=["shop.example"], canonical="https://shop.example"),
    "Https": Https,
    "Headers": Headers,
    "Cors": partial(Cors, origins=["https://friend.example"]),
    "Isolation": Isolation,
    "Limits": Limits,
    "BodyLimit": partial(BodyLimit, bytes=1000),
    "ErrorPages": ErrorPages,
    "RateLimit": partial(RateLimit, store=SharedStore(), limit=10, per=60),
    "Sessions": partial(Sessions, store=SharedStore()),
    "Csrf": Csrf,
}


def stack(**changed):
    return compose(*[layer for layer in (GOOD | changed).values() if layer is not None], site)


def test_a_stack_that_is_fit_for_strangers_has_no_finding():
    assert findings(stack(), deploy=True) == []


@pytest.mark.parametrize(
    ("changed", "level", "id"),
    [
        ({"Headers": None}, "error", "sec.headers.missing"),
        ({"TrustedHosts": None}, "error", "sec.trusted-hosts.missing"),
        ({"Https": None}, "error", "sec.https.missing"),
        ({"BodyLimit": None}, "error", "sec.body-limit.missing"),
        ({"Csrf": None}, "error", "sec.csrf.missing"),
        ({"Limits": None}, "warning", "sec.limits.missing"),
        ({"Isolation": None}, "warning", "sec.isolation.missing"),
        ({"RateLimit": None}, "warning", "sec.rate-limit.missing"),
        ({"ErrorPages": None}, "warning", "sec.error-pages.missing"),
        ({"ErrorPages": partial(ErrorPages, debug=True)}, "error", "sec.error-pages.debug"),
        ({"Headers": partial(Headers, csp=None)}, "error", "sec.headers.csp"),
        ({"Headers": partial(Headers, csp={"script-src": "'unsafe-inline'"})}, "error", "sec.headers.script"),
        ({"Headers": partial(Headers, hsts=60)}, "error", "sec.headers.hsts"),
        ({"Csrf": partial(Csrf, report_only=True)}, "error", "sec.csrf.report-only"),
        ({"Csrf": partial(Csrf, exempt=["/hook"])}, "warning", "sec.csrf.exempt"),
        ({"TrustedHosts": partial(TrustedHosts, hosts=["a.example"])}, "warning", "sec.trusted-hosts.canonical"),
        ({"Cors": partial(Cors, origins="*")}, "warning", "sec.cors.everybody"),
        (
            {"RateLimit": partial(RateLimit, store=MemoryStore(), limit=10, per=60)},
            "warning",
            "sec.rate-limit.memory",
        ),
        ({"Sessions": partial(Sessions, store=MemoryStore())}, "warning", "sec.sessions.memory"),
    ],
)
def test_row_54_each_weakness_is_found_alone(changed, level, id):
    assert [(each.level, each.id) for each in findings(stack(**changed), deploy=True)] == [(level, id)]
    assert all(each.what and each.cure for each in findings(stack(**changed), deploy=True))


APP = """
from kit.security import Csrf, Headers
def site(environ, start_response): ...
app = {app}
"""


@pytest.mark.parametrize(
    ("app", "options", "code"),
    [
        ("Headers(site)", [], 0),
        ("Headers(site)", ["--deploy"], 1),
        ("Csrf(site)", [], 1),
        ("Headers(Headers(site))", [], 1),
    ],
)
def test_the_exit_code_tells_of_errors(app, options, code, tmp_path, monkeypatch, capsys):
    name = f"checked_{abs(hash((app, *options)))}"
    (tmp_path / f"{name}.py").write_text(APP.format(app=app))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["check", f"{name}:app", *options]) == code
    assert ("error" in capsys.readouterr().out) is bool(code)


def test_findings_can_be_left_out_and_printed_as_json(tmp_path, monkeypatch, capsys):
    (tmp_path / "checked_json.py").write_text(APP.format(app="Headers(site)"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    skip = [word for name in ("trusted-hosts", "https", "body-limit") for word in ("--skip", f"sec.{name}.missing")]
    assert main(["check", "--deploy", "--json", "checked_json:app", *skip]) == 0
    assert main(["check", "--deploy", "--strict", "checked_json:app", *skip]) == 1
    assert '"sec.isolation.missing"' in capsys.readouterr().out


class Mounts:
    def __init__(self, mounts):
        self.mounts = mounts

    def __call__(self, environ, start_response): ...


def ids(app, word):
    return [each.id for each in findings(app, deploy=True) if word in each.id]


def test_row_54_each_mount_is_asked_and_named():
    app = Mounts({"/shop": stack(), "/blog": stack(Headers=None), "/": Router()})
    found = {each.id: each.what for each in findings(app, deploy=True)}
    assert found["sec.headers.missing"].endswith(", at /blog, /")
    assert found["sec.https.missing"].endswith(", at /")
    assert "sec.csrf.missing" not in found
    assert findings(Mounts({"/a": stack(), "/b": stack()}), deploy=True) == []


def test_row_54_a_fault_of_all_mounts_is_told_once_and_without_them():
    app = Mounts({f"/{number}": stack(Https=None) for number in range(9)} | {"/x": stack(Limits=None)})
    https, limits = findings(app, deploy=True)
    assert https.what == "plain http is served, at /0, /1, /2, /3, /4 and 4 more"
    assert limits.what.endswith("not limited, at /x")
    assert len(findings(Mounts({"/a": stack(Https=None), "/b": stack(Https=None)}), deploy=True)) == 1


def test_row_54_a_routers_own_routes_are_asked_beside_its_mounts():
    router = Router()
    router.mount("/admin", Csrf(site))
    outside = compose(*[layer for name, layer in GOOD.items() if name != "Csrf"], router)
    assert ids(outside, "csrf") == []
    router = Router()
    router.mount("/admin", Csrf(site))
    router.post("/buy", lambda: "bought")
    outside = compose(*[layer for name, layer in GOOD.items() if name != "Csrf"], router)
    assert ids(outside, "csrf") == ["sec.csrf.missing"]


def test_row_54_a_subclass_of_a_layer_is_that_layer():
    class Mine(Headers):
        pass

    class OurLimit(RateLimit):
        pass

    assert findings(stack(Headers=Mine), deploy=True) == []
    assert ids(stack(Headers=partial(Mine, csp=None)), "headers") == ["sec.headers.csp"]
    ours = partial(OurLimit, store=MemoryStore(), limit=10, per=60)
    assert ids(stack(RateLimit=ours), "limit") == ["sec.rate-limit.memory"]


@pytest.mark.parametrize("name", ["Headers", "Https", "Sessions"])
def test_row_54_a_foreign_class_of_the_same_name_is_not_that_layer(name):
    def call(self, environ, start_response): ...

    foreign = type(name, (), {"__init__": lambda self, app: setattr(self, "app", app), "__call__": call})
    if name == "Sessions":
        assert findings(stack(Sessions=foreign, Csrf=None), deploy=True) == []
    else:
        assert ids(stack(**{name: foreign}), name.lower()) == [f"sec.{name.lower()}.missing"]
