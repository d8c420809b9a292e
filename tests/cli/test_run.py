"""`kit run`, as a process of its own, asked over HTTP."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from kit.url import parse
from tests.servers import free_port, serve

RUN = [sys.executable, "-m", "kit.cli", "run", "--port", "{port}"]


def get(url, host=None):
    """(status, text); an answer that is an error is an answer."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()


def until(base, wanted):
    """Ask until the answer holds `wanted`; no connection may be refused, though one that a stopping worker has taken
    may be cut."""
    end = time.monotonic() + 60
    seen = ""
    while wanted not in seen:
        assert time.monotonic() < end, f"still {seen!r}"
        with contextlib.suppress(http.client.RemoteDisconnected, ConnectionResetError):
            seen = get(base)[1]
        time.sleep(0.02)
    return seen


def test_a_recipe_is_served_by_its_name(tmp_path):
    with serve(RUN, "hello", cwd=tmp_path) as base:
        status, text = get(base)
        assert status == 200
        assert "Hello" in text


def test_the_app_gets_data_keys_debug_and_lint(folder):
    with serve(RUN, "mysite", "--no-reload", cwd=folder) as base:
        assert get(f"{base}/data") == (200, "sqlite:///mysite.sqlite True True 1")
    assert (folder / ".kit-keys").stat().st_mode & 0o077 == 0
    with serve(RUN, "mysite", "--no-reload", "--no-debug", "--data", "memory:", cwd=folder) as base:
        assert get(f"{base}/data") == (200, "memory: False False 1")


def test_a_folder_of_any_name_is_served_and_named(folder):
    named = folder / "my 100% site? #1"
    (folder / "mysite").rename(named)
    command = [sys.executable, "-m", "kit.cli", "run", "--port", "0", "--no-reload"]
    with subprocess.Popen(command, cwd=named, stdout=subprocess.PIPE, text=True) as running:
        try:
            name, _, base = running.stdout.readline().partition(" (")[0].partition(" on ")
            text = get(f"{base}/data")[1]
        finally:
            running.kill()
    assert name == named.name
    assert parse(text.split()[0]).name == f"{named.name}.sqlite"


def test_without_debug_a_missing_key_is_not_made_up(folder):
    with serve(RUN, "mysite", "--no-reload", "--no-debug", cwd=folder) as base:
        status, text = get(base)
    assert status == 500
    assert "The terminal says why" in text
    assert not (folder / ".kit-keys").exists()


def test_an_edit_is_served_and_no_request_is_refused_meanwhile(folder):
    app = folder / "mysite" / "app.py"
    with serve(RUN, "mysite", cwd=folder) as base:
        assert get(base) == (200, "version 1")
        app.write_text(app.read_text().replace("version 1", "version 2"))
        until(base, "version 2")


def test_a_broken_app_says_what_is_wrong_and_mends_itself(folder):
    app = folder / "mysite" / "app.py"
    good = app.read_text()
    with serve(RUN, "mysite", cwd=folder) as base:
        assert get(base) == (200, "version 1")
        app.write_text("def half(\n")
        shown = until(base, "SyntaxError")
        assert "'(' was never closed" in shown
        assert "SyntaxError" not in get(base, host="rebound.example")[1]
        app.write_text(good)
        until(base, "version 1")


def test_a_stack_in_the_wrong_order_is_shown_as_a_page_without_a_traceback(folder):
    app = folder / "mysite" / "app.py"
    app.write_text(app.read_text().replace('provides = ("site.stamp",)', 'requires = ("site.tenant",)'))
    with serve(RUN, "mysite", cwd=folder) as base:
        status, text = get(base)
    assert status == 500
    assert "site.tenant" in text
    assert "Traceback" not in text


def test_idle_connections_do_not_stall_the_next_client(folder):
    with serve(RUN, "mysite", "--no-reload", cwd=folder) as base, contextlib.ExitStack() as idle:
        port = int(base.rpartition(":")[2])
        for number in range(300):
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            idle.callback(client.close)
            client.connect()
            if number % 2:
                client.request("GET", "/")
                client.getresponse().read()
        assert get(base) == (200, "version 1")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_no_worker_outlives_a_killed_parent(folder):
    port = free_port()
    with serve(RUN, "mysite", cwd=folder, port=port) as base:
        worker = int(until(base, "version 1") and _children(port)[0])
        os.kill(_parent(worker), signal.SIGKILL)
        end = time.monotonic() + 10
        while time.monotonic() < end and _alive(worker):
            time.sleep(0.05)
        assert not _alive(worker)


def _children(port):
    """The processes whose parent serves on `port` under `kit run` (Linux's /proc)."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            command = _command(pid)
            if b"multiprocessing.spawn" in command or b"spawn_main" in command:
                above = _command(_parent(int(pid))).split(b"\0")
                if str(port).encode() in above:
                    found.append(int(pid))
    return found


def _command(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as command:
        return command.read()


def _parent(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_debug_is_refused_on_an_address_that_others_can_reach(kit):
    ended = kit("run", "mysite", "--host", "0.0.0.0", "--debug")
    assert ended.returncode == 2
    assert "open to others" in ended.stderr
    assert "leave out --debug" in ended.stderr


def test_a_port_in_use_is_named_with_the_cure(kit):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = kit("run", "mysite", "--port", str(port))
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in ended.stderr
    assert "--port" in ended.stderr


@pytest.mark.parametrize("wrong", [("--port", "65536"), ("--port", "x"), ("--threads", "0")])
def test_numbers_out_of_range_are_a_wrong_command_line(kit, wrong):
    ended = kit("run", "mysite", *wrong)
    assert ended.returncode == 2
    assert "is no number from" in ended.stderr
