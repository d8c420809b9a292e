"""The recipe's own tests: the contract of a store on a real Redis or Valkey, and the app on it.

They start `valkey-server` or `redis-server`, or use the server that TEST_REDIS_URL names (it is emptied!).
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from functools import partial

import pytest
from webtest import TestApp

from kit.stores.contract import StoreContract
from kit.wsgi import shutdown

from .app import make_app
from .store import RedisStore


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Redis: apt-get install redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        await_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        running.terminate()
        running.wait(10)


def await_port(port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError("Redis does not start")


class TestRedis(StoreContract):
    @pytest.fixture
    def opener(self, redis_url):
        return partial(RedisStore, redis_url, prefix=f"test-{secrets.token_hex(4)}:")

    def unreachable(self):
        return partial(RedisStore, "redis://127.0.0.1:9/0", timeout=0.5)


def test_sessions_live_in_redis(redis_url):
    app = make_app(data=redis_url, lint=True)
    one, two = TestApp(app), TestApp(app)
    assert [one.get("/").text.split()[-2] for _ in range(3)] == ["1", "2", "3"]
    assert two.get("/").text.split()[-2] == "1"
    shutdown(app)


def test_any_other_url_is_opened_as_ever(tmp_path):
    app = make_app(data=f"sqlite:///{tmp_path}/app.db")
    assert "1 times" in TestApp(app).get("/").text
    shutdown(app)
