"""One session after another: ids, owners, devices, times, and options that make no sense."""

from __future__ import annotations

import pytest

from kit.errors import ConfigError, MissingLayer
from kit.seal import new_key
from kit.sessions import Sessions, of, revoke_owner
from kit.sessions.ids import key_of
from kit.stores import MemoryStore, Sealed
from kit.testing import call
from tests.sessions.app import COOKIE, Browser, Counting, put, text


def test_ids_are_long_and_never_come_back(store):
    seen = set()
    for _ in range(200):
        browser = Browser(store)
        browser.go(put(a=1))
        seen.add(browser.jar[COOKIE])
    assert len(seen) == 200 and {len(value) for value in seen} == {43}


@pytest.mark.parametrize("value", ["A" * 43, "../../etc/passwd", "x", "", '"' + "A" * 43 + '"', "A" * 44, "A" * 10**6])
def test_an_invented_id_is_never_adopted(store, value):
    counting = Counting(store)
    browser = Browser(counting, jar={COOKIE: value})
    assert browser.read() == {}
    assert counting.calls == (["get"] if value == "A" * 43 else [])
    browser.go(put(a=1))
    assert browser.jar[COOKIE] != value and len(browser.jar[COOKIE]) == 43


def test_rotation_keeps_the_data_and_kills_the_old_id(browser):
    browser.go(put(cart=[1]))
    old, tag = dict(browser.jar), browser.go(lambda s: s.tag)
    browser.go(lambda s: s.rotate(owner="ann"))
    assert browser.jar != old
    assert browser.read() == {"cart": [1]} and browser.go(lambda s: s.owner) == "ann"
    assert browser.go(lambda s: s.tag) != tag
    assert browser.go(dict, jar=old) == {} and browser.go(lambda s: s.owner, jar=old) is None


def test_writes_and_rotation_in_one_request_all_count(browser, clock):
    browser.go(put(a=1, b=1))
    clock.now += 5
    browser.go(lambda s: (s.pop("a"), s.rotate("ann"), s.update(c=3), s.flash("hi"), s.take_flashes()))
    assert browser.read() == {"b": 1, "c": 3}
    assert browser.go(lambda s: s.renewed) == clock.now and browser.go(lambda s: s.created) == clock.now - 5


def test_clear_and_rotate_begin_afresh(browser):
    browser.go(put(a=1))
    browser.go(lambda s: (s.clear(), s.rotate("ann"), s.update(b=2)))
    assert browser.read() == {"b": 2}


def test_a_new_session_may_begin_with_an_owner(browser):
    browser.go(lambda s: s.rotate("ann"))
    assert browser.go(lambda s: s.owner) == "ann"


def test_logout_ends_the_session_on_the_server(browser):
    browser.go(put(a=1))
    old = dict(browser.jar)
    browser.go(lambda s: s.revoke())
    assert browser.jar == {} and browser.answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.go(dict, jar=old) == {}


def test_what_is_written_after_a_logout_begins_a_new_session(browser):
    browser.go(lambda s: s.rotate("ann"))
    old = dict(browser.jar)
    browser.go(lambda s: (s.update(secret=1), s.revoke(), s.flash("See you.")))
    assert browser.jar != old
    assert [f.text for f in browser.go(lambda s: s.take_flashes())] == ["See you."]
    assert browser.read() == {} and browser.go(lambda s: s.owner) is None


def test_a_logout_without_a_session_says_nothing(browser):
    browser.go(lambda s: s.revoke())
    assert "Set-Cookie" not in browser.answer.headers


def test_devices_are_listed_and_ended(store, clock):
    phone, laptop, other = Browser(store, clock=clock), Browser(store, clock=clock), Browser(store, clock=clock)
    phone.go(lambda s: s.rotate("ann"), headers={"User-Agent": "Phone"})
    clock.now += 100
    laptop.go(lambda s: s.rotate("ann"), headers={"User-Agent": "Laptop"})
    other.go(lambda s: s.rotate("bob"))
    found = laptop.go(lambda s: [(d.agent, d.current, d.seen - clock.now) for d in s.devices()])
    assert found == [("Laptop", True, 0.0), ("Phone", False, -100.0)]
    assert laptop.go(lambda s: s.devices()[1].revoke()) is True
    assert phone.go(lambda s: s.owner) is None and laptop.go(lambda s: s.owner) == "ann"


def test_all_other_sessions_of_a_user_are_ended(store):
    mine, stolen, other = Browser(store), Browser(store), Browser(store)
    for browser, owner in [(mine, "ann"), (stolen, "ann"), (other, "bob")]:
        browser.go(lambda s, owner=owner: s.rotate(owner))
    assert mine.go(lambda s: s.revoke_others()) == 1
    assert [b.go(lambda s: s.owner) for b in (mine, stolen, other)] == ["ann", None, "bob"]


