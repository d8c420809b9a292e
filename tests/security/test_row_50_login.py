"""Row 50, and rows 7 and 8 with it: signing in and out, step-up, half of two factors; and the guards."""

import time

import pytest

from kit.errors import ConfigError, KitError, Missing, MissingLayer, Refused
from kit.http import handler
from kit.seal import KeyRing, new_key
from kit.security import (
    Csrf,
    Login,
    Tokens,
    allowed,
    bearer,
    fresh,
    half_signed_in,
    remembered,
    require,
    session,
    sign_in,
    sign_out,
    signed_in,
    user_of,
)
from kit.security.guards import NotSignedIn
from kit.sessions import Sessions
from kit.stores import MemoryStore
from kit.testing import call, environ
from tests.security.frameworks import over_wsgi

RING = KeyRing([new_key()])


class Clock:
    def __init__(self, now=1_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


def fine(environ):
    return 200, [("Content-Type", "text/plain")], b"fine"


USERS = {"ann": {"name": "Ann"}, "bob": {"name": "Bob"}}


def site(clock=time.time, load=USERS.get, tokens=None):
    """An application with pages to sign in and out, behind Sessions and Login."""

    @handler
    def pages(request):
        path, user = request.path_info, request.params.get("user", "")
        if path == "/in":
            sign_in(request, user, remember="remember" in request.params)
        elif path == "/half":
            sign_in(request, user, half=True)
        elif path == "/out":
            sign_out(request)
        elif path == "/secret":
            answer = fresh(10)(request)
            return answer or "secret"
        elif path == "/private":
            return signed_in.at("/login")(request) or "private"
        return {"user": request.environ["kit.user"], "half": half_signed_in(request), "name": str(user_of(request))}

    ways = [session(), bearer({"t0ken": "bob"}.get), *([remembered(tokens)] if tokens else [])]
    return Sessions(Login(pages, by=ways, load=load, clock=clock), store=MemoryStore())


class Browser:
    """Keeps cookies and follows nothing."""

    def __init__(self, app):
        self.app, self.cookies = app, {}

    def __call__(self, path, **options):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Host": "127.0.0.1"}
        answer = call(self.app, path, headers=headers | options.pop("headers", {}), **options)
        for line in answer.headers.get_all("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value and "Max-Age=0" not in line:
                self.cookies[name] = value
        return answer


def test_row_50_signing_in_rotates_the_session_and_signing_out_ends_it_on_the_server():
    browser = Browser(site())
    browser("/half?user=ann")
    before = dict(browser.cookies)
    assert browser("/in?user=ann").json() == {"user": "ann", "half": None, "name": str(USERS["ann"])}
    assert browser.cookies["sid"] != before["sid"]
    kept = dict(browser.cookies)
    assert browser("/").json()["user"] == "ann"
    browser("/out")
    for cookies in (before, kept):
        browser.cookies = dict(cookies)
        assert browser("/").json()["user"] is None


def test_row_50_who_has_shown_one_of_two_factors_is_not_signed_in():
    browser = Browser(site())
    browser("/half?user=ann")
    assert browser("/").json() == {"user": None, "half": "ann", "name": "None"}
    assert browser("/private").status == 401
    browser("/in?user=ann")
    assert browser("/").json()["user"] == "ann"
    assert browser("/").json()["half"] is None


def test_row_50_a_sensitive_page_asks_again_after_some_minutes():
    clock = Clock()
    browser = Browser(site(clock))
    browser("/in?user=ann")
    assert browser("/secret").text == "secret"
    clock.now += 601
    answer = browser("/secret")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    browser("/in?user=ann")
    assert browser("/secret").status == 200


def test_row_50_a_remembered_browser_comes_back_but_is_not_fresh():
    tokens = Tokens(RING, "remember", ttl=30 * 86_400, store=MemoryStore())
    browser = Browser(site(tokens=tokens))
    browser("/in?user=ann&remember=1")
    browser.cookies.pop("sid")
    assert browser("/").json()["user"] == "ann"
    assert browser("/secret").status == 401
    stolen = browser.cookies["remember"]
    browser("/out")
    browser.cookies = {"remember": stolen}
    assert browser("/").json()["user"] is None


def test_row_50_a_change_of_the_password_ends_what_was_remembered():
    clock, changed = Clock(), {"ann": 0.0}
    way = remembered(Tokens(RING, "remember", ttl=86_400, clock=clock), since=changed.get)
    ((_, line),) = way.sign_in({}, "ann", clock.now, half=False, remember=True)
    request = {"HTTP_COOKIE": line.partition(";")[0]}
    assert way.find(request).user == "ann"
    changed["ann"] = clock.now + 1
    assert way.find(request) is None


def test_a_user_whom_load_does_not_know_is_nobody(events):
    users = dict(USERS)
    browser = Browser(site(load=users.get))
    browser("/in?user=ann")
    del users["ann"]
    assert browser("/").json()["user"] is None
    assert len(events("authn_login_fail")) == 1


def test_a_bearer_token_is_known_in_one_layer_with_the_session(events):
    app = site()
    assert call(app, headers={"Authorization": "bearer t0ken", "Host": "127.0.0.1"}).json()["user"] == "bob"
    assert call(app, headers={"Authorization": "Bearer wrong", "Host": "127.0.0.1"}).json()["user"] is None
    assert call(app, headers={"Authorization": "Basic t0ken", "Host": "127.0.0.1"}).json()["user"] is None
    assert [event["reason"] for event in events("authn_login_fail")] == ["bearer"]


def test_bearer_tokens_may_be_sealed_ones():
    clock = Clock()
    tokens = Tokens(RING, "api", ttl=3600, clock=clock)
    way = bearer(tokens, scheme="Token")
    token = tokens.make("ann")
    assert way.find({"HTTP_AUTHORIZATION": f"Token {token}"}).user == "ann"
    assert way.find(environ(headers={"Authorization": f"Token {token[:-2]}xx"})) is None
    clock.now += 3700
    assert way.find(environ(headers={"Authorization": f"Token {token}"})) is None


@pytest.mark.parametrize("path", ["/private", "/private?a=1&b=//x"])
def test_a_browser_that_is_not_signed_in_is_sent_to_the_login_page_and_back(path):
    answer = Browser(site())(path, headers={"Accept": "text/html"})
    assert answer.status == 303
    assert answer.headers["Location"].startswith("/login?next=/private")
    assert "//x" not in answer.headers["Location"] or "%" in answer.headers["Location"]


def policy(user, action, thing):
    if action == "read":
        return True
    return user is not None and thing["owner"] == user


def asked(user, method="POST"):
    return environ(method=method, environ={"kit.user": user})


def test_a_policy_decides_about_each_object(events):
    post = {"owner": "ann"}
    require(asked("ann"), policy, "edit", post)
    require(asked(None), policy, "read", post)
    with pytest.raises(Refused):
        require(asked("bob"), policy, "edit", post)
    with pytest.raises(Missing):
        require(asked("bob"), policy, "edit", post, hide=True)
    assert [event["action"] for event in events("authz_fail")] == ["edit", "edit"]


@pytest.mark.parametrize("answer", [None, False, 0, "", 1, "yes", [1]])
def test_only_true_allows(answer):
    with pytest.raises(Refused):
        require(asked("ann"), lambda user, action, thing: answer, "edit", None)


@pytest.mark.parametrize(
    ("method", "action"),
    [("GET", "read"), ("HEAD", "read"), ("POST", "create"), ("PUT", "update"), ("DELETE", "delete"), ("FOO", "delete")],
)
def test_the_action_of_a_guard_is_that_of_the_method(method, action):
    seen = []
    guard = allowed(lambda user, action, thing: seen.append((user, action, thing)) is None)
    guard(asked("ann", method), id=7)
    assert seen == [("ann", action, {"id": 7})]


def test_a_guard_without_login_names_the_cure():
    with pytest.raises(MissingLayer, match=r"kit\.security\.Login"):
        signed_in(environ())


def test_under_a_guarded_group_the_default_is_refusal():
    from kit.routing import Router

    router = Router()
    with router.group("/admin", guard=[signed_in, allowed(lambda user, action, thing: user == "ann")]) as admin:
        admin.get("/x", lambda: "x", name="x")
        admin.post("/x", lambda: "y", name="y")
    app = Login(router, by=[bearer({"a": "ann", "b": "bob"}.get)])
    statuses = [
        call(app, "/admin/x", method=method, headers=headers).status
        for method in ("GET", "POST")
        for headers in ({}, {"Authorization": "Bearer b"}, {"Authorization": "Bearer a"})
    ]
    assert statuses == [401, 403, 200] * 2


WRONG = [lambda: fresh(0), lambda: signed_in.at("//evil"), lambda: Login(over_wsgi(fine), by=[])]


@pytest.mark.parametrize("wrong", WRONG)
def test_guards_that_cannot_work_are_refused_at_construction(wrong):
    with pytest.raises(ConfigError):
        wrong()


def test_a_refusal_of_a_guard_is_an_error_of_kit():
    with pytest.raises(NotSignedIn) as caught:
        signed_in(asked(None))
    assert isinstance(caught.value, KitError)
    assert caught.value.status == 401


def test_row_07_a_csrf_token_lives_as_long_as_its_session_and_no_longer_than_a_login():
    @handler
    def pages(request):
        if request.method == "POST":
            if request.path_info == "/in":
                sign_in(request, "ann")
            return "done"
        return request.environ["kit.csrf"]()

    clock = Clock()
    store = MemoryStore(clock=clock)
    browser = Browser(Sessions(Login(Csrf(pages), by=[session()]), store=store, clock=clock))

    def post(path, token):
        return browser(path, method="POST", headers={"X-CSRF-Token": token}).status

    token = browser("/").text
    clock.now += 3 * 3600
    assert post("/in", token) == 200
    assert post("/", token) == 403
    assert post("/", browser("/").text) == 200


def test_row_07_a_token_of_a_new_session_drawn_early_may_be_drawn_again_late():
    def stream(environ, start_response):
        token = environ["kit.csrf"]
        token()
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b" "
        yield token().encode()

    store = MemoryStore()
    answer = call(Sessions(Csrf(stream), store=store), headers={"Host": "127.0.0.1"})
    headers = {"Host": "127.0.0.1", "Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    app = Sessions(Csrf(handler(lambda request: "done")), store=store)
    assert call(app, method="POST", headers=headers | {"X-CSRF-Token": answer.text.strip()}).status == 200


def test_row_08_a_login_without_a_token_is_refused():
    app = Sessions(Csrf(handler(lambda request: "in")), store=MemoryStore())
    form = {"Content-Type": "application/x-www-form-urlencoded", "Host": "127.0.0.1"}
    assert call(app, "/login", method="POST", body="user=eve&password=x", headers=form).status == 403
    same = form | {"Sec-Fetch-Site": "same-origin"}
    assert call(app, "/login", method="POST", body="user=eve&password=x", headers=same).status == 403
