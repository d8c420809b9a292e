"""The store goes down and comes back: pages without a session go on, the others answer 503; no restart is needed."""

from __future__ import annotations

import re
import time

import pytest

from kit.errors import Unavailable
from kit.sessions import SealedCookie, of
from kit.stores import Breaker, MemoryStore, open_store
from kit.testing import call
from kit.url import parse
from tests.sessions.app import Browser, text
from tests.stores.line import Line


@pytest.fixture
def through_a_line(database):
    """`through_a_line(name)` -> a line that can be cut, and a store at its other end."""
    opened = []

    def build(name):
        url = database(name)
        line = Line(parse(url).port)
        direct = "?directConnection=true" if name == "mongodb" else ""  # or the driver finds its way around the line
        store = open_store(re.sub(r":\d+/", f":{line.port}/", url) + direct, timeout=1.0)
        opened.extend([store, line])
        return line, store

    yield build
    for each in opened:
        each.close()


def statuses(browser):
    """What pages answer that do nothing, read, and write."""
    acts = [lambda s: None, lambda s: s.get("a"), lambda s: s.update(b=1), lambda s: s.rotate(), lambda s: s.revoke()]
    found = []
    for act in acts:
        browser.go(act, jar=dict(browser.jar))
        found.append(browser.answer.status)
    return found


# PostgreSQL's driver has no timeout of its own for a server that holds the line and says nothing: see docs/sessions.md
@pytest.mark.parametrize(
    ("name", "state"),
    [("postgresql", "cut"), ("mariadb", "cut"), ("mariadb", "silent"), ("mongodb", "cut"), ("mongodb", "silent")],
)
def test_an_outage_is_503_where_the_session_is_needed_and_ends_by_itself(through_a_line, name, state):
    line, store = through_a_line(name)
    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    line.turn(state)
    start = time.monotonic()
    assert statuses(browser) == [200, 503, 503, 503, 503]
    assert time.monotonic() - start < 20
    assert browser.answer.headers["Retry-After"] == "2"
    assert browser.answer.headers.get_all("Set-Cookie") == []
    line.turn("up")
    deadline = time.monotonic() + 10
    while browser.go(dict) != {"a": 1}:
        assert time.monotonic() < deadline, "no recovery"
    browser.go(lambda s: s.update(b=2))
    assert browser.read() == {"a": 1, "b": 2}


class Down(MemoryStore):
    """A store that is down for some of its methods."""

    down = frozenset()

    def _check(self, name):
        if name in self.down:
            raise Unavailable("down")

    def get(self, key):
        self._check("get")
        return super().get(key)

    def add(self, *args, **options):
        self._check("add")
        return super().add(*args, **options)

    def swap(self, *args, **options):
        self._check("swap")
        return super().swap(*args, **options)

    def touch(self, *args, **options):
        self._check("touch")
        return super().touch(*args, **options)


ALL = frozenset(("get", "add", "swap", "touch"))


def test_a_new_session_that_cannot_be_kept_is_503_and_sets_no_cookie():
    store = Down()
    store.down = ALL
    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    assert browser.answer.status == 503 and browser.jar == {}


def test_read_anonymous_goes_on_without_the_session_but_writes_nothing():
    store = Down()
    browser = Browser(store, when_down="anonymous")
    browser.go(lambda s: s.update(a=1))
    store.down = ALL
    assert browser.read() == {} and browser.answer.status == 200
    browser.go(lambda s: s.update(b=1))
    assert browser.answer.status == 503
    store.down = frozenset(("get",))  # back before the write: it still must not begin a session over the user's own
    browser.go(lambda s: s.update(b=1))
    assert browser.answer.status == 503 and "Set-Cookie" not in browser.answer.headers
    store.down = frozenset()
    assert browser.read() == {"a": 1}


def test_an_expiry_that_cannot_be_put_off_is_no_error():
    store = Down()
    now = [1000.0]
    browser = Browser(store, clock=lambda: now[0])
    browser.go(lambda s: s.update(a=1))
    store.down = frozenset(("touch",))
    now[0] += 1000
    assert browser.read() == {"a": 1} and browser.answer.status == 200


def test_a_framework_that_turns_the_outage_into_500_answers_503_too():
    store = Down()

    def app(environ, start_response):
        try:
            of(environ).get("a")
        except Unavailable:
            return text(start_response, status="500 Internal Server Error")
        return text(start_response)

    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    browser.app.app = app
    store.down = ALL
    browser.go(None)
    assert browser.answer.status == 503
    assert "Retry-After" in browser.answer.headers


def test_an_app_that_copes_with_the_outage_by_itself_is_left_alone():
    store = Down()
    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    store.down = ALL

    def act(session):
        with pytest.raises(Unavailable):
            session.get("a")

    browser.go(act)
    assert browser.answer.status == 200 and browser.answer.headers["Vary"] == "Cookie"


def test_an_outage_of_something_else_is_not_the_sessions():
    def act(session):
        session.get("a")
        raise Unavailable("the mail server")

    with pytest.raises(Unavailable, match="mail"):
        Browser(MemoryStore()).go(act)


def test_a_breaker_makes_the_outage_cheap():
    store = Down()
    browser = Browser(Breaker(store, failures=2, pause=60))
    browser.go(lambda s: s.update(a=1))
    store.down = ALL
    for _ in range(3):
        browser.read()
    store.down = frozenset()
    assert browser.read() is None and browser.answer.status == 503


def test_epochs_that_are_down_are_503_for_users_only():
    store = Down()
    browser = Browser(SealedCookie(["k2kR0cUqv9d1kq3w8bLJXg5mZtA7hN4eFs6oPiDuWxE"], epochs=store))
    browser.go(lambda s: s.update(a=1))
    store.down = ALL
    assert browser.read() == {"a": 1}
    store.down = frozenset()
    browser.go(lambda s: s.rotate("ann"))
    store.down = ALL
    browser.read()
    assert browser.answer.status == 503


def test_the_answer_says_nothing_of_the_store():
    store = Down()
    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    store.down = ALL
    browser.go(dict, headers={"Accept": "text/html"})
    assert "again" in browser.answer.text and "down" not in browser.answer.text and "Store" not in browser.answer.text
    assert call(browser.app, environ={"test.act": lambda s: None}).status == 200
