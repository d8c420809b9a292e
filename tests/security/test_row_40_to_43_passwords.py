"""Rows 40 to 43 of the requirements: how passwords are kept, and which are refused."""

import base64
import hashlib
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.errors import Invalid, TooLarge, Unavailable
from kit.security import passwords

PHC = passwords.hash("correct horse")


def test_row_40_a_hash_is_argon2id_with_the_parameters_of_owasp_or_more():
    assert PHC.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.hash("correct horse") != PHC


def test_row_40_the_right_password_passes_and_no_other():
    assert passwords.verify(PHC, "correct horse")
    assert not passwords.verify(PHC, "correct horsf")
    assert not passwords.verify(PHC, "correct horse ")


def test_row_40_one_text_in_two_encodings_of_unicode_is_one_password():
    assert passwords.verify(passwords.hash("caf\u00e9"), "cafe\u0301")


def pbkdf2(algorithm, rounds):
    return hashlib.pbkdf2_hmac(algorithm, b"correct horse", b"salt", rounds)


LEGACY = {
    "Django PBKDF2": f"pbkdf2_sha256$1000$salt${base64.b64encode(pbkdf2('sha256', 1000)).decode()}",
    "Werkzeug PBKDF2": f"pbkdf2:sha256:1000$salt${pbkdf2('sha256', 1000).hex()}",
    "Werkzeug PBKDF2 with SHA-512": f"pbkdf2:sha512:1000$salt${pbkdf2('sha512', 1000).hex()}",
    "Werkzeug scrypt": "scrypt:1024:8:1$salt$" + hashlib.scrypt(b"correct horse", salt=b"salt", n=1024, r=8, p=1).hex(),
}


@pytest.mark.parametrize("name", LEGACY)
def test_row_40_hashes_of_other_frameworks_are_verified(name):
    assert passwords.verify(LEGACY[name], "correct horse")
    assert not passwords.verify(LEGACY[name], "wrong horse")


def test_row_40_what_werkzeug_makes_today_is_verified():
    from werkzeug.security import generate_password_hash

    assert passwords.verify(generate_password_hash("correct horse"), "correct horse")


@pytest.mark.parametrize("name", LEGACY)
def test_row_41_another_algorithm_is_upgraded(name):
    assert passwords.needs_rehash(LEGACY[name])


@pytest.mark.parametrize("weak", ["m=19455,t=2,p=1", "m=19456,t=1,p=1", "m=8,t=1,p=1"])
def test_row_41_weaker_parameters_are_upgraded(weak):
    assert passwords.needs_rehash(PHC.replace("m=19456,t=2,p=1", weak))


def test_row_41_the_default_and_stronger_parameters_stay():
    assert not passwords.needs_rehash(PHC)
    assert not passwords.needs_rehash(PHC.replace("m=19456,t=2", "m=65536,t=3"))


@pytest.mark.parametrize("bomb", ["m=9999999,t=2,p=1", "m=19456,t=99,p=1", "m=19456,t=2,p=99"])
def test_row_42_a_stored_hash_cannot_be_a_bomb(bomb):
    began = time.process_time()
    assert not passwords.verify(PHC.replace("m=19456,t=2,p=1", bomb), "correct horse")
    assert time.process_time() - began < 0.5  # a bomb would take seconds, or all memory


@pytest.mark.parametrize("password", ["x" * 1025, "x" * 1_000_000, "é" * 513])
def test_row_42_a_password_that_is_too_long_is_refused_fast_and_never_cut(password):
    began = time.process_time()
    with pytest.raises(TooLarge) as caught:
        passwords.verify(PHC, password)
    assert caught.value.status == 413
    with pytest.raises(TooLarge):
        passwords.hash(password)
    assert time.process_time() - began < 0.5  # a bomb would take seconds, or all memory


def test_row_42_a_long_password_counts_to_its_last_byte():
    phc = passwords.hash("x" * 1023 + "y")
    assert passwords.verify(phc, "x" * 1023 + "y")
    assert not passwords.verify(phc, "x" * 1023 + "z")


@pytest.mark.parametrize("password", ["", "\ud800"])
def test_row_42_what_is_no_password_is_refused(password):
    with pytest.raises(Invalid):
        passwords.hash(password)


def test_row_42_at_most_four_are_hashed_at_once(monkeypatch):
    monkeypatch.setattr(passwords, "_WAIT", 0.05)
    turns = [passwords._turn() for _ in range(4)]
    for turn in turns:
        turn.__enter__()
    with pytest.raises(Unavailable):
        passwords.verify(PHC, "correct horse")
    for turn in turns:
        turn.__exit__(None, None, None)
    assert passwords.verify(PHC, "correct horse")


def test_row_42_twenty_logins_at_once_are_all_answered(monkeypatch):
    monkeypatch.setattr(passwords, "_WAIT", 60)  # this machine may be busy
    answers = []

    def verify():
        answers.append(passwords.verify(PHC, "correct horse"))

    threads = [threading.Thread(target=verify) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 20


@given(st.one_of(st.text(max_size=40), st.text(st.sampled_from("$argon2idv=19mtp,:scryptbkdf2_sha56AB"), max_size=80)))
@settings(max_examples=60)
def test_row_42_no_stored_text_makes_verify_raise(stored):
    assert not passwords.verify(stored, "correct horse")


@pytest.mark.parametrize(
    "password",
    ["Password1", "password", "12345678", "qwertyuiop", "iloveyou!", "short", "aaaaaaaaaa", "ann@example.org"],
)
def test_row_43_a_password_that_others_would_guess_is_refused(password):
    assert passwords.problems(password, context=["ann@example.org", "shop"])


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "x7Gq2!pLw9", "пароль с пробелами", "🦊🐻🐼🐨 in the woods", "a b c d e f g h"],
)
def test_row_43_there_are_no_rules_of_composition(password):
    assert passwords.problems(password, context=["ann@example.org"]) == []


def test_row_43_the_list_of_common_passwords_has_more_than_3000_of_the_allowed_length():
    common = passwords._common()
    assert len(common) > 3000
    assert min(map(len, common)) >= 8
