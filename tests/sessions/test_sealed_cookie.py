"""Sessions inside a sealed cookie: tampering, expiry, size, revocation, and the limits that are enforced."""

from __future__ import annotations

import threading

import pytest

from kit.errors import ConfigError, KitError
from kit.seal import KeyRing, new_key
from kit.sessions import SealedCookie, SessionTooLarge, revoke_owner
from kit.stores import MemoryStore
from kit.stores.contract import Clock
from kit.testing import call
from tests.sessions.app import READS, Browser, Counting

COOKIE = "__Host-sid"
RING = KeyRing([new_key()])


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def browser(clock):
    return Browser(SealedCookie(RING), clock=clock)


@pytest.fixture
def epochs(clock):
    return MemoryStore(clock=clock)


@pytest.fixture
def revocable(epochs, clock):
    return lambda: Browser(SealedCookie(RING, epochs=epochs), clock=clock)


def test_it_keeps_what_it_is_given_and_shows_nothing(browser):
    browser.go(lambda s: s.update(user="ann", cart=[1, {"a": b"x"}]))
    browser.go(lambda s: s["cart"].append(2))
    assert browser.read() == {"user": "ann", "cart": [1, {"a": b"x"}, 2]}
    assert "ann" not in browser.jar[COOKIE]


def test_any_changed_byte_gives_an_anonymous_session_and_an_event(browser):
    browser.go(lambda s: s.update(user="ann"))
    text = browser.jar[COOKIE]
    for place, old in enumerate(text):
        for new in {"A", "B", "-", old.swapcase()} - {old}:
            events, forged = [], text[:place] + new + text[place + 1 :]
            answer = call(
                browser.app,
                headers={"Cookie": f"{COOKIE}={forged}"},
                environ={"wsgi.url_scheme": "https", "test.act": dict, "kit.audit": events.append},
            )
            assert answer.environ["test.result"] == {}, place
            assert [event["event"] for event in events] == ["crypt_decrypt_fail"]
            assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("cut", [0, 1, 20, -1, -4])
def test_a_cut_cookie_is_an_anonymous_session(browser, cut):
    browser.go(lambda s: s.update(user="ann"))
    assert browser.go(dict, jar={COOKIE: browser.jar[COOKIE][:cut]}) == {}


def test_it_is_bound_to_the_name_of_its_cookie_and_to_its_keys(browser, clock):
    browser.go(lambda s: s.update(user="ann"), scheme="http")
    assert browser.go(dict, scheme="http") == {"user": "ann"} and browser.read() == {}
    assert browser.go(dict, jar={COOKIE: browser.jar["sid"]}) == {}
    other = Browser(SealedCookie([new_key()]), clock=clock)
    browser.go(lambda s: s.update(user="ann"))
    assert other.go(dict, jar=browser.jar) == {}


def test_keys_rotate_without_a_logout(browser):
    old, new = new_key(), new_key()
    before = Browser(SealedCookie([old]))
    before.go(lambda s: s.update(a=1))
    after = Browser(SealedCookie([new, old]), jar=before.jar)
    after.go(lambda s: s.update(b=2))
    assert Browser(SealedCookie([new]), jar=before.jar).read() == {"a": 1, "b": 2}


def test_idle_and_absolute_ends_are_inside_the_seal(clock):
    browser = Browser(SealedCookie(RING), clock=clock, idle=600, absolute=3600)
    browser.go(lambda s: s.update(a=1))
    stolen = dict(browser.jar)
    for _ in range(6):
        clock.now += 590
        assert browser.read() == {"a": 1}
    assert browser.go(dict, jar=stolen) == {}
    clock.now += 60
    assert browser.read() == {}


def test_a_read_puts_off_the_end_at_most_once_a_minute(browser, clock):
    browser.go(lambda s: s.update(a=1))
    browser.read()
    assert "Set-Cookie" not in browser.answer.headers
    assert browser.answer.headers.get("Cache-Control") is None
    clock.now += 61
    browser.read()
    assert "Set-Cookie" in browser.answer.headers and browser.answer.headers["Cache-Control"] == "no-store"


def test_an_untouched_session_sets_nothing(browser):
    browser.go(lambda s: s.update(a=1))
    browser.go(lambda s: None)
    assert list(browser.answer.headers) == ["Content-Type"]


@pytest.mark.parametrize("name", [name for name in READS if name != "devices"])
def test_a_read_adds_vary_and_nothing_else(browser, name):
    browser.go(lambda s: s.update(a=1))
    browser.go(READS[name])
    assert browser.answer.headers.items() == [("Content-Type", "text/plain"), ("Vary", "Cookie")]


def test_a_cookie_that_browsers_would_drop_is_an_error_that_names_the_biggest_key(browser):
    browser.go(lambda s: s.update(fits="x" * 2700))
    assert len(browser.answer.headers["Set-Cookie"]) <= 4096
    with pytest.raises(SessionTooLarge, match="'big'"):
        browser.go(lambda s: s.update(fits="", big="x" * 3000))
    sizes = set()
    for size in range(2600, 3000):
        try:
            browser.go(lambda s, n=size: s.update(fits="x" * n))
        except SessionTooLarge:
            break
        sizes.add(len(browser.answer.headers["Set-Cookie"]))
    assert 4030 < max(sizes) <= 4096


