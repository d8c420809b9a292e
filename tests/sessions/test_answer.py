"""What a session does to the answer: nothing, Vary, no-store, a cookie; and when it is saved."""

from __future__ import annotations

import pytest

from kit.seal import new_key
from kit.sessions import SealedCookie, Sessions, TooLate, of
from kit.testing import call
from tests.sessions.app import COOKIE, IDS, READS, WRITES, Browser, Counting, put


def test_an_untouched_session_makes_no_store_call_and_no_header(store):
    counting = Counting(store)
    browser = Browser(counting)
    browser.go(put(a=1))
    counting.calls.clear()
    browser.go(lambda session: repr(session))
    assert counting.calls == [] and list(browser.answer.headers) == ["Content-Type"]


@pytest.mark.parametrize("name", READS)
def test_a_read_adds_vary_and_nothing_else(store, name):
    counting = Counting(store)
    browser = Browser(counting)
    browser.go(put(a=1))
    counting.calls.clear()
    browser.go(READS[name])
    assert counting.calls == ["get"]
    assert browser.answer.headers.items() == [("Content-Type", "text/plain"), ("Vary", "Cookie")]


@pytest.mark.parametrize("name", [name for name in READS if name not in ("[]", "tag")])
def test_a_read_without_a_session_adds_vary_and_asks_no_store(store, name):
    counting = Counting(store)
    browser = Browser(counting)
    browser.go(READS[name])
    assert counting.calls == []
    assert browser.answer.headers.items() == [("Content-Type", "text/plain"), ("Vary", "Cookie")]


@pytest.mark.parametrize("name", WRITES)
def test_a_write_to_a_session_that_is_there_is_not_cached_and_sets_no_cookie(browser, name):
    browser.go(put(a=1, inner=[]))
    browser.go(WRITES[name])
    assert browser.answer.headers["Vary"] == "Cookie"
    assert browser.answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in browser.answer.headers


@pytest.mark.parametrize("name", [*WRITES, "tag"])
def test_the_first_write_sets_the_cookie(browser, name):
    if name in ("del", "pop", "inside", "alter"):
        return
    browser.go({**WRITES, "tag": READS["tag"]}[name])
    assert browser.answer.headers.get_all("Set-Cookie") == [
        f"__Host-sid={browser.jar[COOKIE]}; Path=/; HttpOnly; SameSite=Lax; Secure"
    ]


@pytest.mark.parametrize("name", IDS)
def test_a_new_id_and_a_logout_set_the_cookie(browser, name):
    browser.go(put(a=1))
    browser.go(IDS[name])
    assert len(browser.answer.headers.get_all("Set-Cookie")) == 1
    assert browser.answer.headers["Cache-Control"] == "no-store"


def test_headers_of_the_app_are_joined_not_doubled(store):
    def app(environ, start_response):
        of(environ)["a"] = 1
        headers = [("vary", "Accept"), ("Vary", "Origin"), ("cache-control", "public, max-age=60"), ("X-A", "1")]
        start_response("200 OK", headers)
        return [b""]

    headers = call(Sessions(app, store=store)).headers
    assert headers.get_all("Vary") == ["Accept, Origin, Cookie"]
    assert headers.get_all("Cache-Control") == ["no-store"]


def test_a_strict_cache_control_of_the_app_stays(store):
    def app(environ, start_response):
        of(environ)["a"] = 1
        start_response("200 OK", [("Cache-Control", "no-store, private"), ("Vary", "*")])
        return [b""]

    headers = call(Sessions(app, store=store)).headers
    assert (headers["Cache-Control"], headers["Vary"]) == ("no-store, private", "*")


def test_a_write_after_the_head_has_left_raises(store):
    def app(environ, start_response):
        session = of(environ)
        session["a"] = 1
        start_response("200 OK", [])
        with pytest.raises(TooLate):
            session["b"] = 2
        for act in [*WRITES.values(), *IDS.values()]:
            if act is not WRITES["inside"]:
                with pytest.raises(TooLate):
                    act(session)
        assert session["a"] == 1  # what was read stays readable
        return [b""]

    call(Sessions(app, store=store))


def test_a_first_read_after_the_head_has_left_raises(store):
    def app(environ, start_response):
        start_response("200 OK", [])
        with pytest.raises(TooLate):
            of(environ).get("a")
        return [b""]

    call(Sessions(app, store=store))


def test_a_generator_app_saves_before_its_first_chunk(store):
    def app(environ, start_response):
        of(environ).incr("n")
        start_response("200 OK", [])
        yield b"a"
        yield b"%d" % of(environ)["n"]

    layer = Sessions(app, store=store)
    first = call(layer)
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    assert call(layer, headers={"Cookie": cookie}).body == b"a2"


def test_an_answer_that_starts_over_saves_once(store):
    def app(environ, start_response):
        of(environ).incr("n")
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError:
            import sys

            start_response("400 Bad Request", [("X-A", "1")], sys.exc_info())
        return [b""]

    layer = Sessions(app, store=store)
    first = call(layer)
    assert first.status == 400 and len(first.headers.get_all("Set-Cookie")) == 1
    second = call(layer, headers={"Cookie": first.headers["Set-Cookie"].partition(";")[0]})
    assert second.environ["kit.session"]["n"] == 2


def test_an_error_saves_nothing(browser):
    browser.go(put(a=1))
    browser.go(lambda s: (s.update(a=2), s.rotate("ann")), status="500 Internal Server Error")
    assert browser.read() == {"a": 1}
    assert browser.go(lambda s: s.owner) is None


@pytest.mark.parametrize("place", [None, SealedCookie([new_key()])])
def test_an_error_at_the_time_of_a_renewal_saves_nothing_either(store, clock, place):
    browser = Browser(place or store, clock=clock, renew=0 if place else 60)
    browser.go(put(a=1))
    clock.now += 100
    browser.go(put(a=2), status="500 Internal Server Error")
    assert browser.read() == {"a": 1}


def test_an_exception_saves_nothing(browser):
    browser.go(put(a=1))

    def act(session):
        session["a"] = 2
        raise LookupError

    with pytest.raises(LookupError):
        browser.go(act)
    assert browser.read() == {"a": 1}


def test_a_logout_counts_even_on_an_error_page(browser):
    browser.go(put(a=1))
    jar = dict(browser.jar)
    browser.go(lambda s: s.revoke(), status="500 Internal Server Error")
    browser.jar.update(jar)
    assert browser.read() == {}
