"""Rows 44 to 50 of the requirements: guessing, rates, enumeration, second factors, step-up; and the guards."""

import hashlib
import re
import statistics
import threading
import time
from pathlib import Path

import pytest

import kit.security
from kit.errors import ConfigError, KitError, Missing, MissingLayer, Refused, Unavailable
from kit.http import handler
from kit.seal import KeyRing, new_key
from kit.security import (
    Csrf,
    Login,
    Quota,
    RateLimit,
    RecoveryCodes,
    Throttle,
    Tokens,
    Totp,
    allowed,
    bearer,
    fresh,
    half_signed_in,
    passwords,
    remembered,
    require,
    session,
    sign_in,
    sign_out,
    signed_in,
    totp,
    user_of,
)
from kit.security.guards import NotSignedIn
from kit.security.rate_limit import client
from kit.sessions import Sessions
from kit.stores import MemoryStore
from kit.testing import call, environ
from tests.security.frameworks import over_wsgi

RING = KeyRing([new_key()])
PHC = passwords.hash("correct horse")


class Clock:
    def __init__(self, now=1_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


def together(count, work):
    """Run `work(n)` in `count` threads that begin at once; what they returned."""
    results, gate = [], threading.Barrier(count)

    def run(n):
        gate.wait()
        results.append(work(n))

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def fine(environ):
    return 200, [("Content-Type", "text/plain")], b"fine"


def test_row_44_a_hundred_guesses_cost_ten_checks_and_the_victim_still_comes_in():
    clock = Clock()
    throttle = Throttle(MemoryStore(), clock=clock)
    throttle.signed_in("ann", "192.0.2.1")
    checked = sum(throttle.try_login("ann", "6.6.6.6") for _ in range(100))
    assert checked == 10
    for host in range(100):  # a flood from many addresses
        throttle.try_login("ann", f"6.6.7.{host}")
    assert not throttle.try_login("ann", "6.6.8.1")
    assert throttle.try_login("ann", "192.0.2.1")
    assert throttle.try_login("ANN", "192.0.2.1")
    clock.now += 900
    assert throttle.try_login("ann", "6.6.8.1")


def test_row_44_one_client_cannot_try_many_accounts():
    throttle = Throttle(MemoryStore(), clock=Clock())
    assert sum(throttle.try_login(f"user{n}", "6.6.6.6") for n in range(200)) == 50


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql", "mongodb"])
def test_row_45_eight_threads_of_a_hundred_requests_pass_exactly_200_times(kind, stores):
    app = RateLimit(over_wsgi(fine), store=stores(kind), limit=200, per=60, clock=Clock())
    statuses = [status for found in together(8, lambda n: [call(app).status for _ in range(100)]) for status in found]
    assert (statuses.count(200), statuses.count(429)) == (200, 600)


def test_row_45_a_refusal_says_when_to_come_back(below, events):
    clock = Clock()
    app = RateLimit(below(fine), store=MemoryStore(), limit=2, per=60, clock=clock)
    first = call(app)
    assert first.headers["RateLimit"] == '"requests";r=1;t=30'
    assert first.headers["RateLimit-Policy"] == '"requests";q=2;w=60'
    call(app)
    refused = call(app)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
    assert len(events("excess_rate_limit_exceeded")) == 1
    clock.now += 30
    assert [call(app).status, call(app).status] == [200, 429]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("x:y", "x:y"),
    ],
)
def test_row_45_an_ipv6_client_is_its_network(address, key):
    assert client({"REMOTE_ADDR": address}) == key


class Down:
    """A store whose backend does not answer."""

    def get(self, key):
        raise Unavailable("down")


def test_row_45_the_mode_of_failure_is_chosen():
    refuse = call(RateLimit(over_wsgi(fine), store=Down(), limit=1, per=60))
    assert (refuse.status, refuse.headers["Retry-After"]) == (503, "5")
    assert call(RateLimit(over_wsgi(fine), store=Down(), limit=1, per=60, outage="allow")).status == 200
    with pytest.raises(ConfigError):
        RateLimit(over_wsgi(fine), store=Down(), limit=1, per=60, outage="maybe")


def test_row_45_only_the_named_paths_are_counted():
    app = RateLimit(over_wsgi(fine), store=MemoryStore(), limit=1, per=60, paths=["/login", "/api/"], clock=Clock())
    assert [call(app, path).status for path in ("/login", "/", "/", "/api/x", "/login")] == [200, 200, 200, 429, 429]


@pytest.mark.parametrize("wrong", [{"limit": 0, "per": 60}, {"limit": 1, "per": 0}, {"limit": 1, "per": -5}])
def test_row_45_a_limit_of_nothing_is_refused_at_construction(wrong):
    with pytest.raises(ConfigError):
        RateLimit(over_wsgi(fine), store=MemoryStore(), **wrong)


def test_row_45_a_limit_that_does_not_divide_the_time_is_exact_too():
    clock = Clock(0.0)
    quota = Quota(MemoryStore(clock=lambda: 0.0), limit=7, per=1, clock=clock)
    passed = 0
    for tick in range(1000):
        clock.now = tick / 100
        passed += quota.take("x").allowed
    assert passed == 7 + 69  # at once, and 7 a second for 9.99 s


