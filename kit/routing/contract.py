"""The contract of a matcher: a suite of tests to subclass.

    from kit.routing.contract import MatcherContract

    class TestMine(MatcherContract):
        matcher = staticmethod(MyMatcher)      # made of the ranked routes, has find(path, method, environ)

Run it with pytest. It holds the matcher to the documented rules, and on random tables to `routes.Mapper` itself. Those
can be had from `tables(seed, count)`; `same_answers` compares two matchers on a table of yours.
"""

from __future__ import annotations

import random

from kit.routing.matchers import Compiled, Mapped
from kit.routing.router import Router

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

__all__ = ["MatcherContract", "same_answers", "tables"]

_KINDS = (
    "{%s}", "{%s:int}", "{%s:slug}", "{%s:path}", "{%s:date}", "{%s:float(max=9)}", r"{%s:\d{2}}", "{%s:.*}",
    "{%s:a|b}", "{%s:any(a,12)}", "x{%s}", "{%s}.{%s_}", "{%s:[^-]+}-{%s_:int}",
)  # fmt: skip
_WORDS = ("a", "b", "12", "a-b", "", "x.y", "é", "new", "2024-01-31", "1.5", "xa", "7", "{{x}}", "*", ":a", "\\d")


def tables(seed: int, count: int, matcher: Any = Compiled) -> Iterator[Router]:
    """Random routers: literals, variables of all kinds, methods, hosts, schemes, defaults, mounts."""
    rng = random.Random(seed)
    for _ in range(count):
        router = Router(matcher=matcher, slash="strict")
        for at in range(rng.choice([1, 3, 6, 12, 25])):
            _declare(router, rng, at)
        yield router


def _declare(router: Router, rng: random.Random, at: int) -> None:
    path = ""
    for place in range(rng.choice([1, 1, 2, 2, 3, 4])):
        kind = rng.choice(_KINDS) if rng.random() < 0.45 else rng.choice(_WORDS)
        path += "/" + kind.replace("%s", f"v{place}")
    options: dict[str, Any] = {}
    if rng.random() < 0.1:
        options["host"] = rng.choice(["a.example.com", "{host}.example.com"])
    if rng.random() < 0.1:
        options["scheme"] = rng.choice(["http", "https"])
    if rng.random() < 0.2:
        options["defaults"] = {"extra": at, "v0": "default"} if rng.random() < 0.3 else {"extra": at}
    if rng.random() < 0.04:
        router.mount(path, _nothing)
    else:
        methods = rng.choice([None, ["GET"], ["GET"], ["POST"], ["GET", "PUT"], ["HEAD", "DELETE"]])
        router.route(path, _everything, methods=methods, **options)


def _everything(**args: Any) -> str:
    return ""


def _nothing(environ: Any, start_response: Any) -> list[bytes]:
    start_response("204 No Content", [])
    return []


def same_answers(one: Any, other: Any, router: Router, seed: int, count: int) -> list[tuple[Any, ...]]:
    """The requests, of `count` random ones for the routes of a router, that two matchers answer differently."""
    rng, found = random.Random(seed), []
    for _ in range(count):
        path = _path(rng, rng.choice(router.routes))
        method = rng.choice(["GET", "POST", "PUT", "HEAD", "DELETE", "BREW", None])
        host = rng.choice(["a.example.com", "B.example.com:80", "localhost"])
        environ = {
            "REQUEST_METHOD": method or "GET",
            "HTTP_HOST": host,
            "wsgi.url_scheme": rng.choice(["http", "https"]),
        }
        mine, theirs = (_told(matcher.find(path, method, environ)) for matcher in (one, other))
        if mine != theirs:
            found.append((path, method, environ, mine, theirs))
    return found


def _told(found: Any) -> Any:
    """What was found, in a form that can be compared: of the methods only which, and of the values also their type."""
    if found is None or found[0] is not None:
        return found and (found[0], {name: (value, type(value)) for name, value in found[1].items()})
    return None, sorted(set(found[1]))


def _path(rng: random.Random, route: Any) -> str:
    """A path that the route matches, or nearly."""
    values = (*_WORDS, "1", "a/b", "a//", "99", "0x", "٣", "2024-02-31", "/", "z" * 50)
    path = "".join(part if isinstance(part, str) else rng.choice(values) for part in route.template.parts)
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        at = rng.randrange(len(path) + 1)
        path = path[:at] + rng.choice(["/", "x", "-", ".", "1", ""]) + path[at + rng.choice([0, 1, 2]) :]
    return path


class MatcherContract:
    """Subclass it with `matcher`: a factory that is given the ranked routes and returns an object with `find`."""

    matcher: Callable[[Sequence[Any]], Any]

    def router(self) -> Router:
        """An empty router with this matcher."""
        return Router(matcher=self.matcher, slash="strict")

    def test_the_first_in_rank_is_found_with_its_values(self) -> None:
        router = self.router()
        router.get("/{page}", _everything)
        router.get("/about/{id:int}", _everything)
        route, args = router.matcher.find("/about/7", "GET", {})
        assert (route.path, args) == ("/about/{id:int}", {"id": 7})
        route, args = router.matcher.find("/about", "GET", {})
        assert (route.path, args) == ("/{page}", {"page": "about"})

    def test_only_the_method_wrong_gives_the_methods_there_are(self) -> None:
        router = self.router()
        router.get("/a/{x}", _everything)
        router.put("/a/{y}", _everything)
        found, methods = router.matcher.find("/a/1", "POST", {})
        assert (found, sorted(set(methods))) == (None, ["GET", "PUT"])

    def test_no_route_is_none(self) -> None:
        router = self.router()
        router.get("/a/{x:int}", _everything)
        assert [router.matcher.find(path, "GET", {}) for path in ("/", "/a", "/a/", "/a/x", "/a/1/", "", "a/1")] == [
            None
        ] * 7

    def test_the_method_none_asks_for_any(self) -> None:
        router = self.router()
        router.post("/a", _everything)
        assert router.matcher.find("/a", None, {})[0].path == "/a"

    def test_every_answer_has_values_of_its_own(self) -> None:
        router = self.router()
        router.get("/a", _everything, defaults={"x": 1})
        router.matcher.find("/a", "GET", {})[1]["x"] = 2
        assert router.matcher.find("/a", "GET", {})[1] == {"x": 1}

    def test_random_tables_are_answered_as_by_the_mapper_of_routes(self) -> None:
        for at, router in enumerate(tables(1, 60, self.matcher)):
            reference = Mapped([route for route in _in_rank(router) if route.endpoint])
            assert same_answers(router.matcher, reference, router, at, 60) == []


def _in_rank(router: Router) -> list[Any]:
    from kit.routing.lower import ranked

    return [route for run in ranked(router.routes) for route in run]
