"""What a session keeps, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.sessions import SessionTooLarge
from kit.sessions.codec import pack, unpack
from tests.sessions.app import Browser, put


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
