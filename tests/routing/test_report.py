"""The assembly report: what can never be reached, what is ambiguous, what a hostile URL could abuse."""

import warnings

import pytest

from kit.routing import Router
from kit.routing.patterns import danger
from kit.routing.report import RoutingFault, RoutingWarning, report
from kit.wsgi import compose


def kinds(router):
    return [(finding.kind, finding.route.path, finding.other and finding.other.path) for finding in report(router)]


def table(*paths, methods=("GET",)):
    router = Router()
    for path in paths:
        router.route(path, lambda **args: "", methods=methods)
    return router


def test_a_second_route_for_the_same_urls_is_a_duplicate_and_both_lines_are_named():
    router = Router()
    router.get("/p/{a}", lambda a: "")
    router.get("/p/{b}", lambda b: "")
    [finding] = report(router)
    assert (finding.kind, finding.route.path, finding.other.path) == ("duplicate", "/p/{b}", "/p/{a}")
    lines = [int(part.split(")")[0]) for part in str(finding).split("test_report.py:")[1:]]
    assert lines[1] == lines[0] - 1


@pytest.mark.parametrize(
    "paths",
    [
        ("/p/{a}", "/p/{b:int}"),
        ("/{a}/x", "/{b:slug}/x"),
        ("/f/{rest:path}", "/f/{a}"),
        ("/f/{rest:path}", "/f/{a}/{b}"),
        ("/f/{rest:.*}", "/f/{more:path}"),
        ("/{a}/{b}", "/{a:int}/{b:int}"),
    ],
)
def test_a_route_behind_a_more_general_one_is_dead(paths):
    assert kinds(table(*paths)) == [("dead", paths[1], paths[0])]
    assert kinds(table(*reversed(paths))) == []


def test_two_routes_that_share_the_methods_of_a_third_kill_it_together():
    router = Router()
    router.get("/p/{a}", lambda a: "")
    router.post("/p/{a}", lambda a: "")
    router.route("/p/{b:int}", lambda b: "", methods=["GET", "POST"])
    assert kinds(router) == [("dead", "/p/{b:int}", "/p/{a}")]


def test_what_can_be_reached_is_not_called_dead():
    assert kinds(table("/p/{a}", "/p/{a}/", "/p/new", "/p/", "/p/{a}/{b}", "/p")) == []
    router = Router()
    router.get("/p", lambda: "", host="a.b")
    router.get("/p", lambda: "")
    router.post("/p", lambda: "")
    assert kinds(router) == []


def test_a_partly_taken_method_is_reported():
    router = Router()
    router.get("/p", lambda: "")
    router.route("/p", lambda: "", methods=["GET", "POST"])
    [finding] = report(router)
    assert "never gets GET" in str(finding)


def test_an_ambiguity_is_shown_with_a_url_that_both_take():
    [finding] = report(table("/{a}/x", "/{b:int}/{c}"))
    assert finding.kind == "ambiguous"
    assert "both take /1/x" in str(finding)


def test_dead_is_said_only_of_routes_that_no_url_reaches():
    """What the report calls dead is not reached by any URL that its own path writes."""
    import random

    rng = random.Random(7)
    kindsof = ["{%s}", "{%s:int}", "{%s:slug}", "{%s:path}", "a", "b", "1", "a-b", ""]
    values = {"int": [0, 7], "slug": ["a", "b", "1", "a-b"], "path": ["a", "1/b"], "": ["a", "x.y", "1"]}
    dead = reached = 0
    for _ in range(400):
        router = Router(slash="strict")
        for _ in range(rng.choice([2, 3, 5, 9])):
            parts = [rng.choice(kindsof) for _ in range(rng.choice([1, 2, 3]))]
            path = "".join("/" + (part % f"v{at}" if "%" in part else part) for at, part in enumerate(parts))
            router.get(path, lambda **args: "")
        doomed = {id(f.route) for f in report(router) if f.kind in ("dead", "duplicate")}
        dead += len(doomed)
        for route in router.routes:
            for _ in range(6):
                args = {v.name: rng.choice(values[v.text]) for v in route.template.variables}
                found = router.match("GET", route.template.build(args))
                reached += found[0] is route
                assert not (found[0] is route and id(route) in doomed), route
    assert dead > 100
    assert reached > 1000


def test_faults_are_warnings_at_assembly_errors_if_wanted_or_nothing():
    def doubled(check):
        router = Router(check=check)
        router.get("/p", lambda: "", name="p")
        router.get("/p", lambda: "")
        return router

    with pytest.warns(RoutingWarning, match="duplicate: GET /p"):
        compose(doubled("warn"))
    with pytest.raises(RoutingFault, match="duplicate: GET /p"):
        compose(doubled("error"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compose(doubled("off"))
    ambiguous = Router(check="strict")
    ambiguous.get("/{a}/x", lambda a: "")
    ambiguous.get("/{b:int}/{c}", lambda b, c: "")
    with pytest.raises(RoutingFault, match="both take /1/x"):
        ambiguous.freeze()


@pytest.mark.parametrize(
    "pattern", ["(?:a+)+", "(?:a*)*b", r"(?:\w+\s?)*\Z", "(?:[a-z]b|a[a-z])*c", "(?:-?a+)*", ".*x.*y.*", r"\w+\d+\w+"]
)
def test_expressions_that_can_blow_up_are_named(pattern):
    assert danger(pattern)
    assert [kind for kind, _, _ in kinds(table(f"/{{x:{pattern}}}"))] == ["danger"]


@pytest.mark.parametrize("pattern", [r"\d{4}", "[a-z]+-[0-9]+", "(?:ab|cd)+", r"[^/]+", ".*", r"\w+(?:-\w+)*", "a|b"])
def test_harmless_expressions_are_not(pattern):
    assert danger(pattern) == ""


def test_three_variables_across_slashes_are_dangerous():
    assert kinds(table("/{a:path}/x/{b:path}/y/{c:path}"))[0][0] == "danger"
