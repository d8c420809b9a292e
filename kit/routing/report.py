"""What is wrong, or only odd, in a table of routes; each finding names both lines.

>>> from kit.routing import Router
>>> router = Router()
>>> router.get("/posts/{id}", lambda id: "")  # doctest: +ELLIPSIS
<function ...>
>>> router.get("/posts/{slug}", lambda slug: "")  # doctest: +ELLIPSIS
<function ...>
>>> for finding in report(router):
...     print(finding)  # doctest: +ELLIPSIS
duplicate: GET /posts/{slug} (...) is never reached: GET /posts/{id} (...) takes all its URLs

- `duplicate`: two routes for the same URLs and method; the later one is never reached
- `dead`: all URLs of a route are taken by earlier ones
- `ambiguous`: two routes take one URL, and neither is the more special; an example is given
- `danger`: a regular expression that a hostile URL can keep busy

The first two are certain. All but `ambiguous` are faults, of which `freeze` warns (`Router(check=…)`).
"""

from __future__ import annotations

import warnings

from kit.errors import ConfigError
from kit.routing.lower import ranked, rule_of
from kit.routing.template import KNOWN
from kit.routing.tree import leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from kit.routing.route import Route
    from kit.routing.router import Router
    from kit.routing.rules import Rule

__all__ = ["Finding", "RoutingFault", "RoutingWarning", "announce", "report"]

_SIDE_BY_SIDE = 200  # of a leaf with more rules, each is compared with so many before it
_SAMPLES = ("1", "a", "a-b", "2024-01-31", "1.5", "00000000-0000-0000-0000-000000000000", "A_b", "x.y")


class RoutingWarning(UserWarning):
    """A fault in a table of routes."""


class RoutingFault(ConfigError):
    """The faults of a table of routes, one a line."""


class Finding:
    """One finding: `kind`, the `route`, the `other` route that it is about if any, and what is to be said."""

    def __init__(self, kind: str, route: Route, other: Route | None, text: str) -> None:
        self.kind, self.route, self.other, self.text = kind, route, other, text

    def __str__(self) -> str:
        return f"{self.kind}: {_named(self.route)} {self.text}"


def report(router: Router) -> list[Finding]:
    """All findings, in the order of the routes they are about."""
    converts: dict[int, Any] = {}
    routes = [route for run in ranked(router.routes) for route in run if route.endpoint is not None]
    rules = [rule_of(route, converts) for route in routes]
    found: dict[tuple[int, int], Finding] = {}
    for leaf in leaves(rules):
        for at, rule in enumerate(leaf):
            for finding in _pairs(rule, leaf[max(0, at - _SIDE_BY_SIDE) : at]):
                found.setdefault((id(finding.route), id(finding.other)), finding)
    place = {id(route): at for at, route in enumerate(router.routes)}
    everything = [*found.values(), *_dangers(routes)]
    return sorted(everything, key=lambda finding: (place[id(finding.route)], finding.kind != "danger"))


def announce(router: Router, check: str) -> None:
    """Warn of the faults, or raise `RoutingFault` with all of them ("error"; "strict": of ambiguities too)."""
    findings = [each for each in report(router) if each.kind != "ambiguous" or check == "strict"]
    if findings and check == "warn":
        for each in findings:
            warnings.warn(str(each), RoutingWarning, stacklevel=4)
    elif findings:
        lines = "\n".join(str(each) for each in findings)
        raise RoutingFault(f"the table of routes has faults:\n{lines}", hint='mend them, or say Router(check="warn")')


def _pairs(rule: Rule, before: list[Rule]) -> Iterator[Finding]:
    """What the rules before one in rank do to it."""
    left = rule.methods
    for other in before:
        if not _same_methods(rule, other):
            continue
        if not other.covers(rule):
            url = None if rule.covers(other) else _both(rule, other)
            if url is not None:
                yield Finding("ambiguous", rule.target, other.target, f"and {_named(other.target)} both take {url}")
        elif other.methods is None or (left is not None and not left - other.methods):
            kind = "duplicate" if rule.covers(other) else "dead"
            text = f"is never reached: {_named(other.target)} takes all its URLs"
            yield Finding(kind, rule.target, other.target, text)
            return
        elif left is not None:
            left -= other.methods
            if rule.covers(other):
                methods = ", ".join(sorted(other.methods & (rule.methods or frozenset())))
                text = f"never gets {methods}: {_named(other.target)} does"
                yield Finding("duplicate", rule.target, other.target, text)


def _same_methods(one: Rule, other: Rule) -> bool:
    return one.methods is None or other.methods is None or bool(one.methods & other.methods)


def _both(one: Rule, other: Rule) -> str | None:
    """A URL that two plain rules take; None if none is found."""
    if one.verify or other.verify or one.condition is not other.condition:
        return None
    made = []
    for at in range(max(len(one.heads), len(other.heads))):
        texts = [one.heads[at : at + 1], other.heads[at : at + 1]]
        samples = next(((text[0],) for text in texts if text and text[0] is not None), _SAMPLES)
        fitting = [text for text in samples if _fits(one, at, text) and _fits(other, at, text)]
        if not fitting:
            return None
        made.append(fitting[0])
    return "/".join(made)


def _fits(rule: Rule, at: int, text: str) -> bool:
    if rule.tail and at >= rule.tail[0]:
        return bool(text)
    if at >= len(rule.heads):
        return False
    if rule.heads[at] is not None:
        return rule.heads[at] == text
    convert = next((convert for index, _, convert in rule.variables if index == at), None)
    return bool(text) and (convert is None or convert(text) is not None)


def _dangers(routes: list[Route]) -> Iterator[Finding]:
    for route in routes:
        for variable in route.template.variables:
            if variable.converter.pattern in KNOWN:
                continue
            from kit.routing.patterns import danger

            why = danger(variable.converter.pattern)
            if why:
                text = f"has a regular expression {variable.converter.pattern!r} with {why}"
                yield Finding("danger", route, None, text)
        if sum(variable.crosses for variable in route.template.variables) > 2:
            yield Finding("danger", route, None, "has three variables that may contain slashes: cubic time")


def _named(route: Route) -> str:
    return f"{route.verbs} {route.path} ({route.where})"
