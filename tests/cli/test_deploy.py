"""docs/deploy.md: its files and its first commands, as they are printed."""

import os
import re
import shlex
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.servers import serve

PAGE = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text("utf-8")
BIN = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)


@pytest.fixture
def shop(tmp_path):
    """A folder with the package of the page."""
    for block in blocks("python"):
        path = tmp_path / block.partition("\n")[0].removeprefix("# ")
        path.parent.mkdir(exist_ok=True)
        path.write_text(block)
    return tmp_path


def sh(script, shop):
    script = script.replace("/var/lib/shop", str(shop))
    env = {**os.environ, "PATH": BIN}
    return subprocess.run(["sh", "-ec", script], cwd=shop, env=env, capture_output=True, text=True, timeout=120)


def test_the_stack_of_the_page_is_fit_for_strangers(shop):
    ended = sh(blocks("sh")[0], shop)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "nothing found\n", "")


def test_without_its_settings_it_does_not_start(shop):
    ended = sh(blocks("sh")[0].replace("SHOP_KEYS=", "OTHER="), shop)
    assert ended.returncode == 2
    assert "the environment variable SHOP_KEYS is not set" in ended.stderr


@pytest.mark.skipif(os.name != "posix", reason="gunicorn")
def test_it_serves_behind_the_proxy_of_the_page(shop):
    command = shlex.split(blocks("sh")[1].replace(":8000", ":{port}").replace("--workers 4", "--workers 2"))
    assert command[0] == "gunicorn"
    made = subprocess.run([sys.executable, "-m", "kit.cli", "keys", "new"], capture_output=True, text=True, check=True)
    env = {"SHOP_DATA": f"sqlite:///{shop}/shop.sqlite", "SHOP_KEYS": made.stdout}

    def ask(base, **headers):
        client = HTTPConnection(urlsplit(base).netloc, timeout=30)
        client.request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = client.getresponse()
        text = answer.read().decode()
        client.close()
        return answer, text

    with serve([sys.executable, "-m", *command], cwd=shop, env=env) as base:
        proxied = {"Host": "shop.example", "X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "https"}
        answer, text = ask(base, **proxied)
        assert (answer.status, text) == (200, "visit 1")
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        for count in range(2, 6):  # by any of the workers
            assert ask(base, Cookie=cookie, **proxied)[1] == f"visit {count}"
        assert ask(base, **proxied | {"Host": "evil.example"})[0].status == 400
        plain = ask(base, **proxied | {"X_Forwarded_Proto": "http"})[0]
        assert (plain.status, plain.headers["Location"]) == (308, "https://shop.example/")


def test_a_store_in_memory_is_found(shop):
    ended = sh(blocks("sh")[0].replace("sqlite:////var/lib/shop/shop.sqlite", "memory:"), shop)
    assert ended.returncode == 1
    assert "sec.sessions.memory" in ended.stdout
    assert "sec.rate-limit.memory" in ended.stdout
