"""kit sessions gc | list | revoke."""

from __future__ import annotations

import json
import time

import pytest

from kit.cli import main
from kit.stores import open_store
from tests.sessions.app import Browser


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/app.db"


@pytest.fixture
def store(url):
    opened = open_store(url)
    yield opened
    opened.close()


def test_a_users_sessions_are_listed_and_ended(url, store, capsys):
    browsers = [Browser(store) for _ in range(3)]
    for browser, owner in zip(browsers, ["ann", "ann", "bob"], strict=True):
        browser.go(lambda s, owner=owner: s.rotate(owner), headers={"User-Agent": f"{owner}'s \x1b[31m phone"})
    assert main(["sessions", "list", url, "ann"]) == 0
    out = capsys.readouterr().out
    assert out.count("ann's") == 2 and "bob" not in out and "\x1b" not in out
    assert not [b for b in browsers if b.jar["__Host-sid"] in out]
    assert main(["sessions", "list", url, "ann", "--json"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)[0]) == ["agent", "created", "expires", "name", "renewed"]
    assert main(["sessions", "revoke", url, "ann"]) == 0
    assert capsys.readouterr().out == "ended 2 sessions\n"
    assert [b.go(lambda s: s.owner) for b in browsers] == [None, None, "bob"]
    assert main(["sessions", "list", url, "ann"]) == 0
    assert capsys.readouterr().out == "no sessions\n"


def test_gc_deletes_what_has_expired(url, store, capsys):
    for number in range(5):
        store.add(f"k{number}", b"", ttl=0.01)
    store.add("live", b"", ttl=60)
    time.sleep(0.02)
    assert main(["sessions", "gc", url, "--batch", "2", "--pause", "0"]) == 0
    assert capsys.readouterr().out == "deleted 5 expired entries\n"
    assert store.get("live")


@pytest.mark.parametrize(
    ("args", "cure"),
    [
        (["list", "sqlite:///no/such.db", "ann"], "no store"),
        (["gc", "memory:"], "inside the app's process"),
        (["gc", "redis://h/0"], "custom_store"),
        (["list", "{url}"], "URL USER"),
        (["gc", "{url}", "--batch", "0"], "at least 1"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_cure(url, store, capsys, args, cure):
    store.sweep()
    assert main(["sessions", *[arg.format(url=url) for arg in args]]) == 2
    assert cure in capsys.readouterr().err
