"""Run the tests of one package with its siblings, and the libraries that it does not declare, made unimportable.

    pytest tests/routing --only routing

What is not there on a user's machine is then not there in the tests, and says so in the same way. A test file that puts
several packages together says so by importing a sibling at its top, and is left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

#: the packages that never import each other
SIBLINGS = ("routing", "forms", "render", "data", "security", "sessions")

#: the modules of each extra's libraries; tests/test_independence.py holds this table against setup.cfg
LIBRARIES = {
    "routing": {"routes"},
    "render": {"mako", "markupsafe", "brotli", "zstandard"},
    "jinja2": {"jinja2"},
    "chameleon": {"chameleon"},
    "forms": {"multipart"},
    "sessions": {"cryptography"},
    "security": {"cryptography", "multipart"},
    "sql": {"peewee", "playhouse"},
    "postgresql": {"psycopg"},
    "mysql": {"pymysql"},
    "mongo": {"pymongo", "bson"},
    "cli": {"waitress", "watchfiles"},
}

_STORES = ("sql", "postgresql", "mysql", "mongo")

#: the extras that each package may use: its own, and those of the engines below it
EXTRAS = {
    "routing": ("routing",),
    "render": ("render", "jinja2", "chameleon"),
    "forms": ("forms", "security"),  # uploads are kept sealed, if they are kept
    "data": _STORES,
    "security": ("security", *_STORES),
    "sessions": ("sessions", *_STORES),
}

_ABOVE = re.compile(r"^(?:from|import) (?:kit\.cli|kit\._recipes|recipes)\b", re.M)
_HELPER = re.compile(r"^(?:from|import) (tests\.\w+(?:\.\w+)+)", re.M)


class Blocker(MetaPathFinder):
    """Refuses what is not there for `package`, as if it were not installed.

    Siblings are refused to everybody; libraries to kit alone: a framework that a test runs beside it may need one.
    """

    def __init__(self, package: str) -> None:
        declared = set().union(*(LIBRARIES[extra] for extra in EXTRAS[package]))
        self.libraries = set().union(*LIBRARIES.values()) - declared
        self.siblings = {f"kit.{name}" for name in SIBLINGS if name != package} | {"kit.cli", "kit._recipes", "recipes"}

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> None:
        parts = fullname.split(".")
        stranger = parts[0] in self.libraries and _importer().partition(".")[0] == "kit"
        if stranger or ".".join(parts[:2]) in self.siblings or parts[0] in self.siblings:
            raise ModuleNotFoundError(f"No module named {fullname!r} (made unimportable by --only)", name=fullname)


def _importer() -> str:
    """The name of the module that has asked for an import."""
    frame = sys._getframe(2)
    while frame.f_back is not None and "importlib" in frame.f_globals.get("__name__", ""):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", ""))


def sibling_import(package: str) -> re.Pattern[str]:
    """What a line looks like that imports a sibling of `package`; `indent` tells whether it stands in a function."""
    others = "|".join(name for name in SIBLINGS if name != package)
    return re.compile(
        rf"^(?P<indent>[ \t]*)(?:(?:from|import) kit\.(?:{others})\b|from kit import .*\b(?:{others})\b)", re.M
    )


def together(path: Path, package: str) -> bool:
    """Whether a file of the tests puts `package` and others together on purpose, by itself or by what it imports."""
    text = path.read_text()
    if _ABOVE.search(text) or any(not found["indent"] for found in sibling_import(package).finditer(text)):
        return True
    root = Path(__file__).resolve().parents[1]
    helpers = [root.joinpath(*name.split(".")).with_suffix(".py") for name in _HELPER.findall(text)]
    return any(helper.is_file() and helper != path and together(helper, package) for helper in helpers)


def only(package: str) -> None:
    """Make everything unimportable that `package` must not need; for the rest of this process."""
    if package not in SIBLINGS:
        raise ValueError(f"--only {package}: one of {', '.join(SIBLINGS)}")
    blocker = Blocker(package)
    early = [name for name in sys.modules if name in blocker.siblings]
    if early:
        raise ValueError(f"imported before --only could forbid it: {', '.join(early)}")
    sys.meta_path.insert(0, blocker)
