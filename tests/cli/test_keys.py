"""`kit keys`: making and rotating secret keys."""

import os
import threading
from contextlib import nullcontext

import pytest

from kit.cli import main
from kit.cli.keys import rotate
from kit.errors import ConfigError
from kit.seal import KeyRing, Sealer, new_key
from tests.servers import folder


def test_a_new_key_is_printed_once_and_is_strong(capsys):
    assert main(["keys", "new"]) == 0
    printed = capsys.readouterr().out.split()
    assert len(printed) == 1
    KeyRing(printed)


def test_a_new_file_is_readable_by_its_owner_alone_and_its_key_is_not_printed(tmp_path, capsys):
    path = tmp_path / "keys"
    assert main(["keys", "new", str(path)]) == 0
    assert path.read_text().split()[-1] not in capsys.readouterr().out
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert main(["keys", "new", str(path)]) == 2
    assert "rotate" in capsys.readouterr().err


def test_what_was_sealed_before_a_rotation_opens_after_it(tmp_path):
    path = tmp_path / "keys"
    main(["keys", "new", str(path)])
    sealed = Sealer(KeyRing.load(path), "x").seal(b"data")
    assert main(["keys", "rotate", str(path)]) == 0
    ring = KeyRing.load(path)
    assert len(ring) == 2
    assert Sealer(ring, "x").open(sealed) == b"data"
    assert path.read_text().startswith("# secret")


def test_keys_are_dropped_when_asked(tmp_path):
    path = tmp_path / "keys"
    main(["keys", "new", str(path)])
    for _ in range(3):
        assert rotate(path, keep=2) == 2
    assert rotate(path, keep=1) == 1
    assert sorted(os.listdir(tmp_path)) == ["keys"]


def test_rotations_at_the_same_time_lose_no_key(tmp_path):
    path = tmp_path / "keys"
    main(["keys", "new", str(path)])
    done = []

    def work():
        try:
            done.append(rotate(path))
        except ValueError:
            done.append(None)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(KeyRing.load(path)) == 1 + len([count for count in done if count])


@pytest.mark.parametrize("line", ["rotate", "rotate nowhere", "new x --keep 2", "rotate x --keep 0"])
def test_a_line_that_cannot_work_says_the_cure(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["keys", *line.split()]) == 2
    assert capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_a_name_in_capitals_is_a_file_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEYS", new_key())
    assert main(["keys", "new", "KEYS"]) == 0
    assert len(KeyRing.load(tmp_path / "KEYS")) == 1
    assert main(["keys", "rotate", "KEYS"]) == 0
    assert len(KeyRing.load(tmp_path / "KEYS")) == 2
    assert os.listdir(tmp_path) == ["KEYS"]


@pytest.mark.skipif(os.name != "posix", reason="links and modes")
def test_a_link_stays_a_link_and_the_file_keeps_its_mode(tmp_path):
    (tmp_path / "shared").mkdir()
    path, link = tmp_path / "shared" / "keys", tmp_path / "keys"
    main(["keys", "new", str(path)])
    path.chmod(0o640)
    link.symlink_to(path)
    assert main(["keys", "rotate", str(link)]) == 0
    assert link.is_symlink()
    assert len(KeyRing.load(path)) == 2
    assert path.stat().st_mode & 0o7777 == 0o640
    assert os.listdir(tmp_path / "shared") == ["keys"]


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root gives files away")
def test_the_file_keeps_its_owner(tmp_path):
    path = tmp_path / "keys"
    main(["keys", "new", str(path)])
    os.chown(path, 12345, 23456)
    assert main(["keys", "rotate", str(path)]) == 0
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs a file of somebody else")
@pytest.mark.parametrize(
    ("owner", "group", "mode", "kept"),
    [(45678, 23456, 0o640, False), (45678, 23456, 0o600, True), (12345, 34567, 0o640, False)],
)
def test_keys_are_not_taken_from_those_who_read_them(owner, group, mode, kept):
    with folder() as where:
        where.chmod(0o777)
        path = where / "keys"
        main(["keys", "new", str(path)])
        os.chown(path, owner, group)
        path.chmod(mode)
        os.setegid(34567)
        os.seteuid(45678)
        try:
            with nullcontext() if kept else pytest.raises(ConfigError, match="would no longer have its owner"):
                rotate(path)
        finally:
            os.seteuid(0)
            os.setegid(0)
        seen = path.stat()
        assert os.listdir(where) == ["keys"]
        assert len(KeyRing.load(path)) == 1 + kept
        assert (seen.st_uid, seen.st_mode & 0o777) == (owner, mode)


@pytest.mark.parametrize("wrong", ["nodir/x", "file/x", "round", "folder"])
def test_a_place_where_no_keys_can_be_is_named(wrong, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "folder").mkdir()
    assert main(["keys", "rotate", wrong]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / wrong.partition("/")[0]) in said
    assert len(said.splitlines()) == 2
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "round"]
