"""What it costs to find a route, in kit and in its peers: python -m benchmarks.routing

The same 300 routes (method and path, see routing_table.py) for everyone; every router must first name the right one for
all of them, and none for URLs that are not there. Then the mean time per match is printed, the choice of the method
included, and its ratio to Falcon. Targets: kit at most 0.8 of Falcon; hit, miss and wrong method at 10, 100, 1,000 and
10,000 sibling routes within 1.5 times of each other; 10,000 routes assemble at most 3 times slower per route than 300.
Exits with 1 if one is missed.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings

from benchmarks.routing_table import ROUTES, url_of
from benchmarks.timing import measure

WRONG, NOTHING = "wrong method", "nothing"
MISSES = ["/nothing", "/repos/owner1", "/repos/owner1/repo1/nothing", "/users/x/y/z/1/2/3", "/gists/public/x/y"]


def kit(routes):
    from kit.routing import Router

    router = Router(check="off")
    for method, path in routes:
        router.route(path, lambda **args: "", methods=[method])
    find = router.matcher.find

    def match(method, url):
        return find(url, method)

    def told(found):
        return NOTHING if found is None else WRONG if found[0] is None else found[0].path

    return match, told


def _mapper(routes):
    from routes import Mapper

    mapper = Mapper(register=False)
    for method, path in routes:
        mapper.connect(path.replace(":path}", ":.*}"), handler=path, conditions={"method": [method]})
    mapper.create_regs()
    return mapper


def kit_mapper(routes):
    from kit.routing.compat import compile_mapper

    return _routes(compile_mapper(_mapper(routes)))


def routes_mapper(routes):
    return _routes(_mapper(routes))


def _routes(mapper):
    environs = {method: {"REQUEST_METHOD": method} for method, _ in ROUTES}
    environs["BREW"] = {"REQUEST_METHOD": "BREW"}
    routematch = mapper.routematch

    def match(method, url):
        return routematch(url, environs[method])

    return match, lambda found: NOTHING if found is None else found[0]["handler"]


def falcon(routes):
    from falcon.routing import CompiledRouter

    router, resources = CompiledRouter(), {}
    for method, path in routes:
        resources.setdefault(path, []).append(method)
    for path, methods in resources.items():
        names = {f"on_{method.lower()}": (lambda self, req, resp, **args: None) for method in methods}
        router.add_route(path, type("Resource", (), {**names, "path": path})())
    find = router.find

    def match(method, url):
        found = find(url)
        return found and (found[0], found[1].get(method), found[2])

    def told(found):
        if found is None:
            return NOTHING
        return WRONG if found[1] is None or not hasattr(found[1], "__self__") else found[0].path

    return match, told


def werkzeug(routes):
    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import Map, Rule

    rules = []
    for method, path in routes:
        written = path.replace("{", "<").replace("}", ">")
        rules.append(Rule(written, endpoint=path, methods=[method]))
    table = Map(rules)
    environ = {
        "HTTP_HOST": "x",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "REQUEST_METHOD": "GET",
    }

    def match(method, url):
        try:
            return table.bind_to_environ(environ | {"PATH_INFO": url}).match(url, method)
        except HTTPException as exc:
            return exc

    return match, _by_status


def _by_status(found):
    if isinstance(found, Exception):
        return WRONG if found.code == 405 else NOTHING
    return found[0]


def bottle(routes):
    import bottle as module

    router = module.Router()
    for method, path in routes:
        router.add(path.replace("{", "<").replace("}", ">"), method, path)

    def match(method, url):
        try:
            return router.match({"REQUEST_METHOD": method, "PATH_INFO": url})
        except module.HTTPError as exc:
            return exc

    def told(found):
        return (WRONG if found.status_code == 405 else NOTHING) if isinstance(found, Exception) else found[0]

    return match, told


def pyramid(routes):
    from pyramid.urldispatch import RoutesMapper

    mapper = RoutesMapper()
    for at, (method, path) in enumerate(routes):

        def fits(info, request, method=method):
            return request.method == method

        mapper.connect(f"{at}", path.replace("{path:path}", "{path:.*}"), factory=None, predicates=[fits])
    names = [path for _, path in routes]

    class Request:
        def __init__(self, method, url):
            self.method, self.environ = method, {"PATH_INFO": url, "REQUEST_METHOD": method}
            self.path_info = url

    def match(method, url):
        return mapper(Request(method, url))

    return match, lambda found: NOTHING if found["route"] is None else names[int(found["route"].name)]


def django(routes):
    from django.conf import settings

    if not settings.configured:
        settings.configure()
    from django.urls import Resolver404, path
    from django.urls.resolvers import RegexPattern, URLResolver

    views = {}
    for method, where in routes:
        views.setdefault(where, {})[method] = where
    patterns = []
    for where, methods in views.items():
        written = where[1:].replace("{path:path}", "<path:path>").replace("{", "<").replace("}", ">")
        patterns.append(path(written, lambda request, **args: None, kwargs={"methods": methods}))
    resolver = URLResolver(RegexPattern(r"^/"), patterns)

    def match(method, url):
        try:
            return resolver.resolve(url).kwargs["methods"].get(method, WRONG)
        except Resolver404:
            return NOTHING

    return match, lambda found: found


def sanic(routes):
    from sanic_routing import BaseRouter
    from sanic_routing.exceptions import NoMethod, NotFound

    class Router(BaseRouter):
        def get(self, path, method):
            return self.resolve(path, method=method)

    router = Router()
    for method, path in routes:
        router.add(path.replace("{", "<").replace("}", ">"), path, methods=[method])
    router.finalize()
    resolve = router.resolve

    def match(method, url):
        try:
            return resolve(url, method=method)
        except (NotFound, NoMethod) as exc:
            return exc

    def told(found):
        return (WRONG if isinstance(found, NoMethod) else NOTHING) if isinstance(found, Exception) else found[1]

    return match, told


def starlette(routes):
    from starlette.routing import Match, Route

    async def endpoint(request):
        """Never called."""

    table = [Route(path, endpoint, methods=[method], name=path) for method, path in routes]

    def match(method, url):
        scope, partial = {"type": "http", "path": url, "method": method, "root_path": ""}, None
        for route in table:
            kind, _ = route.matches(scope)
            if kind is Match.FULL:
                return route
            partial = partial or (route if kind is Match.PARTIAL else None)
        return WRONG if partial else None

    def told(found):
        return NOTHING if found is None else found if found == WRONG else found.name

    return match, told


PEERS = {
    "kit": kit, "kit, compiled Mapper": kit_mapper, "Falcon": falcon, "sanic-routing": sanic, "Bottle": bottle,
    "Werkzeug, bound per request": werkzeug, "Pyramid": pyramid, "Django": django, "Starlette": starlette,
    "Routes": routes_mapper,
}  # fmt: skip
FALLS_BACK = {"Routes", "kit, compiled Mapper", "Pyramid"}  # to which a wrong method is like no route


def checked(name, make):
    """The match function of a router, after it has named the right route for all 300."""
    match, told = make(ROUTES)
    for method, path in ROUTES:
        found = told(match(method, url_of(path)))
        assert found == path, (name, method, path, found)
    for url in MISSES:
        assert told(match("GET", url)) == NOTHING, (name, url, told(match("GET", url)))
    assert told(match("BREW", url_of(ROUTES[-1][1]))) == (NOTHING if name in FALLS_BACK else WRONG), name
    return match


def over(match, requests):
    """A function that matches all requests once."""

    def run():
        for method, url in requests:
            match(method, url)

    return run


def table():
    """Print the means, and return kit's ratio to Falcon over all routes."""
    kinds = {
        "all 300": ROUTES,
        "literal": [each for each in ROUTES if "{" not in each[1]],
        "1 variable": [each for each in ROUTES if each[1].count("{") == 1 and ":path" not in each[1]],
        "2 or 3": [each for each in ROUTES if each[1].count("{") > 1 and ":path" not in each[1]],
        "wildcard": [each for each in ROUTES if ":path" in each[1]],
    }
    requests = {kind: [(method, url_of(path)) for method, path in some] for kind, some in kinds.items()}
    requests["miss"] = [("GET", url) for url in MISSES]
    requests["wrong method"] = [("BREW", url) for _, url in requests["all 300"]]
    matches = {name: checked(name, make) for name, make in PEERS.items()}
    times = {}
    for kind, some in requests.items():
        best = measure({name: over(match, some) for name, match in matches.items()}, rounds=15, seconds=0.01)
        times[kind] = {name: took / len(some) * 1e9 for name, took in best.items()}
    print(f"ns per match; {len(ROUTES)} routes\n{'':28}" + "".join(f"{kind:>13}" for kind in times) + "   all/Falcon")
    ratios = {name: times["all 300"][name] / times["all 300"]["Falcon"] for name in matches}
    for name in sorted(matches, key=ratios.get):
        print(f"{name:28}" + "".join(f"{times[kind][name]:13.0f}" for kind in times) + f"{ratios[name]:13.2f}")
    return ratios["kit"]


