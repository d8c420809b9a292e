"""List the routes of an app: of its router, and of every router that is mounted in it.

  kit routes polls
  kit routes mysite.app:make_app --json
  kit routes polls --match "POST /polls/7/vote"     where this goes: handler, layers crossed, and what was passed over
  kit routes polls --check                          duplicate, dead, ambiguous and dangerous routes
  kit routes polls --openapi                        the table as paths of an OpenAPI document

A router is anything in the stack whose `.routes` have a `.path`: kit.routing.Router, or one of your own.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from kit.cli.stack import called, near
from kit.cli.target import add_target, load, options
from kit.cli.terminal import paint, print_json, table
from kit.errors import Missing
from kit.wsgi import chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication

    from kit.wsgi import Node

__all__ = ["add_arguments", "describe", "explain", "run"]


_BELOW = "/{_rest:rest}"  # the variable of what lies below a mount


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kit routes`."""
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--match", metavar="REQUEST", help='say where a request goes, such as "POST /polls/7/vote"')
    parser.add_argument("--check", action="store_true", help="report faults of the table; fails if there is one")
    parser.add_argument("--openapi", action="store_true", help="print the paths of an OpenAPI document")


def run(args: argparse.Namespace) -> None:
    """Print the routes, or say that there are none."""
    app = load(args.target, options(args))
    if args.match or args.check or args.openapi:
        return _ask(args, app)
    rows = describe(app)
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


def _ask(args: argparse.Namespace, app: WSGIApplication) -> None:
    """Answer one of the questions about the routers of an app."""
    routers = [node.app for node in chain(app).walk() if _routes(node.app) and hasattr(node.app, "explain")]
    if not routers:
        raise Missing(f"no router in {args.target}", hint=f"see what is in it: kit stack {args.target}")
    if args.openapi:
        print_json(routers[0].openapi())
    elif args.check:
        findings = [finding for router in routers for finding in router.report()]
        for finding in findings:
            print(finding)
        if any(finding.kind != "ambiguous" for finding in findings):
            raise SystemExit(1)
        print(f"{sum(len(router.routes) for router in routers)} routes, no fault")
    else:
        method, _, url = args.match.strip().rpartition(" ")
        explain(app, method.upper() or "GET", url)


def explain(app: Any, method: str, url: str) -> None:
    """Print the way of a request from the outermost layer to its handler, through mounted routers."""
    node = chain(app)
    while not (_routes(node.app) and hasattr(node.app, "explain")):
        print(f"  through: layer {node.name}")
        if len(node.inner) != 1:
            return
        node = node.inner[0]
    print(node.app.explain(method, url))
    found = node.app.match(method, unquote(url.partition("?")[0]))
    if found is not None and found[0].mount:
        explain(found[0].endpoint.app, method, "/" + quote(str(found[1].get("_rest", ""))))


def describe(app: WSGIApplication) -> list[dict[str, Any]]:
    """One row for each route, as they were declared; `methods` is empty where any will do."""
    return list(_rows(chain(app), "", set()))


def _rows(node: Node, prefix: str, seen: set[int]) -> Iterator[dict[str, Any]]:
    if id(node.app) in seen:
        return
    seen.add(id(node.app))
    prefix += node.label if node.label.startswith("/") else ""
    routes = _routes(node.app)
    mounts = {route.path for route in routes if getattr(route, "mount", False)}
    for route in routes:
        if route.path in mounts and route.path.removesuffix(_BELOW) in mounts - {route.path}:
            continue  # the same mount once more: what lies below its prefix
        only_written = route.methods is not None and not route.methods
        yield {
            "methods": ["LINK"] if only_written else sorted(route.methods or ()),
            "path": prefix + route.path.removesuffix(_BELOW) + ("/*" if route.path in mounts else ""),
            "name": route.name,
            "handler": "-" if only_written else _named(route.endpoint),
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
