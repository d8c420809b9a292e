"""Rows 51 to 54 of the requirements: tokens, key rings, single use, weak secrets."""

import threading
from base64 import urlsafe_b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import ConfigError
from kit.seal import BrokenSeal, KeyRing, Sealer, new_key
from kit.security import BadToken, Tokens
from kit.stores import MemoryStore

RING = KeyRing([new_key()])


class Clock:
    def __init__(self, now=1_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


def test_row_51_a_token_of_one_purpose_is_worth_nothing_for_another():
    token = Tokens(RING, "password-reset", ttl=600).make("ann")
    with pytest.raises(BadToken):
        Tokens(RING, "login", ttl=600).open(token)
    with pytest.raises(BadToken):
        Tokens(RING, "password-reset", ttl=600, audience="other.example").open(token)
    assert Tokens(RING, "password-reset", ttl=600).open(token).data == "ann"


def test_row_51_no_changed_character_is_accepted():
    tokens = Tokens(RING, "x", ttl=600)
    token = tokens.make({"user": "ann"})
    for at, letter in enumerate(token):
        changed = token[:at] + ("A" if letter != "A" else "B") + token[at + 1 :]
        with pytest.raises(BadToken):
            tokens.open(changed)


@pytest.mark.parametrize(
    "spelling",
    [
        lambda token: token + "=",
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token[:10] + "\n" + token[10:],
        lambda token: token.replace("-", "+").replace("_", "/") + "==",
        lambda token: token[:-1] + chr(ord(token[-1]) + 1),
        lambda token: token + "A",
        lambda token: "",
        lambda token: "é" + token,
        lambda token: token * 1000,
    ],
)
def test_row_51_there_is_one_spelling_of_a_token(spelling):
    tokens = Tokens(RING, "x", ttl=600)
    with pytest.raises(BadToken):
        tokens.open(spelling(tokens.make("ann")))


@given(st.one_of(st.text(max_size=80), st.text(st.sampled_from("AQIDabc-_="), max_size=200)))
def test_row_51_no_text_makes_open_raise_anything_else(text):
    with pytest.raises(BadToken):
        Tokens(RING, "x", ttl=600).open(text)


CLOCKS = [(0, True), (600, True), (659, True), (661, False), (-59, True), (-61, False)]


@pytest.mark.parametrize(("offset", "passes"), CLOCKS)
def test_row_51_clocks_may_differ_by_a_minute(offset, passes):
    clock = Clock()
    tokens = Tokens(RING, "x", ttl=600, clock=clock)
    token = tokens.make("ann")
    clock.now += offset
    if passes:
        assert tokens.open(token).data == "ann"
    else:
        with pytest.raises(BadToken):
            tokens.open(token)


def test_row_51_a_token_says_when_it_was_made_and_who_it_is():
    tokens = Tokens(RING, "x", ttl=600, clock=Clock())
    one, two = tokens.open(tokens.make(1)), tokens.open(tokens.make(1, ttl=60))
    assert (one.issued, one.expires, two.expires) == (1_000_000.0, 1_000_600.0, 1_000_060.0)
    assert one.id != two.id
    assert len(one.id) * 6 >= 128


def test_row_51_nothing_can_be_read_from_a_token():
    token = Tokens(RING, "x", ttl=600).make("a-name-to-find")
    assert b"a-name-to-find" not in urlsafe_b64decode(token + "==")


def test_row_52_keys_rotate_without_a_logout_and_retire():
    old, new = new_key(), new_key()
    token = Tokens(KeyRing([old]), "x", ttl=600).make("ann")
    assert Tokens(KeyRing([new, old]), "x", ttl=600).open(token).data == "ann"
    with pytest.raises(BadToken) as caught:
        Tokens(KeyRing([new]), "x", ttl=600).open(token)
    assert caught.value.reason == "key"
    fresh = Tokens(KeyRing([new, old]), "x", ttl=600).make("ann")
    assert Tokens(KeyRing([new]), "x", ttl=600).open(fresh).data == "ann"


@pytest.mark.parametrize("plain", ['["ann","id",0,9999999999]', "WyJhbm4iLCJpZCIsMCw5OTk5OTk5OTk5XQ", "{}", "null"])
def test_row_52_nothing_unsealed_is_ever_accepted(plain):
    with pytest.raises(BadToken):
        Tokens(RING, "x", ttl=600).open(plain)
    with pytest.raises(BrokenSeal):
        Sealer(RING, "x").open(plain)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql", "mongodb"])
def test_row_53_of_sixteen_who_present_one_token_one_succeeds(kind, stores):
    tokens = Tokens(RING, "password-reset", ttl=600, store=stores(kind))
    token, gate, results = tokens.make("ann"), threading.Barrier(16), []

    def present():
        gate.wait()
        try:
            results.append(tokens.use(token).data)
        except BadToken as exc:
            results.append(exc.reason)

    threads = [threading.Thread(target=present) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["ann"] + ["used"] * 15


def test_row_53_a_token_dies_with_what_it_is_bound_to():
    tokens = Tokens(RING, "password-reset", ttl=600, store=MemoryStore())
    token = tokens.make("ann", bound="old hash")
    for other in ("new hash", "", "old hashx"):
        with pytest.raises(BadToken):
            tokens.use(token, bound=other)
    assert tokens.use(token, bound="old hash").data == "ann"


def test_row_53_the_store_holds_neither_the_token_nor_what_it_says():
    store = MemoryStore()
    tokens = Tokens(RING, "password-reset", ttl=600, store=store)
    token = tokens.make("a-name-to-find")
    tokens.use(token)
    kept = repr(vars(store))
    assert token not in kept
    assert "a-name-to-find" not in kept
    with pytest.raises(BadToken):
        tokens.open(token)


def test_row_53_use_without_a_store_names_the_cure():
    tokens = Tokens(RING, "x", ttl=600)
    with pytest.raises(ConfigError, match="needs a store"):
        tokens.use(tokens.make(1))


@pytest.mark.parametrize(
    "secret",
    ["", "changeme", "secret" * 10, "a" * 64, "password" * 8, b"\0" * 32, "0123456789" * 2, "ab" * 32, "x" * 31],
)
def test_row_54_a_weak_secret_is_refused_at_construction(secret):
    with pytest.raises(ConfigError) as caught:
        KeyRing([secret])
    assert str(secret) not in str(caught.value) or not secret


@pytest.mark.parametrize("wrong", [{"ttl": 0}, {"ttl": -1}, {"ttl": 1e12}, {"ttl": 60, "leeway": -1}])
def test_row_51_a_life_that_cannot_be_is_refused_at_construction(wrong):
    with pytest.raises(ConfigError):
        Tokens(RING, "x", **wrong)
