"""Keys and sealed texts: what opens, what never does, and how keys are made, rotated and refused."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import ConfigError
from kit.seal import BrokenSeal, KeyRing, Sealer, new_key

RING = KeyRing([new_key()])
SEALER = Sealer(RING, "test")


@given(st.binary(max_size=500), st.binary(max_size=20))
def test_what_is_sealed_opens_with_the_same_binding(data, bound):
    assert SEALER.open(SEALER.seal(data, bound=bound), bound=bound) == data
    assert SEALER.open_bytes(SEALER.seal_bytes(data, bound=bound), bound=bound) == data


def test_a_change_of_any_bit_breaks_the_seal():
    sealed = SEALER.seal_bytes(b"balance=100")
    for place in range(len(sealed)):
        for bit in range(8):
            forged = bytearray(sealed)
            forged[place] ^= 1 << bit
            with pytest.raises(BrokenSeal):
                SEALER.open_bytes(bytes(forged))


def test_every_truncation_and_extension_breaks_the_seal():
    text = SEALER.seal(b"x")
    for forged in [text[:n] for n in range(len(text))] + [text + "A", text + "AAAA", "AAAA" + text]:
        with pytest.raises(BrokenSeal):
            SEALER.open(forged)


def test_another_spelling_of_the_same_bytes_does_not_open():
    text = SEALER.seal(b"12")  # 39 bytes would need no padding, so take a length that leaves spare bits
    while len(text) % 4 == 0:
        text = SEALER.seal(b"1" + secrets.token_bytes(1) * (len(text) % 3 + 1))
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [text[:-1] + c for c in last if c != text[-1]]
    for forged in [*twins, text + "=", text + "==", text + "\n", " " + text, text[:5] + "\n" + text[5:], "é" + text]:
        with pytest.raises(BrokenSeal):
            SEALER.open(forged)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{0,200}", fullmatch=True))
def test_any_other_text_is_a_broken_seal(text):
    with pytest.raises(BrokenSeal):
        SEALER.open(text)


def test_purpose_binding_and_key_all_count():
    sealed = SEALER.seal(b"x", bound=b"a")
    for sealer, bound, reason in [
        (Sealer(RING, "tests"), b"a", "tag"),
        (SEALER, b"b", "tag"),
        (SEALER, b"", "tag"),
        (Sealer(KeyRing([new_key()]), "test"), b"a", "key"),
    ]:
        with pytest.raises(BrokenSeal) as caught:
            sealer.open(sealed, bound=bound)
        assert caught.value.reason == reason


def test_old_keys_open_until_they_are_taken_off_the_ring():
    old, new = new_key(), new_key()
    text = Sealer(KeyRing([old]), "p").seal(b"kept")
    assert Sealer(KeyRing([new, old]), "p").open(text) == b"kept"
    assert Sealer(KeyRing([old]), "p").open(Sealer(KeyRing([old, new]), "p").seal(b"first")) == b"first"
    with pytest.raises(BrokenSeal):
        Sealer(KeyRing([new]), "p").open(text)


def test_equal_texts_seal_to_different_ones():
    assert len({SEALER.seal(b"same") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "keys",
    [
        [],
        "",
        ["changeme"],
        [b"x" * 31],
        ["x" * 64],
        ["01234567890123456789012345678901-changeme"],
        ["my-Secret-key-for-this-fine-application"],
        [7],
        [None],
        ["k" * 32],
    ],
)
def test_weak_keys_are_refused_with_the_cure(keys):
    with pytest.raises(ConfigError) as caught:
        KeyRing(keys)
    assert "secrets.token_urlsafe" in str(caught.value) or "not a str" in str(caught.value)


def test_the_same_key_twice_is_refused():
    key = new_key()
    with pytest.raises(ConfigError, match="twice"):
        KeyRing([key, key])


def test_no_repr_and_no_error_shows_a_key(tmp_path):
    key = "weak-and-secret-but-long-enough-for-a-key"
    (tmp_path / "keys").write_text(key)
    (tmp_path / "keys").chmod(0o600)
    for build in (lambda: KeyRing([key]), lambda: KeyRing.load(tmp_path / "keys")):
        with pytest.raises(ConfigError) as caught:
            build()
        assert key not in str(caught.value)
    good = new_key()
    assert good not in repr(KeyRing([good])) and good not in repr(vars(Sealer)) + repr(Sealer(KeyRing([good]), "p"))


def test_one_text_is_one_key_and_a_ring_is_itself():
    key = new_key()
    assert len(KeyRing(key)) == 1
    assert Sealer(KeyRing(KeyRing([key])), "p").open(Sealer(KeyRing(key), "p").seal(b"x")) == b"x"


def test_a_missing_file_is_made_only_when_asked_for(tmp_path):
    path = tmp_path / "keys"
    with pytest.raises(ConfigError, match="no file"):
        KeyRing.load(path)
    ring = KeyRing.load(path, create=True)
    assert Sealer(KeyRing.load(str(path)), "p").open(Sealer(ring, "p").seal(b"x")) == b"x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["keys"]


def test_many_starts_at_once_agree_on_one_key(tmp_path):
    path = tmp_path / "keys"
    with ThreadPoolExecutor(16) as pool:
        rings = list(pool.map(lambda _: KeyRing.load(path, create=True), range(64)))
    text = Sealer(rings[0], "p").seal(b"x")
    assert all(Sealer(ring, "p").open(text) == b"x" for ring in rings)
    assert os.listdir(tmp_path) == ["keys"]


def test_a_file_holds_keys_in_order_with_comments(tmp_path):
    first, second = new_key(), new_key()
    (tmp_path / "keys").write_text(f"# the first seals\n{first}\n\n  {second}  \n")
    (tmp_path / "keys").chmod(0o640)
    ring = KeyRing.load(tmp_path / "keys")
    assert len(ring) == 2
    assert Sealer(KeyRing([first]), "p").open(Sealer(ring, "p").seal(b"x")) == b"x"


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
@pytest.mark.parametrize(
    ("mode", "act"), [(0o666, "write"), (0o620, "write"), (0o602, "write"), (0o644, "read"), (0o604, "read")]
)
def test_a_file_that_others_may_write_or_anybody_may_read_is_refused(tmp_path, mode, act):
    path = tmp_path / "keys"
    path.write_text(new_key())
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"others may {act}.*chmod 600 {path}"):
        KeyRing.load(path)


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_a_file_of_its_owner_and_group_is_read(tmp_path, mode):
    (tmp_path / "keys").write_text(new_key())
    (tmp_path / "keys").chmod(mode)
    assert len(KeyRing.load(tmp_path / "keys")) == 1


def test_where_hard_links_are_forbidden_the_cure_makes_the_file_without_one(tmp_path, monkeypatch):
    def forbidden(*paths):
        raise PermissionError(1, "Operation not permitted")  # what FAT and some network file systems answer

    monkeypatch.setattr(os, "link", forbidden)
    with pytest.raises(ConfigError, match="umask 077") as caught:
        KeyRing.load(tmp_path / "keys", create=True)
    assert os.listdir(tmp_path) == [] and "name a folder" not in caught.value.hint
    command = caught.value.hint.partition("by hand: ")[2].replace("python -c", f"{sys.executable} -c")
    subprocess.run(["sh", "-c", command], check=True)
    assert len(KeyRing.load(tmp_path / "keys")) == 1


def test_a_folder_in_place_of_a_file_and_a_folder_that_is_not_there_are_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot read"):
        KeyRing.load(tmp_path)
    with pytest.raises(ConfigError, match="cannot make"):
        KeyRing.load(tmp_path / "no" / "keys", create=True)


def test_a_variable_holds_keys_parted_by_blanks(monkeypatch):
    old, new = new_key(), new_key()
    monkeypatch.setenv("APP_KEYS", f" {new} {old}\n")
    assert len(KeyRing.load("APP_KEYS")) == 2
    monkeypatch.setenv("APP_KEYS", " ")
    with pytest.raises(ConfigError, match="not set"):
        KeyRing.load("APP_KEYS", create=True)


@pytest.mark.parametrize("purpose", ["", "ä", "a b", "x" * 65, "-x"])
def test_a_purpose_is_a_word(purpose):
    with pytest.raises(ConfigError, match="purpose"):
        Sealer(RING, purpose)


def test_cryptography_is_imported_at_first_use():
    code = (
        "import sys; from kit.seal import KeyRing, Sealer, new_key; s = Sealer(KeyRing(new_key()), 'p');"
        "print('cryptography' in sys.modules); s.seal(b''); print('cryptography' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "True"]
