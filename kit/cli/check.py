"""Check an app as it was built: the order of its layers and, with --deploy, whether it is fit for strangers.

  kit check mysite.app:app              wrong order, missing and doubled layers
  kit check --deploy mysite.app:app     and what is missing or weak for the open web

Every way through the app is asked: a mount is fit only if it and what stands around it are. Each finding has an id, a
level and a cure, and names the mounts if it is not true of all. The exit code is 1 if there is an error, or with
--strict any finding. To leave a finding out, name its id: --skip sec.rate-limit.missing
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NamedTuple

from kit.cli.target import add_target, load, options
from kit.cli.terminal import paint, print_json
from kit.wsgi import StackError, chain, check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import WSGIApplication

    from kit.wsgi import Node

__all__ = ["Finding", "add_arguments", "findings", "run"]

YEAR = 31_536_000
_HOMES = ("kit.security.", "kit.sessions.", "kit.render.errors", "kit.routing.router", "kit.wsgi.lint")


class Finding(NamedTuple):
    """One thing to mend. `level` is "error" or "warning"; `id` never changes its meaning."""

    level: str
    id: str
    what: str
    cure: str


#: layer -> (level, what is open without it, cure)
_MISSING = {
    "Headers": ("error", "no Content-Security-Policy, HSTS and other headers", "add kit.security.Headers outermost"),
    "TrustedHosts": ("error", "any Host header is believed", "add kit.security.TrustedHosts(hosts=[…])"),
    "Https": ("error", "plain http is served", "add kit.security.Https"),
    "BodyLimit": ("error", "a body may have any size", "add kit.security.BodyLimit(bytes=…)"),
    "Limits": ("warning", "URLs, headers and methods are not limited", "add kit.security.Limits"),
    "Isolation": ("warning", "other sites may load scripts, data and files", "add kit.security.Isolation"),
    "RateLimit": ("warning", "nobody is told to slow down", "add kit.security.RateLimit(store=…, limit=…, per=…)"),
    "ErrorPages": ("warning", "the pages of the server show at errors", "add kit.render.ErrorPages"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kit check`."""
    add_target(parser)
    parser.add_argument("--deploy", action="store_true", help="check for the open web, too")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings, too")
    parser.add_argument("--skip", metavar="ID", action="append", default=[], help="leave a finding out")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 if there is one that counts."""
    try:
        app = load(args.target, options(args))
        found = [each for each in findings(app, deploy=args.deploy) if each.id not in args.skip]
    except StackError as error:  # the app checks itself while it is built
        found = [_of_stack(error)]
    if args.json:
        print_json([each._asdict() for each in found])
    else:
        for each in found:
            print(f"{paint(each.level, 'red' if each.level == 'error' else 'cyan')} {each.id}: {each.what}")
            print(f"    {each.cure}")
        print(f"{len(found)} findings" if found else "nothing found")
    return int(any(each.level == "error" or args.strict for each in found))


def findings(app: WSGIApplication, *, deploy: bool = False) -> list[Finding]:
    """What is wrong with `app`, errors first."""
    found = []
    try:
        check(app)
    except StackError as error:
        found.append(_of_stack(error))
    if deploy:
        found += _unfit(list(_ways(chain(app))))
    return sorted(found, key=lambda each: each.level)


def _of_stack(error: StackError) -> Finding:
    return Finding("error", "stack.order", str(error), "put the layers into the order above")


def _ways(node: Node) -> Iterator[tuple[Node, ...]]:
    """Every way inwards to an app that answers: `Node.paths`, and those to a router's own routes beside its mounts."""
    router = "Router" in _kinds(node.app)
    mounted = {id(inner.app) for inner in node.inner}
    if not node.inner or (router and any(id(route.app) not in mounted for route in node.app.routes)):
        yield (node,)
    for inner in node.inner:
        for way in _ways(inner):
            yield (node, *way)


def _kinds(app: Any) -> set[str]:
    """The names of kit's classes that `app` is an instance of; a foreign class of the same name is not among them."""
    return {kind.__name__ for kind in type(app).__mro__ if kind.__module__.startswith(_HOMES)}


