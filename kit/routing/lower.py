"""From a route of kit to what the matchers understand: a rule for the compiler, or a route of a `routes.Mapper`."""

from __future__ import annotations

import re

from kit.routing.rules import Rule, shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from kit.routing.route import Route
    from kit.routing.rules import Condition
    from kit.routing.template import Template, Variable

__all__ = ["mapper_of", "ranked", "rule_of"]

_SPECIAL = re.compile(r"([\\:*{}])")


def ranked(routes: Iterable[Route]) -> list[list[Route]]:
    """The routes in the order in which Routes' Mapper tries them, in runs of one static prefix.

    The longest static prefix comes first, and among equal ones the first declared.
    """
    runs: dict[str, list[Route]] = {}
    for route in routes:
        runs.setdefault(route.template.prefix, []).append(route)
    return [runs[prefix] for prefix in sorted(runs, key=len, reverse=True)]


def rule_of(route: Route, converts: dict[int, Any]) -> Rule:
    """The rule of one route. `converts` keeps one function per converter, so that equal paths share their shape."""
    template = route.template

    def convert(variable: Variable) -> tuple[str, Any] | None:
        return (variable.name, _shared(variable, converts)) if variable.simple else None

    heads, more, variables, tail = shape(template.parts, lambda each: each.crosses, convert, lambda each: each.tail)
    return Rule(
        route,
        heads=heads,
        more=more,
        variables=variables or (),
        tail=tail,
        verify=_verify(template, route.defaults) if variables is None else None,
        defaults=route.defaults,
        methods=route.methods,
        condition=route.condition,
    )


def _shared(variable: Variable, converts: dict[int, Any]) -> Any:
    if variable.plain:
        return None
    key = id(variable.converter)
    if key not in converts:
        converts[key] = _convert(variable.converter)
    return converts[key]


def _convert(kind: Any) -> Callable[[str], Any]:
    """Text to value, None when it is none."""
    fits, parse = re.compile(kind.pattern).fullmatch, kind.parse

    def convert(text: str) -> Any:
        if fits(text) is None:
            return None
        try:
            return parse(text)
        except ValueError:
            return None

    return convert


def _verify(template: Template, defaults: dict[str, Any]) -> Callable[[str, Any], Any]:
    """The whole path by regular expression, then its variables by their converters."""
    fits = re.compile(template.pattern).fullmatch
    values = _values(template)

    def verify(path: str, environ: Any) -> Any:
        match = fits(path)
        if match is None:
            return False
        found = defaults | match.groupdict()
        return found if values(environ, found) else False

    return verify


def _values(template: Template) -> Callable[[Any, dict[str, Any]], bool]:
    """A condition that puts values in the place of texts."""
    parses = [(each.name, each.converter.parse) for each in template.variables if not each.plain]

    def values(environ: Any, found: dict[str, Any]) -> bool:
        try:
            for name, parse in parses:
                found[name] = parse(found[name])
        except ValueError:
            return False
        return True

    return values


def mapper_of(routes: Iterable[Route]) -> Any:
    """A `routes.Mapper` with the same routes, in which `mapper.matchlist[i].kit` is the route it was made of."""
    from kit.errors import needs

    with needs("routes", extra="routing", by="the mapper of kit.routing"):
        from routes import Mapper

    mapper = Mapper(controller_scan=list, register=False, explicit=True)
    for route in routes:
        template = route.template
        path = "".join(
            _SPECIAL.sub(r"\\\1", part) if isinstance(part, str) else f"{{{part.name}}}" for part in template.parts
        )
        conditions: dict[str, Any] = {"function": _both(_values(template), route.condition, route.defaults)}
        if route.methods is not None:
            conditions["method"] = sorted(route.methods)
        mapper.connect(
            None, path, requirements={v.name: v.converter.pattern for v in template.variables}, conditions=conditions
        )
        mapper.matchlist[-1].kit = route
    mapper.create_regs()
    return mapper


def _both(values: Condition, condition: Condition | None, defaults: dict[str, Any]) -> Condition:
    def function(environ: Any, found: dict[str, Any]) -> bool:
        if not values(environ, found):
            return False
        for name, value in defaults.items():
            found.setdefault(name, value)
        return condition is None or bool(condition(environ, found))

    return function
