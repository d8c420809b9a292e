"""`kit keys`: making and rotating secret keys."""

import os
import threading

import pytest

from kit.cli import main
from kit.cli.keys import rotate
from kit.seal import KeyRing, Sealer


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
