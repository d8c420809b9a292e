"""Random mappers and URLs on which a compiled mapper must say exactly what Routes says: the same dict, the same Route.

    python -m tests.routing.differential --mappers 5000 --urls 200 --seed 1

prints the seed, the counts and the first differences, and exits with 1 if there is one.
What varies: requirement patterns, minimization, conditions (methods, functions, sub-domains), prefix, controllers,
resources, submappers, wildcards, formats, Unicode, empty segments, newlines, subclasses of Route, and routes that are
connected later.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from routes import Mapper
from routes.route import Route

from kit.routing.compat import compile_mapper

WORDS = ["a", "b", "posts", "new", "edit", "x.y", "cafÃ©", "é", "v1", "admin", "a-b", "~", "", "{", "index"]
NAMES = ["id", "name", "slug", "action", "controller", "rest", "year", "format", "path_info"]
PATTERNS = [
    r"\d+", r"\d{2}", r"[a-z]+", r"[^/]+", r"\w*", r".*", r".+", r".*?", r"a|b", r"new|\d+", r"[^-]+", r"(?:x|y)+",
    r"(?i:abc)", r"(?=a)\w+", r"\S+", r"[/a]+", r"(a|b)", r"[0-9]{1,3}", r"^a", r"b$", r"\w+\b", r"(\w)\1",
    r"", r"[^a]",
    r"a/b", r"\s",
]  # fmt: skip
VALUES = [
    "a", "b", "1", "12", "123", "posts", "new", "٣", "é", "caf\xe9", "", "a b", "a.b", "x.json", "-", "a-b",
    "abc", "ABC",
    "xyx", "a/b", "%", "aa", "\n", "1\n", "a\n", ".", "..", "{", "index", "admin", "a.", ".a", "\x00", "z" * 40,
]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "get", "POS", ""]
HOSTS = ["example.com", "www.example.com", "a.example.com", "b.c.example.com:80", "localhost", "a.b"]


class LaterRoute(Route):
    """A subclass that changes nothing of matching."""


class StubbornRoute(Route):
    """A subclass that matches in its own way."""

    def match(self, url, environ=None, *args):
        found = super().match(url, environ, *args)
        return found if found and len(url) % 3 else False


class ShoutingRoute(Route):
    """A subclass that builds another expression."""

    def buildfullreg(self, clist, include_names=True):
        return super().buildfullreg(clist, include_names).replace("posts", "(?:posts|POSTS)")


def table(rng: random.Random) -> Mapper:
    """A random mapper."""
    scan = rng.choice([list, list, lambda: ["a", "posts", "admin/users"], ["a", "b"]])
    mapper = Mapper(controller_scan=scan, register=False, explicit=rng.random() < 0.8)
    mapper.minimization = rng.random() < 0.25
    kind = rng.choices([Route, LaterRoute, StubbornRoute, ShoutingRoute], [90, 6, 2, 2])[0]
    if kind is not Route:
        mapper.make_route = lambda *args, **options: kind(*args, **options)
    if rng.random() < 0.08:
        mapper.prefix = rng.choice(["/app", "/a", "/app/v1"])
    if rng.random() < 0.12:
        mapper.sub_domains = True
        mapper.sub_domains_ignore = rng.choice([[], ["www"], ["www", None]])
    if rng.random() < 0.02:
        mapper.debug = True
    if rng.random() < 0.02:
        mapper.encoding = None
    if rng.random() < 0.01:
        mapper.always_scan = True
    for _ in range(rng.choice([1, 2, 3, 5, 8, 13, 30])):
        connect(rng, mapper)
    return mapper


def connect(rng: random.Random, mapper: Mapper) -> None:
    """One more random route."""
    chance = rng.random()
    if chance < 0.03:
        mapper.resource("post", rng.choice(["posts", "messages"]), path_prefix=rng.choice([None, "/a", "/{year}"]))
        return
    if chance < 0.06:
        with mapper.submapper(path_prefix=rng.choice(["/a", "/posts/{id}"]), requirements={"id": r"\d+"}) as inner:
            inner.connect(None, path(rng, {"id"})[0], action="inner")
        return
    where, names = path(rng, set())
    options = {}
    if rng.random() < 0.4:
        options["requirements"] = {name: rng.choice(PATTERNS) for name in names if rng.random() < 0.6}
    for name in rng.sample(NAMES, rng.choice([0, 0, 1, 2])):
        options[name] = rng.choice(["a", "posts", 1, None, "", str, "index"])
    if rng.random() < 0.5:
        options["conditions"] = conditions(rng)
    if rng.random() < 0.05:
        options["_static"] = True
    mapper.connect(rng.choice([None, "name", "other"]), where, **options)


def path(rng: random.Random, taken: set) -> tuple[str, list]:
    """A random path and its variables."""
    made, names = rng.choice(["/", "/", "/", "/", ""]), []
    for at in range(rng.choice([0, 1, 1, 2, 2, 3, 4])):
        made += "/" if at else ""
        for _ in range(rng.choice([1, 1, 1, 1, 2])):
            free = [name for name in NAMES if name not in taken]
            if rng.random() < 0.5 or not free:
                made += rng.choice(WORDS).replace("{", r"\{")
                continue
            name = rng.choice(free)
            taken.add(name)
            names.append(name)
            made += rng.choice(["{%s}"] * 6 + [":(%s)", "*(%s)", "{.%s}", r"{%s:\d+}", "{%s:[a-z]+}", "{%s:.*}"]) % name
    return made + rng.choice(["", "", "", "/"]), names


def conditions(rng: random.Random) -> dict:
    """Random conditions."""
    made = {}
    if rng.random() < 0.8:
        some = rng.sample(METHODS[:6], rng.choice([0, 1, 1, 2]))
        made["method"] = rng.choice([some, some, tuple(some), set(some), "POST", [*some, None]])
    if rng.random() < 0.15:
        made["sub_domain"] = rng.choice([True, False, ["a"], ["www", "a"]])
    if rng.random() < 0.2:
        made["function"] = rng.choice([_short, _extends, _local])
    return made


def _short(environ, found):
    return len(found) < 3


def _extends(environ, found):
    found["seen"] = True
    return found


def _local(environ, found):
    return environ and environ.get("HTTP_HOST") != "localhost"


def urls(rng: random.Random, mapper: Mapper, count: int):
    """URLs that could fit the routes, and such that nearly do; each with an environ."""
    paths = [route.routelist for route in mapper.matchlist] or [["/"]]
    for _ in range(count):
        url = "".join(part if isinstance(part, str) else rng.choice(VALUES) for part in rng.choice(paths))
        for _ in range(rng.choice([0, 0, 0, 0, 1, 2])):
            at = rng.randrange(len(url) + 1)
            url = url[:at] + rng.choice(["/", "x", "\n", "//", "é", "1", ""]) + url[at + rng.choice([0, 1, 2]) :]
        if rng.random() < 0.9 and not url.startswith("/"):
            url = "/" + url
        if mapper.prefix and rng.random() < 0.8:
            url = mapper.prefix + url
        environ = {"REQUEST_METHOD": rng.choice(METHODS), "HTTP_HOST": rng.choice(HOSTS)}
        yield (
            url,
            rng.choice([environ] * 12 + [None, None, {}, {"HTTP_HOST": "a.example.com"}, {"REQUEST_METHOD": "GET"}]),
        )


def said(match, *args):
    """What was answered, or which error was raised."""
    try:
        return match(*args)
    except Exception as exc:
        return type(exc)


def differences(seed: int, count: int):
    """Differences for one random mapper, and how many URLs were compared, how many of them matched."""
    rng = random.Random(seed)
    mapper = said(table, rng)
    if isinstance(mapper, type):
        return [], 0, 0
    fast = compile_mapper(mapper)
    found, hits, compared = [], 0, 0
    for late in (False, True):
        if late:
            if rng.random() < 0.8 or said(connect, rng, fast):
                break
            again = rng.choice([mapper, fast]).create_regs
            if isinstance(said(again, *rng.choice([(), (["b", "posts"],)])), type):
                break
        for url, environ in urls(rng, mapper, count):
            mine, theirs = said(fast.routematch, url, environ), said(mapper.routematch, url, environ)
            compared += 1
            hits += theirs is not None and not isinstance(theirs, type)
            if mine != theirs or (theirs and not isinstance(theirs, type) and mine[1] is not theirs[1]):
                found.append((seed, url, environ, mine, theirs))
            elif compared % 7 == 0 and said(fast.match, url, environ) != said(mapper.match, url, environ):
                found.append((seed, url, environ, "match"))
    return found, compared, hits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mappers", type=int, default=5000)
    parser.add_argument("--urls", type=int, default=220, help="URLs for each mapper")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6) * 10**6)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    start, mappers, compared, hits, wrong = time.time(), 0, 0, 0, []
    for seed in range(options.seed, options.seed + options.mappers):
        found, number, fitting = differences(seed, options.urls)
        mappers, compared, hits, wrong = mappers + bool(number), compared + number, hits + fitting, wrong + found
    for each in wrong[:10]:
        print(each)
    print(f"{mappers} mappers, {compared} URLs, {hits} hits, {len(wrong)} differences, {time.time() - start:.0f} s")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