def test_row_46_an_unknown_user_takes_as_long_as_a_wrong_password():
    def median(phc):
        times = []
        for _ in range(9):
            began = time.thread_time()
            assert not passwords.verify(phc, "wrong")
            times.append(time.thread_time() - began)
        return statistics.median(times)

    median(PHC)
    ratios = sorted(median(None) / median(PHC) for _ in range(3))
    assert 0.9 < ratios[1] < 1.1


def test_row_47_no_secret_is_compared_with_equals():
    suspicious = re.compile(r"(?:secret|token|digest|mac|signature|password|hash(?:ed)?)\w*\s*[!=]=(?!=)|"
                            r"[!=]=\s*(?:secret|token|digest|mac|signature|password|hash(?:ed)?)\b")  # fmt: skip
    for path in Path(kit.security.__file__).parent.glob("*.py"):
        found = [line for line in path.read_text().splitlines() if suspicious.search(line) and ">>>" not in line]
        assert found == [], path.name


RFC_6238 = [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924")]


@pytest.mark.parametrize(("at", "digits"), [*RFC_6238, (2000000000, "69279037"), (20000000000, "65353130")])
def test_row_48_codes_are_those_of_rfc_6238(at, digits):
    assert totp.code(b"12345678901234567890", at) == digits[-6:]


def test_row_48_a_code_passes_in_its_step_and_one_to_either_side():
    secret, clock = totp.new_secret(), Clock()
    for offset, passes in ((-61, False), (-30, True), (0, True), (30, True), (61, False)):
        assert Totp(MemoryStore(), clock=clock).check("ann", secret, totp.code(secret, clock.now + offset)) is passes


def test_row_48_a_code_and_all_older_ones_pass_once():
    secret, clock, factor = totp.new_secret(), Clock(), Totp(MemoryStore(), clock=Clock())
    older = totp.code(secret, clock.now - 30)
    now = totp.code(secret, clock.now)
    assert [factor.check("ann", secret, code) for code in (now, now, older)] == [True, False, False]
    assert factor.check("bob", secret, now)


def test_row_48_of_eight_who_come_with_one_code_one_passes():
    secret, clock = totp.new_secret(), Clock()
    factor = Totp(MemoryStore(), clock=clock)
    code = totp.code(secret, clock.now)
    assert together(8, lambda n: factor.check("ann", secret, code)).count(True) == 1


def test_row_48_guessing_is_throttled_and_the_account_opens_again():
    secret, clock = totp.new_secret(), Clock()
    factor = Totp(MemoryStore(), clock=clock)
    good = totp.code(secret, clock.now)
    wrong = f"{(int(good) + 1) % 10**6:06d}"
    assert not any(factor.check("ann", secret, wrong) for _ in range(10))
    assert not factor.check("ann", secret, good)
    clock.now += 900
    assert factor.check("ann", secret, totp.code(secret, clock.now))


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34", "1" * 10_000, "-12345"])
def test_row_48_what_is_no_code_is_false(digits):
    assert not Totp(MemoryStore(), clock=Clock()).check("ann", b"12345678901234567890", digits)


def test_row_48_the_address_for_the_app_names_account_and_issuer():
    address = totp.uri(b"12345678901234567890", account="ann@example.org", issuer="Shop")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in address
    assert "issuer=Shop" in address


def test_row_49_a_recovery_code_passes_once_for_its_user():
    codes = RecoveryCodes(MemoryStore())
    printed = codes.make("ann")
    assert len(set(printed)) == 10
    assert min(len(text.replace("-", "")) for text in printed) * 5 >= 112
    assert not codes.use("bob", printed[0])
    assert codes.use("ann", " " + printed[0].upper().replace("-", " "))
    assert not codes.use("ann", printed[0])
    assert codes.left("ann") == 9
    codes.make("ann")
    assert not codes.use("ann", printed[1])
    assert not any(codes.use("ann", wrong) for wrong in ("", "x", "a" * 24, "é" * 24, "a" * 10**6))


def test_row_49_of_two_who_come_with_one_code_one_passes():
    codes = RecoveryCodes(MemoryStore())
    for code in codes.make("ann"):
        assert together(2, lambda n, code=code: codes.use("ann", code)).count(True) == 1


def test_row_49_the_store_holds_no_code():
    store = MemoryStore()
    printed = RecoveryCodes(store).make("ann")
    kept = repr(store.owned("recovery:" + hashlib.sha256(b"ann").hexdigest()))
    assert len(kept) > 100
    assert not any(text.replace("-", "") in kept or text in kept for text in printed)


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


def test_row_08_a_login_without_a_token_is_refused():
    app = Sessions(Csrf(handler(lambda request: "in")), store=MemoryStore())
    form = {"Content-Type": "application/x-www-form-urlencoded", "Host": "127.0.0.1"}
    assert call(app, "/login", method="POST", body="user=eve&password=x", headers=form).status == 403
    same = form | {"Sec-Fetch-Site": "same-origin"}
    assert call(app, "/login", method="POST", body="user=eve&password=x", headers=same).status == 403