@pytest.mark.parametrize("act", [lambda s: s.incr("n"), lambda s: s.push("l", 1), lambda s: s.alter("n", lambda n: 1)])
def test_what_would_lose_updates_is_refused_unless_it_is_asked_for(browser, act):
    with pytest.raises(KitError, match="lossy=True"):
        browser.go(act)
    lossy = Browser(SealedCookie(RING, lossy=True))
    lossy.go(act)
    assert lossy.read()


@pytest.mark.parametrize("options", [{"most": 3}, {"renew": 60}])
def test_options_that_need_a_store_are_refused(options):
    with pytest.raises(ConfigError, match="store"):
        Browser(SealedCookie(RING), **options)


def test_of_overlapping_writers_the_last_wins_whole(browser):
    browser.go(lambda s: s.update(a=1))
    jars = browser.overlapping(lambda s: s.update(b=2), lambda s: s.update(c=3))
    assert sorted(sorted(browser.go(dict, jar=jar)) for jar in jars) == [["a", "b"], ["a", "c"]]


def test_flashes_survive_a_redirect_and_are_shown_once(browser):
    browser.go(lambda s: s.flash("Saved."))
    assert browser.go(lambda s: s.take_flashes()) == [("Saved.", "info")]
    assert browser.go(lambda s: s.take_flashes()) == []


def test_the_tag_changes_with_the_id(browser):
    tags = [browser.go(lambda s: s.tag) for _ in range(2)]
    browser.go(lambda s: s.rotate("ann"))
    assert tags[0] == tags[1] != browser.go(lambda s: s.tag)
    assert browser.go(lambda s: (s.owner, s.new)) == ("ann", False)


def test_logout_deletes_the_cookie(browser):
    browser.go(lambda s: s.update(a=1))
    browser.go(lambda s: s.revoke())
    assert browser.jar == {}


def test_without_epochs_nobody_claims_to_revoke(browser):
    browser.go(lambda s: s.rotate("ann"))
    for act in [lambda s: s.revoke_others(), lambda s: s.devices()]:
        with pytest.raises(KitError, match=r"epochs=|open_store"):
            browser.go(act)


# --- with epochs -----------------------------------------------------------------------------------------------------


def test_a_logged_out_cookie_is_dead_and_the_users_other_sessions_live(revocable):
    phone, laptop = revocable(), revocable()
    for browser in (phone, laptop):
        browser.go(lambda s: s.rotate("ann"))
    stolen = dict(phone.jar)
    phone.go(lambda s: s.revoke())
    assert phone.go(lambda s: s.owner, jar=stolen) is None
    assert laptop.go(lambda s: s.owner) == "ann"


def test_a_rotated_id_is_dead_at_once(revocable):
    browser = revocable()
    browser.go(lambda s: s.rotate("ann"))
    old = dict(browser.jar)
    browser.go(lambda s: s.rotate())
    assert browser.go(lambda s: s.owner) == "ann" and browser.go(lambda s: s.owner, jar=old) is None


def test_all_others_and_all_sessions_of_a_user_end(revocable, epochs):
    mine, stolen, other = revocable(), revocable(), revocable()
    for browser, owner in [(mine, "ann"), (stolen, "ann"), (other, "bob")]:
        browser.go(lambda s, owner=owner: s.rotate(owner))
    mine.go(lambda s: s.revoke_others())
    assert [b.go(lambda s: s.owner) for b in (mine, stolen, other)] == ["ann", None, "bob"]
    assert revoke_owner(epochs, "ann") == 1
    assert [b.go(lambda s: s.owner) for b in (mine, stolen, other)] == [None, None, "bob"]
    mine.go(lambda s: s.rotate("ann"))
    assert mine.go(lambda s: s.owner) == "ann"


def test_a_lost_store_of_epochs_logs_out_and_lets_nobody_in(revocable, epochs):
    browser = revocable()
    browser.go(lambda s: s.rotate("ann"))
    epochs._entries.clear()
    assert browser.go(lambda s: s.owner) is None


def test_epochs_are_asked_once_in_a_request_and_only_for_users(clock):
    counting = Counting(MemoryStore(clock=clock))
    browser = Browser(SealedCookie(RING, epochs=counting), clock=clock)
    browser.go(lambda s: s.update(a=1))
    browser.read()
    assert counting.calls == []
    browser.go(lambda s: s.rotate("ann"))
    counting.calls.clear()
    browser.go(lambda s: (dict(s), s.owner, s.tag))
    assert counting.calls == ["get"]


def test_many_single_logouts_at_once_all_count(revocable):
    browsers = [revocable() for _ in range(8)]
    for browser in browsers:
        browser.go(lambda s: s.rotate("ann"))
    stolen = [dict(browser.jar) for browser in browsers]
    threads = [threading.Thread(target=b.go, args=(lambda s: s.revoke(),)) for b in browsers[1:]]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    owners = [b.go(lambda s: s.owner, jar=jar) for b, jar in zip(browsers, stolen, strict=True)]
    assert owners == ["ann"] + [None] * 7