def least(ways, rounds, count=200):
    """Least seconds per call. Rounds are short, so that some of them fall between the other work of a busy machine."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            for _ in range(count):
                way()
            best[name] = min(best[name], (time.perf_counter() - start) / count)
    return best


def siblings():
    """Print how time grows with the number of siblings, and return the worst growth of kit."""
    print("\nns per match of the last of n siblings /api/{a}/secN/{b}, of none of them, and by the wrong method")
    worst = 0.0
    for name, counts in {"kit": (10, 100, 1000, 10_000), "Falcon": (10, 100, 1000), "Routes": (10, 100)}.items():
        ways = {}
        for count in counts:
            match, told = PEERS[name]([("GET", f"/api/{{a}}/sec{at}/{{b}}") for at in range(count)])
            url = f"/api/x/sec{count - 1}/y"
            assert told(match("GET", url)).endswith(f"sec{count - 1}/{{b}}")
            ways["hit", count] = lambda match=match, url=url: match("GET", url)
            ways["miss", count] = lambda match=match: match("GET", "/api/x/none/y")
            ways["wrong method", count] = lambda match=match, url=url: match("BREW", url)
        best = least(ways, 500 if name == "kit" else 30)
        for kind in ("hit", "miss", "wrong method"):
            row = [best[kind, count] * 1e9 for count in counts]
            print(
                f"  {name:8} {kind:14}" + "".join(f"{took:11.0f}" for took in row) + f"   x {max(row) / min(row):.2f}"
            )
            worst = max(worst, max(row) / min(row)) if name == "kit" else worst
    return worst


def assembly():
    """Print what a route costs to declare and to assemble, and return the ratio of 10,000 routes to 300."""
    from kit.routing import Router

    def per_route(count):
        gc.collect()
        start = time.process_time()
        router = Router()
        for at in range(count):
            router.get(f"/api/{{a}}/sec{at}/{{b}}", lambda a, b: "")
        router.freeze()
        return (time.process_time() - start) / count

    took = {count: min(per_route(count) for _ in range(9 if count < 1000 else 2)) for count in (10, 300, 10_000)}
    for count, each in took.items():
        print(
            f"  assembly of {count:6} routes, report included: {each * 1e6:7.1f} us each, {each * count * 1e3:8.1f} ms"
        )
    return took[10_000] / took[300]


def main():
    warnings.simplefilter("ignore")
    to_falcon, growth, ratio = table(), siblings(), assembly()
    print(
        f"\nkit to Falcon {to_falcon:.2f} (at most 0.8); growth with siblings {growth:.2f} (1.5); assembly"
        f" {ratio:.2f} (3)"
    )
    return to_falcon > 0.8 or growth > 1.5 or ratio > 3


if __name__ == "__main__":
    sys.exit(main())
