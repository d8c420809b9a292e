"""A folder with an app of its own, and the command `kit` run in it."""

import subprocess
import sys
from pathlib import Path

import pytest

APP = '''
from functools import partial
from kit.routing import Router
from kit.wsgi import Layer, compose

class Stamp(Layer):
    """Says who was here."""
    provides = ("site.stamp",)
    def __init__(self, app, *, secret, session_key="kit.session", url="memory:", limit=3, names=()):
        super().__init__(app)
        self.secret, self.session_key, self.url = secret, session_key, url
        self.limit, self.names = limit, frozenset(names)
    def before(self, environ):
        environ["site.stamp"] = self.secret

def user(request, id):
    return f"user {id}"

def make_app(*, data, keys, debug=False, lint=False):
    router = Router()
    router.get("/", lambda: "version 1", name="home")
    router.get("/data", lambda: f"{data} {debug} {lint} {len(keys)}")
    router.post("/users/{id:int}", user, name="user")
    stamp = partial(Stamp, secret="hunter2", session_key="own.session", url="postgresql://ann:s3cret@db/app")
    return compose(stamp, router, lint=lint)
'''


@pytest.fixture
def folder(tmp_path):
    """A folder `mysite` with an app, in a folder of its own; gives the outer one."""
    (tmp_path / "mysite").mkdir()
    (tmp_path / "mysite" / "app.py").write_text(APP)
    return tmp_path


@pytest.fixture
def kit(folder):
    """`kit("stack", "mysite")` -> the ended process, with `returncode`, `stdout` and `stderr`."""

    def run(*arguments: str, cwd: Path = folder) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kit.cli", *arguments]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)

    return run
