"""List the layers of an app, outermost first: what each provides and needs, its options, and where it is written.

  kit stack polls
  kit stack mysite.app:make_app --json

It shows the stack as it was built, so other people's middleware is in it too. Secrets are masked.
"""

from __future__ import annotations

import argparse
import inspect
import os
import re
from typing import TYPE_CHECKING, Any

from kit.cli.target import add_target, load, options
from kit.cli.terminal import paint, print_json
from kit.wsgi import chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication

    from kit.wsgi import Node

__all__ = ["add_arguments", "called", "describe", "near", "run"]

_FACETS = ("provides", "requires", "wants", "rewrites")
_WORDS = r"key|secret|passw|passphrase|pwd|token|(?<![a-z])ring|salt|pepper|credential|(?<![a-z])auth(?![a-z])"
_SECRET = re.compile(_WORDS, re.IGNORECASE)
_ENVIRON = re.compile(r"[a-z_]+(\.[a-z_]+)+")  # session_key="kit.session" is no secret
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+>")
_INSIDE = re.compile(  # name=value and 'name': value in the repr of a dict or an object; a container goes to the end
    rf"""((?:{_WORDS})\w*['"]?(?:=|:[ ]))(?:b?'(?:[^'\\]|\\.)*'|b?"(?:[^"\\]|\\.)*"|\w*[\[({{].*|[^,)}}\]]*)""",
    re.IGNORECASE | re.DOTALL,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kit stack`."""
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Print the stack."""
    rows = describe(load(args.target, options(args)))
    if args.json:
        print_json(rows)
        return
    for row in rows:
        indent = "  " * (row["depth"] + 1)
        at = f" {row['mount']}" if row["mount"] else ""
        print(f"{row['position']:3d}{indent}{paint(row['name'], 'bold')}{at}  {paint(row['source'], 'dim')}")
        for facet in _FACETS:
            if row[facet]:
                print(f"   {indent}  {facet} {', '.join(row[facet])}")
        if row["options"]:
            print(f"   {indent}  {', '.join(f'{name}={value}' for name, value in row['options'].items())}")


def describe(app: WSGIApplication) -> list[dict[str, Any]]:
    """One row for each app of the stack, outermost first; `depth` grows where an app has several inside it."""
    return [{"position": at, **row} for at, row in enumerate(_rows(chain(app), 0), 1)]


def _rows(node: Node, depth: int) -> Iterator[dict[str, Any]]:
    kind = node.app if inspect.isroutine(node.app) or isinstance(node.app, type) else type(node.app)
    yield {
        "depth": depth,
        "mount": node.label,
        "name": node.name,
        "class": f"{kind.__module__}.{kind.__qualname__}",
        **{facet: list(getattr(node, facet)) for facet in _FACETS},
        "options": _options(node.app),
        "source": _source(kind),
    }
    deeper = depth + (len(node.inner) > 1)
    for inner in node.inner:
        yield from _rows(inner, deeper)


def _options(app: Any) -> dict[str, str]:
    """The keyword options that are not at their default, as far as the layer keeps them under their name."""
    if inspect.isroutine(app) or isinstance(app, type):
        return {}
    kept = getattr(app, "__dict__", {})
    found = {}
    for each in inspect.signature(type(app).__init__).parameters.values():
        for name in (each.name, f"_{each.name}"):
            if each.kind is each.KEYWORD_ONLY and name in kept and not _same(kept[name], each.default):
                found[each.name] = _shown(each.name, kept[name])
    return found


def _same(value: Any, default: Any) -> bool:
    """Whether an option is at its default; an empty frozenset is what a layer makes of ()."""
    plain = (type(None), bool, int, float, str, tuple, list, dict, set, frozenset)
    if value is default:
        return True
    return isinstance(value, plain) and isinstance(default, plain) and (value == default or not (value or default))


def _shown(name: str, value: Any) -> str:
    """The value in at most 60 characters, with secrets and addresses in memory left out.

    A function or a class is shown by its name alone, whatever the option is called; so is a thing without a repr.
    """
    text = repr(value)
    if inspect.isroutine(value) or isinstance(value, type) or _ADDRESS.search(text):
        return called(value)
    if _secret(name, value):
        return "***"
    start, end = text.find("://") + 3, text.rfind("@")  # up to the last @: a password may hold any other mark
    if 3 <= start <= end:
        text = f"{text[:start]}***{text[end:]}"
    text = _INSIDE.sub(r"\1***", text)
    return text if len(text) <= 60 else text[:59] + "…"


def _secret(name: str, value: Any) -> bool:
    """Whether the option sounds secret; a switch is none, nor is the name of a key in environ."""
    if value is None or isinstance(value, bool):
        return False
    environ = isinstance(value, str) and _ENVIRON.fullmatch(value) and not _SECRET.search(name.removesuffix("key"))
    return bool(_SECRET.search(name)) and not environ


def _source(kind: Any) -> str:
    try:
        return near(f"{inspect.getsourcefile(kind)}:{inspect.getsourcelines(kind)[1]}")
    except (TypeError, OSError):
        return "(no source)"


def called(thing: Any) -> str:
    """The name of a function or class, or of the class of a thing that has none."""
    name = str(getattr(thing, "__qualname__", type(thing).__qualname__))
    return name.rpartition("<locals>.")[2]


def near(where: str) -> str:
    """`file:line` from here, if the file lies below this folder."""
    inside = os.path.relpath(where)
    return where if inside.startswith("..") else inside
