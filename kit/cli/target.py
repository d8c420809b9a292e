"""What `kit run`, `kit routes` and `kit stack` are given: a recipe, a folder, or a module, and how it becomes an app.

    polls                     a recipe: its make_app
    ./mysite   or   .         a folder with an app.py, such as a copied recipe
    mysite.app:make_app       anything importable from here: a WSGI app, or a function that makes one
    mysite.app                its make_app, app or application

A function that makes the app is called with those of `data`, `keys`, `debug` and `lint` that its parameters name.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import inspect
import re
import sys
from difflib import get_close_matches
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kit.errors import ConfigError, Missing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from wsgiref.types import WSGIApplication

__all__ = ["add_target", "load", "make", "name_of", "options", "recipes"]

_NAMES = ("make_app", "app", "application")


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that every command on an app has."""
    what = "a recipe, a folder with an app.py, or module:name (default: this folder)"
    parser.add_argument("target", metavar="TARGET", nargs="?", default=".", help=what)
    parser.add_argument("--data", metavar="URL", help="where the data lives (default: sqlite:///NAME.sqlite, here)")


def options(args: argparse.Namespace) -> dict[str, Any]:
    """What a command that only looks at an app hands to its make_app: nothing that it stores or seals is kept."""
    from kit.seal import KeyRing, new_key

    data = args.data or "memory:"
    return {"data": data, "keys": KeyRing(new_key()), "debug": False, "lint": False}


def name_of(target: str) -> str:
    """A short name for `target`, fit for a file.

    >>> name_of("mysite.app:make_app"), name_of("./my-site/")
    ('mysite', 'my-site')
    """
    where = target.partition(":")[0]
    if _folder(where) or "/" in where:
        return Path(where).resolve().name or "app"
    return where.removesuffix(".app").rpartition(".")[2]


def recipes() -> list[str]:
    """The names of the recipes that came with this kit."""
    import kit._recipes

    return sorted({path.parent.name for root in kit._recipes.__path__ for path in Path(root).glob("*/app.py")})


def load(target: str, given: Mapping[str, Any]) -> WSGIApplication:
    """The app that `target` names, made with `given` where it is made by a function."""
    module, name = _module(target)
    if name:
        found = module
        for part in name.split("."):
            if not hasattr(found, part):
                raise Missing(f"{module.__name__} has no {name}", hint=f"it has {_public(module)}")
            found = getattr(found, part)
        return make(found, given)
    for name in _NAMES:
        if _has(module, name):
            return make(getattr(module, name), given)
    raise Missing(f"{module.__name__} has none of {', '.join(_NAMES)}", hint=f"name one: {target}:NAME")


def make(found: Any, given: Mapping[str, Any]) -> WSGIApplication:
    """`found` itself if it is a WSGI app; if it is a function of options, what it returns for those that it names.

    >>> make(lambda *, data: print, {"data": "memory:", "debug": True})
    <built-in function print>
    """
    parameters = _options_of(found)
    if parameters is None:
        return cast("WSGIApplication", found)
    every = any(each.kind is each.VAR_KEYWORD for each in parameters)
    passed = {name: value for name, value in given.items() if every or name in {each.name for each in parameters}}
    fixed = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    asked = [each.name for each in parameters if each.default is each.empty and each.kind not in fixed]
    if unknown := [name for name in asked if name not in passed]:
        what = f"{getattr(found, '__name__', found)} wants {', '.join(unknown)}, which the command line cannot give"
        raise ConfigError(what, hint="write a function without parameters that calls it, and name that")
    app = found(**passed)
    if not callable(app):
        raise ConfigError(f"{getattr(found, '__name__', found)} returned {app!r}", hint="return the WSGI app")
    return cast("WSGIApplication", app)


def _options_of(found: Any) -> list[inspect.Parameter] | None:
    """The parameters of a function that makes an app; None for an app, which takes environ and start_response."""
    if not callable(found):
        raise ConfigError(f"{found!r} is no WSGI app", hint="name an app, or a function that makes one")
    try:
        parameters = list(inspect.signature(found).parameters.values())
    except (TypeError, ValueError):  # callables written in C
        return None
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    unnamed = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    names = {each.name for each in positional}
    if unnamed or (len(positional) >= 2 and not names & {"data", "keys", "debug", "lint"}):
        return None
    return parameters


def _module(target: str) -> tuple[ModuleType, str]:
    where, _, name = target.partition(":")
    if folder := _folder(where):
        return _from_folder(folder), name
    if where in recipes():
        return importlib.import_module(f"kit._recipes.{where}.app"), name
    if not re.fullmatch(r"\w+(\.\w+)*", where):
        raise Missing(f"there is no folder {where} with an app.py", hint=_choice(where))
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(where)
        if not name and not any(_has(module, each) for each in _NAMES):
            module = importlib.import_module(f"{where}.app")
    except ModuleNotFoundError as error:
        if error.name is None or not f"{where}.app".startswith(error.name):
            raise  # the module is there, and something that it imports is not
        raise Missing(f"there is no recipe, folder or module {where}", hint=_choice(where)) from None
    return module, name


def _has(module: ModuleType, name: str) -> bool:
    """Whether `module` defines `name`: `app` of a package is also its app.py, once something has imported that."""
    return hasattr(module, name) and not inspect.ismodule(getattr(module, name))


def _folder(where: str) -> Path | None:
    path = Path(where)
    return path.resolve() if where and (path / "app.py").is_file() else None


def _from_folder(folder: Path) -> ModuleType:
    """Import `folder` as a package of its own name, without its parent on sys.path, where it could hide others."""
    package = re.sub(r"\W", "_", folder.name) or "app"
    found = None if package in sys.stdlib_module_names else importlib.util.find_spec(package)
    if found and str(folder) in (found.submodule_search_locations or ()):
        return importlib.import_module(f"{package}.app")
    if found or package in sys.stdlib_module_names:
        package += "_"
    init = folder / "__init__.py"
    loader = SourceFileLoader(package, str(init)) if init.is_file() else None
    spec = ModuleSpec(package, loader, origin=str(init), is_package=True)
    spec.submodule_search_locations = [str(folder)]
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    if loader is not None:
        loader.exec_module(module)
    return importlib.import_module(f"{package}.app")


def _choice(wrong: str) -> str:
    names = recipes()
    close = get_close_matches(wrong, names, 1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{meant}Recipes: {', '.join(names)}; or name a folder with an app.py, or module:name"


def _public(module: ModuleType) -> str:
    return ", ".join(name for name in vars(module) if not name.startswith("_")) or "nothing public"
