"""URLs to handlers, and back: typed, composed at assembly, with the semantics of Routes and faster than it.

| you want | look at |
|---|---|
| a router | `router.py`, which says what wins where two routes fit |
| groups, layers, guards, mounts, includes, resources | `group.py`, `resources.py` |
| typed variables, your own | `converters.py` |
| hosts, schemes, versions | `conditions.py` |
| why a URL goes where it goes | `router.explain(method, url)`, `kit routes APP --match "GET /x"` |
| what is wrong with the table | `router.report()`, `kit routes APP --check` |
| OpenAPI paths | `router.openapi()`, `kit routes APP --openapi` |
| a `routes.Mapper` of yours, but fast | `compile_mapper(mapper)`, in `compat.py` |
| a matcher of your own | `matchers.py`, and `contract.py` to hold it to |

`compile_mapper` and both matchers are held to Routes 2.5 by random tables and URLs. The long run is of more than a
million URLs over more than 5,000 mappers: `KIT_LONG=1 pytest tests/routing/test_differential.py`, or as a program
`python -W ignore -m tests.routing.differential --mappers 12000 --urls 130`.
A known difference is in no answer: Routes asks a `function` condition twice for a URL that is shorter than the longest
literal prefix of its table.

What it costs: `python -m benchmarks.routing` (finding a route) and `python -m benchmarks.request` (a whole answer).
"""

from __future__ import annotations

from kit.routing.converters import Converter, enum_of
from kit.routing.group import Group
from kit.routing.route import Route, wsgi
from kit.routing.router import Frozen, Router
from kit.routing.urls import NoRoute, NoUrl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit.routing.compat import compile_mapper

__all__ = ["Converter", "Frozen", "Group", "NoRoute", "NoUrl", "Route", "Router", "compile_mapper", "enum_of", "wsgi"]


def __getattr__(name: str) -> Any:
    """`compile_mapper` is loaded when it is asked for: a router has no need of it."""
    if name == "compile_mapper":
        from kit.routing.compat import compile_mapper

        return compile_mapper
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
