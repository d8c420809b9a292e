"""What is shipped: the wheel holds what git holds, and each extra brings what its package needs, and no more."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.servers import ROOT

pytestmark = pytest.mark.slow

TOUCH = "import {0} as it; [getattr(it, name) for name in it.__all__]"

# extra: what must work in an environment that has the wheel with this extra, and nothing else
WORKS = {
    "": "import kit.wsgi, kit.http, kit.url, kit.audit, kit.observe, kit.testing, kit.stores",
    "routing": TOUCH.format("kit.routing") + "; it.Router().mapper",
    "render": TOUCH.format("kit.render") + "; it.Templates('.')",
    "jinja2": "import kit.render.engines.jinja2",
    "chameleon": "import kit.render.engines.chameleon",
    "forms": TOUCH.format("kit.forms") + "; import multipart",
    "sessions": TOUCH.format("kit.sessions") + "; from kit.stores import MemoryStore",
    "security": TOUCH.format("kit.security") + "; from kit.seal import *; Sealer(KeyRing(new_key()), 'x').seal(b'y')",
    "sql": TOUCH.format("kit.data") + "; it.open_db('sqlite::memory:', models=[]); import kit.stores.sql",
    "postgresql": TOUCH.format("kit.data") + "; import peewee, psycopg",
    "mysql": TOUCH.format("kit.data") + "; import peewee, pymysql",
    "mongo": TOUCH.format("kit.data") + "; import pymongo, kit.stores.mongo",
    "cli": "import waitress, watchfiles; from kit.cli import main; main(['stack', 'wsgiref.simple_server:demo_app'])",
    "all": "import kit.routing, kit.forms, kit.render, kit.data, kit.security, kit.sessions, peewee, pymongo, mako",
}


def uv() -> str | None:
    """uv makes these tests four times as fast; pip does it too."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


def run(*command: object, cwd: Path) -> str:
    """The output of a command that must succeed."""
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    quiet.pop("PYTHONPATH", None)
    ended = subprocess.run([str(part) for part in command], cwd=cwd, env=quiet, capture_output=True, text=True)
    assert ended.returncode == 0, f"{command}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
    return ended.stdout


def tracked(*folders: str) -> list[str]:
    """The files of git, as they lie here."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    names = run("git", "ls-files", "-z", *folders, cwd=ROOT).split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, built from the files that git knows."""
    source = tmp_path_factory.mktemp("source")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    installer = ["--installer", "uv"] if uv() else []
    run(sys.executable, "-m", "build", *installer, cwd=source)
    (made,) = (source / "dist").glob("*.whl")
    return made


class Environment:
    """A virtual environment with the wheel and one of its extras."""

    def __init__(self, folder: Path, wheel: Path, extras: str) -> None:
        self.folder, self.python = folder, folder / "bin" / "python"
        wanted = f"{wheel}[{extras}]" if extras else str(wheel)
        if program := uv():
            run(program, "venv", "--quiet", "--python", sys.executable, folder, cwd=folder.parent)
            run(program, "pip", "install", "--quiet", "--python", self.python, wanted, cwd=folder.parent)
        else:
            run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
            run(self.python, "-m", "pip", "install", "--quiet", wanted, cwd=folder.parent)

    def runs(self, code: str) -> str:
        return run(self.python, "-I", "-c", code, cwd=self.folder)

    def distributions(self) -> set[str]:
        code = "from importlib.metadata import distributions as d; print(*{each.name.lower() for each in d()})"
        return set(self.runs(code).split()) - {"pip", "setuptools", "wheel"}


def test_the_wheel_holds_what_git_holds(wheel):
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    here = {name for name in tracked("kit") if name != "kit/_recipes/__init__.py"}
    here |= {name.replace("recipes/", "kit/_recipes/", 1) for name in tracked("recipes")}
    assert shipped == here


def test_the_base_install_pulls_in_webob_and_its_own_needs_alone(wheel, tmp_path):
    alone = Environment(tmp_path / "env", wheel, "")
    assert alone.distributions() - {"legacy-cgi"} == {"kit-wsgi", "webob"}  # legacy-cgi is webob's own, from 3.13 on
    alone.runs(WORKS[""])


@pytest.mark.parametrize("extra", [extra for extra in WORKS if extra])
def test_each_extra_is_enough_for_its_package(wheel, tmp_path, extra):
    Environment(tmp_path / "env", wheel, extra).runs(WORKS[extra])


def test_an_absent_library_is_named_with_the_command_that_installs_it(wheel, tmp_path):
    base = Environment(tmp_path / "env", wheel, "")
    code = """
from kit.errors import MissingExtra
from kit.seal import KeyRing, Sealer, new_key
try:
    Sealer(KeyRing(new_key()), "x").seal(b"y")
except MissingExtra as error:
    print(error)
"""
    assert "pip install 'kit-wsgi[" in base.runs(code)


RECIPES = sorted(path.parent.name for path in (ROOT / "recipes").glob("*/recipe.cfg"))


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_of_an_installed_wheel_needs_no_more_than_the_extras_it_names(wheel, tmp_path, name):
    settings = configparser.ConfigParser()
    settings.read(ROOT / "recipes" / name / "recipe.cfg")
    installed = Environment(tmp_path / "env", wheel, ",".join(settings["recipe"]["extras"].split()))
    rows = json.loads(run(installed.folder / "bin" / "kit", "stack", name, "--json", cwd=tmp_path))
    assert rows
    assert installed.runs("import importlib.util as u; print(u.find_spec('recipes'), u.find_spec('tests'))") == (
        "None None\n"
    )
