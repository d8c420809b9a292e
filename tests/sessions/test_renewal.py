"""Ids that are replaced because of their age: nobody is logged out, nothing is lost, and no right outlives its id."""

from __future__ import annotations

import pytest

from kit.errors import ConfigError
from kit.sessions import Sessions
from kit.stores import MemoryStore
from kit.stores.contract import Clock
from tests.sessions.app import Browser

COOKIE = "__Host-sid"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def browser(clock):
    made = Browser(MemoryStore(clock=clock), clock=clock, renew=600)
    made.go(lambda s: (s.update(a=1), s.rotate("ann")))
    return made


def test_an_old_id_is_replaced_and_leads_on_for_a_minute(browser, clock):
    old = dict(browser.jar)
    state = lambda s: (dict(s), s.owner, s.tag, s.renewed)  # noqa: E731
    before = browser.go(state)
    assert browser.jar == old
    clock.now += 600
    assert browser.go(state) == before
    assert browser.jar != old and browser.answer.headers["Cache-Control"] == "no-store"
    clock.now += 4
    late = dict(old)
    assert browser.go(state, jar=late) == before and late == old
    browser.go(lambda s: s.update(b=2), jar=late)
    assert browser.read() == {"a": 1, "b": 2}
    clock.now += 57
    assert browser.go(dict, jar=dict(old)) == {} and browser.read() == {"a": 1, "b": 2}


def test_overlapping_requests_at_the_renewal_all_go_on(browser, clock):
    clock.now += 600
    old = browser.jar[COOKIE]
    jars = browser.overlapping(*[lambda s, n=n: (s.update({f"k{n}": n}), s.incr("count")) for n in range(6)])
    fresh = {jar[COOKIE] for jar in jars} - {old}
    assert len(fresh) == 1
    assert browser.go(dict, jar={COOKIE: fresh.pop()}) == {"a": 1, "count": 6, **{f"k{n}": n for n in range(6)}}
    assert browser.go(lambda s: s["count"]) == 6  # by the old id, too


def test_a_browser_that_never_got_the_answer_gets_another_id(browser, clock):
    clock.now += 600
    browser.go(dict, jar=dict(browser.jar))  # the answer is lost
    clock.now += 10
    old = dict(browser.jar)
    assert browser.read() == {"a": 1} and browser.jar != old
    clock.now += 100
    assert browser.read() == {"a": 1}


def test_a_rotation_kills_the_ids_from_before_it_even_in_their_grace(browser, clock):
    old = dict(browser.jar)
    clock.now += 600
    browser.read()
    browser.go(lambda s: s.rotate())
    assert browser.go(dict, jar=dict(old)) == {} and browser.read() == {"a": 1}


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_logout_by_either_id_ends_both(browser, clock, which):
    old = dict(browser.jar)
    clock.now += 600
    browser.read()
    new = dict(browser.jar)
    browser.go(lambda s: s.revoke(), jar=dict(old if which == "old" else new))
    assert browser.go(dict, jar=dict(old)) == {} and browser.go(dict, jar=dict(new)) == {}


def test_the_users_devices_count_once(browser, clock):
    clock.now += 600
    browser.read()
    assert [device.current for device in browser.go(lambda s: s.devices())] == [True]


def test_an_age_below_nothing_is_refused():
    with pytest.raises(ConfigError, match="renew"):
        Sessions(lambda environ, start_response: [], store=MemoryStore(), renew=-1)
