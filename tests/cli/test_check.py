"""`kit check`: one finding for each way to put an app in danger."""

from functools import partial

import pytest

from kit.cli import main
from kit.cli.check import findings
from kit.render import ErrorPages
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
