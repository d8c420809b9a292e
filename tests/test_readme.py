"""The README's promises: its Python runs as it is printed, its shell lines work, its map names what is there."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from kit.testing import call
from tests.servers import serve

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """The names that the README's Python leaves behind, and what it prints."""
    monkeypatch.chdir(tmp_path)
    names, out = {"__name__": "readme"}, io.StringIO()
    with contextlib.redirect_stdout(out):
        for at, block in enumerate(blocks("python")):
            exec(compile(block, f"README.md, block {at + 1}", "exec"), names)
    return names, out.getvalue()


def test_the_python_runs_and_does_what_it_says(ran):
    names, _ = ran
    here = {"HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1"}
    first = call(names["app"], environ=here)
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    again = call(names["app"], headers={"Cookie": cookie}, environ=here)
    assert (first.text, again.text) == ("visit 1", "visit 2")
    answer = call(names["site"], "/hello/you")
    assert answer.json() == {"hello": "you"}
    assert "Content-Security-Policy" in answer.headers
    assert call(names["site"], "/absent").status == 404


def test_the_message_about_a_wrong_stack_is_the_one_that_is_printed(ran):
    _, printed = ran
    assert printed == blocks("text")[0]


def test_the_shell_lines_work(tmp_path):
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    *lines, run = blocks("sh")[0].splitlines()
    done = subprocess.run(["sh", "-ec", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for layer in ("RequestId", "Headers", "ErrorPages", "PerRequest", "Sessions", "Csrf", "Router"):
        assert layer in done.stdout
    assert not list(tmp_path.glob("*.sqlite"))  # looking at an app stores nothing
    command = [part if part != "8001" else "{port}" for part in run.split()]
    with serve(command, cwd=tmp_path) as base, build_opener(ProxyHandler({})).open(base) as answer:
        assert "Tabs or spaces?" in answer.read().decode()


def test_the_map_names_what_is_there():
    cells = re.findall(r"^\| (`[^|]+`) \|", README[README.index("## The map") :], re.M)
    assert len(cells) >= 7
    names = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    for name in names:
        head, *more = name.split()
        for path in [head, *(f"kit/{each}" for each in more)]:
            assert list(ROOT.glob(path)), path


def test_the_number_of_rules_is_right():
    from kit.wsgi.rules import RULES

    assert f"# {len(RULES)} rules" in README
