"""Rows 78 and 79 of the requirements: what a scripted attack leaves in the log, and what it learns."""

import json
import re

from kit import audit
from kit.http import handler
from kit.render import ErrorPages
from kit.security import (
    BodyLimit,
    Csrf,
    Headers,
    Isolation,
    Login,
    RateLimit,
    TrustedHosts,
    allowed,
    bearer,
    session,
    sign_in,
    sign_out,
)
from kit.sessions import Sessions
from kit.stores import MemoryStore
from kit.testing import call
from kit.wsgi import compose

SECRET = "hunter2-in-a-stack-frame"


@handler
def pages(request):
    path = request.path_info
    if path == "/in":
        sign_in(request, "ann")
    elif path == "/out":
        sign_out(request)
    elif path == "/admin":
        allowed(lambda user, action, thing: False)(request)
    elif path == "/boom":
        raise RuntimeError(SECRET)
    elif path == "/split":
        return lambda environ, start: [start("200 OK", [("X-A", "a\r\nSet-Cookie: b=c")]), b""][1:]
    return "fine"


def attacked():
    """A site, attacked in every way that a script can; the answers and the events."""
    events = []
    site = compose(
        lambda app: audit.Audit(app, sink=events.append),
        lambda app: TrustedHosts(app, hosts=["127.0.0.1"]),
        Headers,
        Isolation,
        lambda app: BodyLimit(app, bytes=1000),
        ErrorPages,
        lambda app: RateLimit(app, store=MemoryStore(), limit=20, per=3600),
        lambda app: Sessions(app, store=MemoryStore()),
        lambda app: Login(app, by=[session(), bearer({}.get)]),
        Csrf,
        pages,
    )
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "script"}
    answers = [
        call(site, path, method=method, body=body, headers={"Host": "127.0.0.1", "User-Agent": "a\r\nforged"} | headers)
        for method, path, headers, body in [
            ("GET", "/", {"Host": "evil.example"}, b""),
            ("GET", "/", foreign, b""),
            ("POST", "/", {"Sec-Fetch-Site": "same-origin", "Cookie": "sid=stolen-cookie"}, b""),
            ("POST", "/", {"Content-Type": "text/plain"}, b"x" * 1001),
            ("GET", "/", {"Authorization": "Bearer stolen-token"}, b""),
            ("GET", "/admin", {}, b""),
            ("GET", "/in", {}, b""),
            ("GET", "/boom", {}, b""),
            ("GET", "/boom", {"Accept": "text/html"}, b""),
            ("GET", "/split", {}, b""),
            *[("GET", "/", {}, b"")] * 20,
        ]
    ]
    return answers, events


def test_row_78_every_attack_leaves_an_event_and_no_secret():
    _, events = attacked()
    names = {event["event"] for event in events}
    expected = "malicious_host malicious_cross_site_load malicious_csrf excess_body authn_login_fail authz_fail"
    assert set(expected.split()) <= names
    assert {"authn_login_success", "malicious_header_injection", "excess_rate_limit_exceeded"} <= names
    text = "\n".join(map(audit.line, events))
    assert not re.search("stolen-cookie|stolen-token|" + SECRET, text)
    assert len(text.splitlines()) == len(events)
    for event in map(json.loads, text.splitlines()):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["datetime"])
        assert event["source_ip"] == "127.0.0.1"


def test_row_79_no_answer_tells_of_the_inside():
    answers, _ = attacked()
    assert {answer.status for answer in answers} == {200, 400, 403, 413, 429, 500}
    for answer in answers:
        told = answer.text + repr(answer.headers.items())
        assert not re.search(r"Traceback|RuntimeError|\.py\b|kit\.|python/|Werkzeug|" + SECRET, told, re.IGNORECASE)
        assert answer.status == 400 or answer.headers["X-Content-Type-Options"] == "nosniff"
