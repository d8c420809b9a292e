"""Paths that no client sends in good faith: a 4xx, and soon."""

import time

import pytest

from kit.routing import Router
from kit.routing.compat import compile_mapper
from kit.testing import environ

PATHS = {
    "100 KB": "/" + "x" * 100_000,
    "10,000 segments": "/x" * 10_000,
    "10,000 slashes": "/" * 10_000,
    "NUL": "/posts/\x00",
    "newline": "/posts/1\n",
    "%": "/%",
    "%2": "/posts/%2",
    "//": "//",
    "//evil": "//evil.com/posts",
    "/../": "/posts/../etc/passwd",
    "/..": "/..",
    "invalid UTF-8": "/posts/\xe9",
    "overlong UTF-8": "/posts/\xc0\xaf",
    "a surrogate in UTF-8": "/posts/\xed\xa0\x80",
    "100 KB of invalid UTF-8": "/" + "\xff" * 100_000,
    "100 KB of digits": "/posts/" + "9" * 100_000,
}


def table(matcher="compiled"):
    router = Router(matcher=matcher)
    router.get("/posts/{id:int}", lambda id: "")
    router.get("/posts/{id:int}/{slug}", lambda id, slug: "")
    router.get("/files/{rest:path}", lambda rest: "")
    router.get("/files/{rest:path}/edit", lambda rest: "")
    router.get("/", lambda: "")
    return router


def timed(fn, count):
    best = float("inf")
    for _ in range(5):
        start = time.thread_time()
        for _ in range(count):
            fn()
        best = min(best, (time.thread_time() - start) / count)
    return best


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("matcher", ["compiled", "mapper"])
def test_a_hostile_path_is_refused(name, matcher):
    router, seen = table(matcher), []
    request = environ("/", environ={"PATH_INFO": PATHS[name]})
    b"".join(router(request, lambda status, headers, *_: seen.append(status)))
    assert seen[0][0] == "4"


@pytest.mark.parametrize("name", PATHS)
def test_a_hostile_path_costs_at_most_a_hundred_ordinary_matches_per_kilobyte(name):
    router = table()
    ordinary = timed(lambda: router.match("GET", "/posts/7/x"), 500)
    request = environ("/", environ={"PATH_INFO": PATHS[name]})
    took = timed(lambda: router(dict(request), lambda *_: None), 5)
    assert took < 100 * ordinary * max(1, len(PATHS[name]) / 1024)


@pytest.mark.parametrize("name", PATHS)
def test_the_compiled_mapper_too_is_not_kept_busy(name):
    from routes import Mapper

    mapper = Mapper(register=False)
    for path in ("/posts/{id}", "/posts/{id:[0-9]+}/{slug}", "/files/{rest:.*}", "/"):
        mapper.connect(path)
    fast = compile_mapper(mapper)
    ordinary = timed(lambda: fast.match("/posts/7/x", {"REQUEST_METHOD": "GET"}), 500)
    assert fast.match(PATHS[name], {"REQUEST_METHOD": "GET"}) == mapper.match(PATHS[name], {"REQUEST_METHOD": "GET"})
    if "\n" not in PATHS[name]:
        took = timed(lambda: fast.match(PATHS[name], {"REQUEST_METHOD": "GET"}), 5)
        assert took < 100 * ordinary * max(1, len(PATHS[name]) / 1024)


def test_ten_thousand_routes_assemble_at_most_three_times_slower_per_route_than_three_hundred():
    def per_route(count):
        router = Router()
        for at in range(count):
            router.get(f"/api/{{a}}/sec{at}/{{b}}", lambda a, b: "")
        start = time.process_time()
        router.freeze()
        return (time.process_time() - start) / count

    small = min(per_route(300) for _ in range(5))
    assert per_route(10_000) < 3 * small