def test_a_login_too_many_ends_the_oldest_session(store, clock):
    browsers = [Browser(store, clock=clock, most=2) for _ in range(4)]
    for browser in browsers:
        browser.go(put(a=1))
        browser.go(lambda s: s.rotate("ann"))
        clock.now += 100
    assert [b.go(lambda s: s.owner) for b in browsers] == [None, None, "ann", "ann"]


def test_revoke_owner_leaves_what_is_no_session(store):
    browser = Browser(store)
    browser.go(lambda s: s.rotate("ann"))
    store.add("token/1", b"", ttl=60, owner="ann")
    assert revoke_owner(store, "ann") == 1
    assert browser.go(lambda s: s.owner) is None and store.get("token/1") is not None


def test_data_moved_to_another_id_is_refused_where_the_store_is_sealed(clock):
    plain, events = MemoryStore(clock=clock), []
    store = Sealed(plain, [new_key()])
    ann, eve = Browser(store, clock=clock), Browser(store, clock=clock)
    for browser, name in [(ann, "ann"), (eve, "eve")]:
        browser.go(put(user=name))
    key = key_of(eve.jar[COOKIE])
    stolen = plain.get(key_of(ann.jar[COOKIE])).value
    plain.swap(key, stolen, version=plain.get(key).version)
    headers = {"Cookie": f"{COOKIE}={eve.jar[COOKIE]}"}
    request = {"wsgi.url_scheme": "https", "test.act": dict, "kit.audit": events.append}
    assert call(eve.app, headers=headers, environ=request).environ["test.result"] == {}
    assert events[0]["event"] == "crypt_decrypt_fail" and ann.read() == {"user": "ann"}


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b"{}", b"null", b'{"gone"', b"\x80\x04cos\nsystem\n."])
def test_what_is_no_row_of_ours_is_an_anonymous_session(browser, store, raw):
    browser.go(put(a=1))
    key = key_of(browser.jar[COOKIE])
    store.swap(key, raw, version=store.get(key).version)
    assert browser.read() == {} and browser.answer.status == 200


def test_a_row_with_fields_of_a_newer_kit_is_read(browser, store):
    browser.go(put(a=1))
    entry = store.get(key_of(browser.jar[COOKIE]))
    store.swap(entry.key, entry.value[:-1] + b',"future":1}', version=entry.version)
    assert browser.read() == {"a": 1}


def test_an_idle_session_ends(store, clock):
    browser = Browser(store, clock=clock, idle=600, absolute=3600)
    browser.go(put(a=1))
    for _ in range(5):
        clock.now += 599
        assert browser.read() == {"a": 1}
    clock.now += 600
    assert browser.read() == {}


def test_a_busy_session_ends_too(store, clock):
    browser = Browser(store, clock=clock, idle=600, absolute=3600)
    browser.go(put(a=1))
    for _ in range(9):
        clock.now += 399
        assert browser.go(lambda s: s.incr("n"))
        assert browser.read()["a"] == 1
    clock.now += 10
    assert browser.read() == {}


def test_reading_puts_off_the_end_at_most_once_a_minute(store, clock):
    counting = Counting(store)
    browser = Browser(counting, clock=clock)
    browser.go(put(a=1))
    counting.calls.clear()
    for _ in range(180):
        clock.now += 1
        browser.read()
    assert counting.calls.count("touch") == 2


def test_without_the_layer_the_cure_is_named():
    with pytest.raises(MissingLayer, match=r"kit\.sessions\.Sessions"):
        of({})


def test_another_key_may_be_chosen(store):
    def app(environ, start_response):
        of(environ, session_key="my.session")["a"] = 1
        return text(start_response)

    assert "Set-Cookie" in call(Sessions(app, store=store, session_key="my.session")).headers


@pytest.mark.parametrize(
    "options",
    [{"idle": 0}, {"idle": 10, "absolute": 5}, {"same_site": "None"}, {"when_down": "ignore"}],
)
def test_options_that_make_no_sense_are_refused(store, options):
    with pytest.raises(ConfigError):
        Sessions(text, store=store, **options)


def test_a_store_of_one_process_is_refused_where_there_are_several(store):
    browser = Browser(store)
    browser.app = Sessions(browser._run, store=store)
    with pytest.raises(ConfigError, match="several"):
        call(browser.app, environ={"test.act": dict, "wsgi.multiprocess": True})
