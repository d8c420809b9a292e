"""The two matchers, which give the same answers: `compiled` is fast, `mapper` is Routes' own.

A matcher is made of the ranked routes and has one method, `find(path, method, environ)`: the first route that fits and
its variables; `(None, methods)` where only the method is wrong; else None. Give a factory to the router:
`Router(matcher=MyMatcher)`, and hold it to `kit.routing.contract.MatcherContract`.
"""

from __future__ import annotations

from itertools import groupby

from kit.routing.lower import mapper_of, rule_of
from kit.routing.tree import compile_rules, shortcuts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from kit.routing.route import Route

__all__ = ["MATCHERS", "Compiled", "Mapped"]


class Compiled:
    """A decision tree in Python code; see kit.routing.tree."""

    __slots__ = ("find",)

    def __init__(self, routes: Sequence[Route]) -> None:
        converts: dict[int, Any] = {}
        runs = [
            [rule_of(route, converts) for route in run]
            for _, run in groupby(routes, lambda route: route.template.prefix)
        ]
        #: find(path, method, environ=None)
        self.find = compile_rules([rule for run in runs for rule in run], shortcuts(runs))


class Mapped:
    """`routes.Mapper` itself, the reference: one pass over the routes of each method."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._mapper = mapper_of(routes)
        self._rank = {route: at for at, route in enumerate(routes)}
        self._methods = sorted({method for route in routes for method in route.methods or ()})

    def find(self, path: str, method: str | None, environ: Any = None) -> Any:
        """The first route that fits, and its variables."""
        found = self._routed(path, method, environ)
        if found is not None or method is None:
            return found
        allowed = tuple(each for each in self._methods if self._routed(path, each, environ))
        return (None, allowed) if allowed else None

    def _routed(self, path: str, method: str | None, environ: Any) -> Any:
        if method is None:
            found = [self._routed(path, each, environ) for each in [*self._methods, "*"]]
            return min(filter(None, found), key=lambda one: self._rank[one[0]], default=None)
        found = self._mapper.routematch(path, {**(environ or {}), "REQUEST_METHOD": method})
        return None if found is None else (found[1].kit, found[0])


MATCHERS = {"compiled": Compiled, "mapper": Mapped}
