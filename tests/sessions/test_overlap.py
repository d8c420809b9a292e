"""Overlapping requests of one session: nothing is lost, nothing comes back; and the rivals lose in the same probe.

KIT_LONG=1 python -m pytest tests/sessions/test_overlap.py        # 300 sessions x {2, 8} writers on every store
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from importlib.util import find_spec

import pytest

from kit.seal import KeyRing, new_key
from kit.sessions import SessionConflict, revoke_owner
from kit.sessions.ids import key_of
from kit.sessions.row import decode
from kit.stores import MemoryStore, Sealed, open_store
from tests.conftest import missing
from tests.sessions.app import Browser

COOKIE = "__Host-sid"
SESSIONS = 300 if os.environ.get("KIT_LONG") else 6
STORES = ["memory", "sealed", "sqlite", "postgresql", "mariadb", "mongodb"]


@pytest.fixture(params=STORES)
def store(request, database):
    if request.param in ("memory", "sealed"):
        yield MemoryStore() if request.param == "memory" else Sealed(MemoryStore(), KeyRing([new_key()]))
        return
    opened = open_store(database(request.param), timeout=30)
    yield opened
    opened.close()


@pytest.fixture
def memory():
    return MemoryStore()


def writer(number):
    """A request that does every kind of write, on shared keys and on its own."""

    def act(session):
        session[f"own{number}"] = {"by": number}
        session[f"own{number}"]["more"] = [number]
        session.incr("count")
        session.push("log", number)
        session["nested"].append(number)  # the same key in all: the later wins, by design
        session.alter("sum", lambda old: old + number, default=0)
        session.flash(f"from {number}")
        session.pop(f"gone{number}")

    return act


@pytest.mark.parametrize("writers", [2, 8])
def test_overlapping_writers_lose_nothing_and_revive_nothing(store, writers):
    lost, revived = Counter(), 0
    browser = Browser(store)
    for _ in range(SESSIONS):
        browser.jar.clear()
        browser.go(lambda s: s.update(nested=[], **{f"gone{n}": 1 for n in range(writers)}))
        jars = browser.overlapping(*[writer(number) for number in range(writers)])
        assert all(jar == browser.jar for jar in jars)
        data = browser.read()
        lost["own"] += sum(data.get(f"own{n}") != {"by": n, "more": [n]} for n in range(writers))
        lost["count"] += data["count"] != writers
        lost["log"] += sorted(data["log"]) != list(range(writers))
        lost["sum"] += data["sum"] != sum(range(writers))
        lost["pop"] += any(key.startswith("gone") for key in data)
        flashes = browser.go(lambda s: s.take_flashes())
        lost["flash"] += sorted(f.text for f in flashes) != [f"from {n}" for n in range(writers)]
        revived += _revived(browser, store, writers)
    assert (sum(lost.values()), revived) == (0, 0), lost


def _revived(browser, store, writers):
    """Whether the session lives after one of the requests has ended it."""
    old = browser.jar[COOKIE]
    jars = browser.overlapping(lambda s: s.revoke(), *[writer_of_any(n) for n in range(writers - 1)])
    cookies = {jar.get(COOKIE) for jar in jars} - {None, old}
    entry = store.get(key_of(old))
    alive = entry is not None and decode(entry.value) is not None
    return bool(cookies) or alive or browser.go(dict, jar={COOKIE: old}) != {}


def writer_of_any(number):
    return lambda session: (session.update(late=number), session.incr("count"), session.flash("late"))


@pytest.mark.parametrize("rival", ["beaker", "flask-session", "django"])
def test_the_same_probe_shows_that_the_rivals_lose(rival):
    if rival == "flask-session" and not (find_spec("flask_session") and find_spec("cachelib")):
        missing("no Flask-Session: pip install flask-session cachelib")
    command = [sys.executable, "-m", "tests.sessions.rivals", rival, "2", "2"]
    env = {**os.environ, "PYTHONWARNINGS": ""}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["lost"] == 2
    assert found["revived"] == (0 if rival == "django" else 2)


# --- rotation, logout and clear against slow requests ----------------------------------------------------------------


def during(browser, slow, *fast):
    """`slow` reads the session, then the `fast` requests run to their end one by one, then `slow` goes on."""
    slow_jar, loaded, go_on = dict(browser.jar), threading.Event(), threading.Event()

    def act(session):
        len(session)
        loaded.set()
        go_on.wait(30)
        return slow(session)

    thread = threading.Thread(target=lambda: browser.go(act, jar=slow_jar))
    thread.start()
    loaded.wait(30)
    try:
        for each in fast:
            browser.go(each)
    finally:
        go_on.set()
        thread.join()
    return slow_jar


def test_a_login_merges_what_came_in_before_it_and_drops_what_comes_after(store):
    browser = Browser(store)
    browser.go(lambda s: s.update(cart=[1]))
    old = dict(browser.jar)
    login = during(browser, lambda s: (s.rotate("ann"), s.update(user="ann")), lambda s: s.push("cart", 2))
    assert login[COOKIE] != old[COOKIE]
    assert browser.go(dict, jar=login) == {"cart": [1, 2], "user": "ann"}
    late = during(browser, lambda s: s.update(late=1), lambda s: None)
    assert late == old and browser.go(dict, jar=login) == {"cart": [1, 2], "user": "ann"}


def test_a_slow_request_with_the_id_from_before_the_login_changes_nothing_and_sets_no_cookie(store):
    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    old = dict(browser.jar)
    slow = during(browser, lambda s: s.update(evil=1), lambda s: s.rotate("ann"))
    assert slow == old
    assert browser.read() == {"a": 1}


def test_a_request_that_only_begins_to_read_after_the_login_sets_no_cookie_either(memory):
    browser = Browser(memory)
    browser.go(lambda s: s.update(a=1))
    old = dict(browser.jar)
    browser.go(lambda s: s.rotate("ann"))
    browser.go(lambda s: (s.flash("late"), s.tag), jar=old)
    assert "Set-Cookie" not in browser.answer.headers


def test_of_two_logins_at_once_one_wins(store):
    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    old = browser.jar[COOKIE]
    jars = browser.overlapping(*[lambda s, n=n: (s.rotate(f"user{n}"), s.update(me=n)) for n in range(4)])
    new = [jar[COOKIE] for jar in jars if jar[COOKIE] != old]
    assert len(new) == 1
    data = browser.go(lambda s: (s.owner, dict(s)), jar={COOKIE: new[0]})
    assert data == (f"user{data[1]['me']}", {"a": 1, "me": data[1]["me"]})
    assert sum(len(store.owned(f"user{n}")) for n in range(4)) == 1


def test_a_logout_beats_a_login_that_came_just_before_it(store):
    browser = Browser(store)
    browser.go(lambda s: s.rotate("ann"))
    during(browser, lambda s: s.revoke(), lambda s: s.rotate())
    assert browser.read() == {} and browser.go(lambda s: s.owner) is None


def test_a_clear_beats_a_slow_request(store):
    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    during(browser, lambda s: s.update(late=1), lambda s: (s.clear(), s.update(b=2)))
    assert browser.read() == {"b": 2}


def test_a_clear_that_is_slow_wipes_what_came_in_meanwhile(store):
    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    during(browser, lambda s: (s.clear(), s.update(b=2)), lambda s: s.update(c=3))
    assert browser.read() == {"b": 2}


def test_a_session_ended_from_outside_stays_ended(store):
    browser = Browser(store)
    browser.go(lambda s: s.rotate("ann"))
    during(browser, lambda s: s.update(late=1), lambda s: revoke_owner(store, "ann"))
    assert browser.read() == {}


def test_alter_runs_on_the_fresh_value(store):
    browser = Browser(store)
    browser.go(lambda s: s.update(n=1))
    during(browser, lambda s: s.alter("n", lambda n: n * 10), lambda s: s.alter("n", lambda n: n + 1))
    assert browser.read() == {"n": 20}


def test_an_operation_that_no_longer_fits_is_an_error_and_no_silent_loss(memory):
    browser = Browser(memory)
    browser.go(lambda s: s.update(n=1))
    failed = []

    def slow(session):
        session.incr("n")

    def run():
        try:
            during(browser, slow, lambda s: s.update(n="text"))
        except TypeError as exc:
            failed.append(exc)

    hook, threading.excepthook = threading.excepthook, lambda args: failed.append(args.exc_value)
    try:
        run()
    finally:
        threading.excepthook = hook
    assert [type(exc) for exc in failed] == [TypeError]
    assert browser.read() == {"n": "text"}


def test_each_flash_is_shown_once_however_many_tabs_ask(store):
    browser = Browser(store)
    for number in range(6):
        browser.go(lambda s, n=number: s.flash(f"m{n}", "ok"))
    shown = []
    browser.overlapping(*[lambda s: shown.extend(s.take_flashes())] * 4)
    assert sorted(shown) == [(f"m{n}", "ok") for n in range(6)]


def test_taking_flashes_loses_no_other_write(store):
    browser = Browser(store)
    browser.go(lambda s: (s.flash("one"), s.update(a=1)))
    taken = []

    def slow(session):
        session["mine"] = 1
        session.flash("mine")
        taken.extend(session.take_flashes())
        session.flash("kept")

    during(browser, slow, lambda s: (s.update(theirs=1), s.flash("two")))
    assert [f.text for f in taken] == ["one", "two", "mine"]
    assert browser.read() == {"a": 1, "mine": 1, "theirs": 1}
    assert browser.go(lambda s: s.take_flashes()) == [("kept", "info")]


class NeverMine(MemoryStore):
    """A store in which somebody else is always faster."""

    def swap(self, key, value, *, version, ttl=None, owner=None):
        return False


def test_a_request_that_never_gets_its_turn_is_told_so(memory):
    store = NeverMine()
    browser = Browser(store)
    browser.go(lambda s: s.update(a=1))
    for act in [lambda s: s.update(a=2), lambda s: s.rotate("ann"), lambda s: s.revoke()]:
        browser.go(act)
        assert browser.answer.status == 503 and browser.answer.headers["Retry-After"] == "2"
        assert "Set-Cookie" not in browser.answer.headers
    assert store.owned("ann") == []
    assert issubclass(SessionConflict, Exception) and browser.read() == {"a": 1}
