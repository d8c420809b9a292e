"""One request after another: what a session keeps, refuses, and does to its id."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import ConfigError, MissingLayer
from kit.sessions import Sessions, SessionTooLarge, TooLate, of, revoke_owner
from kit.sessions.codec import pack, unpack
from kit.stores import MemoryStore
from kit.stores.contract import Clock
from kit.testing import call
from tests.sessions.app import Browser, text

COOKIE = "__Host-sid"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(clock):
    return MemoryStore(clock=clock)


@pytest.fixture
def browser(store, clock):
    return Browser(store, clock=clock)


def put(**values):
    return lambda session: session.update(values)


# --- values ----------------------------------------------------------------------------------------------------------


def test_every_kind_of_value_comes_back_as_it_went_in(browser):
    values = {
        "text": "é\u2028\ud800", "whole": 10**30, "part": 0.1, "yes": True, "none": None, "raw": b"\x00\xff",
        "day": date(2026, 1, 2), "time": datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
        "zone": datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-3, minutes=-30))), "naive": datetime(2026, 1, 2),
        "price": Decimal("1.10"), "id": UUID(int=7), "list": [1, [2.0, (3, [4])]], "dict": {"a": {"b": None}, "~d": 1},
        "tag": {"~t": [1]}, "wrapped": {"~m": {"~m": 1}}, "empty": [{}, (), ""],
    }  # fmt: skip
    browser.go(put(**values))
    back = browser.read()
    assert back == values
    assert repr(back) == repr(values)  # types too


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
plain |= st.datetimes().map(lambda time: time.replace(fold=0))  # ISO 8601 has no word for it
plain |= st.binary() | st.dates() | st.decimals(allow_nan=False) | st.uuids()
values = st.recursive(
    plain,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["~d", "~t", "~m"]), inner)
    | st.lists(inner).map(tuple),
)  # fmt: skip


@given(values)
def test_pack_and_unpack_are_inverse(value):
    assert repr(unpack(pack(value))) == repr(value)


class Sneaky(str):
    pass


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (object(), "session['k']"),
        ({"a": [1, {2}]}, "session['k']['a'][1]"),
        ({1: 2}, "key 1"),
        (Sneaky("x"), "Sneaky"),
        (float("nan"), "nan"),
        (lambda: 0, "function"),
    ],
)
def test_what_a_session_does_not_keep_is_refused_when_it_is_set(browser, value, place):
    def act(session):
        with pytest.raises(TypeError) as caught:
            session["k"] = value
        assert place in str(caught.value)

    browser.go(act)
    assert "Set-Cookie" not in browser.answer.headers


def test_a_value_that_holds_itself_is_refused(browser):
    loop = []
    loop.append(loop)
    with pytest.raises(TypeError, match="holds itself"):
        browser.go(put(k=loop))


def test_a_key_is_a_str(browser):
    with pytest.raises(TypeError, match="str"):
        browser.go(lambda session: session.__setitem__(1, 2))


def test_it_is_a_mapping(browser):
    browser.go(put(a=1, b=2))

    def act(session):
        assert len(session) == 2 and list(session) == ["a", "b"] and "a" in session and "c" not in session
        assert session.get("c", 3) == 3 and session.pop("a") == 1 and session.setdefault("c", []) == []
        session["c"].append(1)
        del session["b"]
        with pytest.raises(KeyError):
            del session["b"]
        with pytest.raises(KeyError):
            session["b"]

    browser.go(act)
    assert browser.read() == {"c": [1]}


def test_a_change_inside_a_value_is_kept(browser):
    browser.go(put(cart={"items": [1]}, untouched=[1]))
    browser.go(lambda session: session["cart"]["items"].append(2))
    assert browser.read() == {"cart": {"items": [1, 2]}, "untouched": [1]}
    value = [1]
    browser.go(lambda session: (session.update(later=value), value.append(2)))
    assert browser.read()["later"] == [1, 2]


def test_one_true_and_one_are_three_values(browser):
    browser.go(put(k=[1]))
    browser.go(lambda session: session["k"].__setitem__(0, True))
    assert browser.read()["k"][0] is True


def test_a_change_inside_a_value_comes_before_a_push_to_it(browser):
    browser.go(put(log=["a"]))

    def act(session):
        session["log"].append("b")
        session.push("log", "c")
        assert session["log"] == ["a", "b", "c"]

    browser.go(act)
    assert browser.read()["log"] == ["a", "b", "c"]


def test_operations_show_at_once_and_add_up(browser):
    def act(session):
        assert session.incr("n") == 1 and session.incr("n", 2.5) == 3.5
        [session.push("log", number, limit=2) for number in range(5)]
        assert session["log"] == [3, 4]
        assert session.alter("text", lambda old: (old or "") + "x", default="w") == "wx"

    browser.go(act)
    assert browser.read() == {"n": 3.5, "log": [3, 4], "text": "wx"}


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.incr("text"),
        lambda s: s.push("text", 1),
        lambda s: s.incr("n", True),
        lambda s: s.incr("n", float("inf")),
        lambda s: s.push("log", object()),
        lambda s: s.alter("n", lambda old: None),
        lambda s: s.alter("n", lambda old: object()),
        lambda s: s.push("log", 1, limit=0),
        lambda s: s.flash("x" * 2001),
    ],
)
def test_an_operation_that_makes_no_sense_raises_and_changes_nothing(browser, act):
    browser.go(put(text="x"))

    def inside(session):
        with pytest.raises((TypeError, ValueError)):
            act(session)

    browser.go(inside)
    assert browser.read() == {"text": "x"}


def test_a_session_that_is_too_large_names_its_biggest_key(store):
    browser = Browser(store, limit=1000)
    with pytest.raises(SessionTooLarge, match="'big' takes 2002"):
        browser.go(put(small="x", big="y" * 2000))
    assert browser.jar == {}


# --- headers ---------------------------------------------------------------------------------------------------------


class Counting:
    """A store that counts how often it is asked."""

    def __init__(self, store):
        self.store, self.calls = store, []

    def __getattr__(self, name):
        def counted(*args, **options):
            self.calls.append(name)
            return getattr(self.store, name)(*args, **options)

        return counted


READS = {
    "[]": lambda s: s["a"],
    "get": lambda s: s.get("a"),
    "in": lambda s: "a" in s,
    "len": lambda s: len(s),
    "bool": lambda s: bool(s),
    "iter": lambda s: list(s),
    "keys": lambda s: s.keys() and None,
    "items": lambda s: list(s.items()),
    "==": lambda s: s == {},
    "owner": lambda s: s.owner,
    "created": lambda s: s.created,
    "renewed": lambda s: s.renewed,
    "new": lambda s: s.new,
    "tag": lambda s: s.tag,
    "take_flashes": lambda s: s.take_flashes(),
    "devices": lambda s: s.devices(),
}
WRITES = {
    "set": lambda s: s.__setitem__("a", 2),
    "del": lambda s: s.__delitem__("a"),
    "pop": lambda s: s.pop("a"),
    "update": lambda s: s.update(b=1),
    "clear": lambda s: s.clear(),
    "incr": lambda s: s.incr("a"),
    "push": lambda s: s.push("l", 1),
    "alter": lambda s: s.alter("a", lambda n: n + 1),
    "flash": lambda s: s.flash("hi"),
    "inside": lambda s: s["inner"].append(1),
}
IDS = {"rotate": lambda s: s.rotate(), "revoke": lambda s: s.revoke()}


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


# --- when it is saved ------------------------------------------------------------------------------------------------


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


# --- identity --------------------------------------------------------------------------------------------------------


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


def test_revoke_owner_leaves_what_is_no_session(store):
    browser = Browser(store)
    browser.go(lambda s: s.rotate("ann"))
    store.add("token/1", b"", ttl=60, owner="ann")
    assert revoke_owner(store, "ann") == 1
    assert browser.go(lambda s: s.owner) is None and store.get("token/1") is not None


# --- time ------------------------------------------------------------------------------------------------------------


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


# --- the rest --------------------------------------------------------------------------------------------------------


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
