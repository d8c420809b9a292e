"""The command line as a whole."""

import subprocess
import sys

import pytest

import kit
from kit.cli import COMMANDS, main


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


def test_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"kit {kit.__version__}\n"


def test_an_unknown_command_is_a_wrong_command_line(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["rnu"])
    assert ended.value.code == 2
    assert "invalid choice: 'rnu'" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_with_examples(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"  kit {name} " in capsys.readouterr().out


def test_help_loads_no_command_and_no_library():
    code = """
import sys
from kit.cli import main
try: main(["--help"])
except SystemExit: pass
heavy = {"webob", "mako", "peewee", "pymongo", "waitress", "watchfiles", "cryptography", "kit.wsgi", "kit.cli.run"}
sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_errors_of_the_user_are_one_line_and_a_cure(kit):
    ended = kit("stack", "no_such_thing")
    assert ended.returncode == 2
    assert ended.stdout == ""
    what, cure = ended.stderr.splitlines()
    assert what == "kit: there is no recipe, folder or module no_such_thing"
    assert "hello" in cure
    assert "module:name" in cure


def test_nothing_is_coloured_where_there_is_no_terminal(kit):
    assert "\033" not in kit("stack", "mysite").stdout
    assert "\033" not in kit("stack", "no_such_thing").stderr


def test_colours_come_on_a_terminal_and_go_with_no_color(folder):
    import os
    import pty

    def on_a_terminal(**env):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "kit.cli", "stack", "mysite"]
        environ = {**os.environ, "TERM": "xterm", **env}
        running = subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=theirs, env=environ)
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # Linux: the other end has closed
            pass
        os.close(ours)
        running.wait()
        return shown

    assert b"\033[1mStamp\033[0m" in on_a_terminal()
    assert b"\033" not in on_a_terminal(NO_COLOR="1")


def test_a_reader_that_has_seen_enough_is_no_error(folder):
    command = f"{sys.executable} -m kit.cli stack mysite --json | head -c 1"
    ended = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    assert ended.stdout == "["
    assert ended.stderr == ""