def _unfit(ways: list[tuple[Node, ...]]) -> Iterator[Finding]:
    """Each finding once, with the mounts that it is true of unless that is all."""
    places: dict[Finding, list[str]] = {}
    for way in ways:
        label = "".join(node.label for node in way) or way[-1].name
        for each in dict.fromkeys(_of_way([node.app for node in way])):
            places.setdefault(each, []).append(label)
    for each, labels in places.items():
        if len(labels) < len(ways):
            more = f" and {len(labels) - 5} more" if len(labels) > 5 else ""
            each = each._replace(what=f"{each.what}, at {', '.join(labels[:5])}{more}")
        yield each


def _of_way(layers: list[Any]) -> Iterator[Finding]:
    kinds = [_kinds(layer) for layer in layers]
    yield from _missing(set().union(*kinds))
    for layer, names in zip(layers, kinds, strict=True):
        for name in sorted(names & set(_RULES)):
            yield from _RULES[name](layer)


def _missing(names: set[str]) -> Iterator[Finding]:
    for name, (level, what, cure) in _MISSING.items():
        if name not in names:
            yield Finding(level, f"sec.{_dashed(name)}.missing", what, cure)
    if "Sessions" in names and "Csrf" not in names:
        yield Finding("error", "sec.csrf.missing", "other sites can act for your users", "add kit.security.Csrf")
    if "Lint" in names:
        yield Finding("warning", "stack.lint", "every request is linted", "compose(…, lint=False)")


def _dashed(name: str) -> str:
    return "".join("-" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("-")


def _headers(layer: Any) -> Iterator[Finding]:
    if layer.policy is None:
        yield Finding("error", "sec.headers.csp", "there is no Content-Security-Policy", "Headers(app, csp={…})")
    else:
        for name in ("script-src", "script-src-elem", "default-src"):
            sources = layer.policy.directives.get(name, ())
            if loose := {"*", "https:", "http:", "data:", "'unsafe-inline'", "'unsafe-eval'"} & set(sources):
                what = f"{name} allows {', '.join(sorted(loose))}"
                yield Finding("error", "sec.headers.script", what, "give scripts the nonce: ${nonce}")
    if layer.hsts < YEAR:
        yield Finding("error", "sec.headers.hsts", f"HSTS lasts {layer.hsts} s", "Headers(app, hsts=31536000)")


def _csrf(layer: Any) -> Iterator[Finding]:
    if layer.report_only:
        yield Finding("error", "sec.csrf.report-only", "forged requests are only logged", "Csrf(app) when you are done")
    for path in sorted(layer.exempt.exact):
        what = f"{path} takes requests of any site"
        yield Finding("warning", "sec.csrf.exempt", what, "make sure that it checks a signature of its own")


def _hosts(layer: Any) -> Iterator[Finding]:
    if layer.canonical is None:
        cure = "TrustedHosts(app, hosts=…, canonical='https://…')"
        yield Finding("warning", "sec.trusted-hosts.canonical", "links follow the Host header", cure)


def _cors(layer: Any) -> Iterator[Finding]:
    if layer.everybody:
        yield Finding("warning", "sec.cors.everybody", "every site may read all answers", "Cors(app, origins=[…])")


def _store(layer: Any) -> Iterator[Finding]:
    name = "RateLimit" if hasattr(layer, "quota") else "Sessions"
    store = layer.quota.store if hasattr(layer, "quota") else layer.store
    if getattr(store, "one_process", False):
        what = f"{name} counts in the memory of one process"
        yield Finding("warning", f"sec.{_dashed(name)}.memory", what, "kit.stores.open_store(url)")


def _pages(layer: Any) -> Iterator[Finding]:
    if layer.debug:
        cure = "ErrorPages(app, debug=False)"
        yield Finding("error", "sec.error-pages.debug", "error pages show the inside of the app", cure)


_RULES: dict[str, Callable[[Any], Iterator[Finding]]] = {
    "Headers": _headers,
    "Csrf": _csrf,
    "TrustedHosts": _hosts,
    "Cors": _cors,
    "RateLimit": _store,
    "Sessions": _store,
    "ErrorPages": _pages,
}
