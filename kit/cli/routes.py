"""List the routes of an app: of its router, and of every router that is mounted in it.

  kit routes polls
  kit routes mysite.app:make_app --json

A router is anything in the stack whose `.routes` have a `.path`: kit.routing.Router, or one of your own.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from kit.cli.stack import called, near
from kit.cli.target import add_target, load, options
from kit.cli.terminal import paint, print_json, table
from kit.errors import Missing
from kit.wsgi import chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication

    from kit.wsgi import Node

__all__ = ["add_arguments", "describe", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kit routes`."""
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Print the routes, or say that there are none."""
    rows = describe(load(args.target, options(args)))
    if args.json:
        print_json(rows)
        return
    if not rows:
        raise Missing(f"no router in {args.target}", hint=f"see what is in it: kit stack {args.target}")
    heads = ("METHODS", "PATH", "NAME", "HANDLER", "SOURCE")
    lines = table([heads, *(_line(row) for row in rows)])
    print(paint(next(lines), "dim"))
    for line in lines:
        print(line)


def describe(app: WSGIApplication) -> list[dict[str, Any]]:
    """One row for each route, as they were declared; `methods` is empty where any will do."""
    return list(_rows(chain(app), "", set()))


def _rows(node: Node, prefix: str, seen: set[int]) -> Iterator[dict[str, Any]]:
    if id(node.app) in seen:
        return
    seen.add(id(node.app))
    prefix += node.label if node.label.startswith("/") else ""
    for route in _routes(node.app):
        yield {
            "methods": sorted(route.methods or ()),
            "path": prefix + route.path,
            "name": route.name,
            "handler": _named(route.endpoint),
            "guards": [_named(guard) for guard in getattr(route, "guards", ())],
            "source": near(route.where),
        }
    for inner in node.inner:
        yield from _rows(inner, prefix, seen)


def _routes(app: Any) -> list[Any]:
    found = None if isinstance(app, type) else getattr(app, "routes", None)
    return [each for each in found if hasattr(each, "path")] if isinstance(found, list | tuple) else []


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    methods = ",".join(row["methods"]) or "any"
    return methods, row["path"], row["name"] or "-", row["handler"], row["source"]


def _named(thing: Any) -> str:
    return called(getattr(thing, "app", thing))
