"""The compiled decision tree, rule by rule. The mutants of test_mutants.py are killed by these."""

from routes import Mapper

from kit.routing.compat import compile_mapper
from kit.routing.rules import Rule
from kit.routing.tree import compile_rules

GET = {"REQUEST_METHOD": "GET"}


def rule(target, path, **options):
    """A plain rule: `*` is a variable, named by its place."""
    heads = [None if part == "*" else part for part in path.split("/")]
    variables = [(at, f"v{at}", None) for at, head in enumerate(heads) if head is None]
    return Rule(target, heads=heads, variables=variables, **options)


def mapper(*paths, **options):
    made = Mapper(register=False, controller_scan=list)
    for path in paths:
        made.connect(path, **options)
    return made


def test_of_two_that_fit_the_first_in_rank_answers():
    find = compile_rules([rule("a", "/*/x"), rule("b", "/y/*"), rule("c", "/*/*"), rule("d", "/y/x")])
    assert [find(path, "GET")[0] for path in ("/y/x", "/y/z", "/z/z")] == ["a", "b", "c"]


def test_an_empty_segment_is_no_value():
    find = compile_rules([rule("a", "/p/*/q")])
    assert find("/p//q", "GET") is None


def test_a_literal_that_no_branch_has_looked_at_is_looked_at_in_the_leaf():
    find = compile_rules([rule("a", "/p/*/q/*")])
    assert find("/p/1/x/2", "GET") is None
    assert find("/x/1/q/2", "GET") is None


def test_a_path_with_more_or_fewer_segments_does_not_fit():
    find = compile_rules([rule("a", "/p/*")])
    assert find("/p/1/2", "GET") is None
    assert find("/p", "GET") is None


def test_a_literal_path_is_not_answered_at_once_where_something_ranks_before_it():
    find = compile_rules([rule("a", "/*"), rule("b", "/x")])
    assert find("/x", "GET") == ("a", {"v1": "x"})


def test_a_route_for_all_methods_answers_what_the_one_before_it_does_not():
    rules = [rule("a", "/p/*", methods=["GET"]), rule("b", "/p/*")]
    find = compile_rules(rules)
    assert [find("/p/1", method)[0] for method in ("GET", "PUT", None)] == ["a", "b", "a"]
    find = compile_rules([rule("a", "/p/*", methods=[]), rule("b", "/p/*")])
    assert find("/p/1", "GET")[0] == "b"


def test_the_values_of_an_answer_are_its_own():
    find = compile_rules([rule("a", "/p", defaults={"x": 1})])
    find("/p", "GET")[1]["x"] = 2
    assert find("/p", "GET")[1] == {"x": 1}


def test_a_condition_is_asked_with_the_values_and_can_refuse():
    rules = [rule("a", "/p/*", condition=lambda environ, found: found["v2"] == environ), rule("b", "/p/*")]
    find = compile_rules(rules)
    assert [find("/p/1", "GET", "1")[0], find("/p/1", "GET", "2")[0]] == ["a", "b"]


def test_a_variable_competes_in_every_branch_of_literals():
    rules = [rule(word, f"/{word}/x") for word in "abcdef"] + [rule("any", "/*/*")]
    find = compile_rules(rules)
    assert [find(f"/{word}/y", "GET")[0] for word in "abcdefg"] == ["any"] * 7
    rules = [rule("any", "/*/y"), *rules]
    assert [compile_rules(rules)(f"/{word}/y", "GET")[0] for word in "abcdefg"] == ["any"] * 7


def test_a_tail_takes_all_the_rest_and_its_kind_says_whether_that_may_be_empty():
    def tail(kind):
        return compile_rules([Rule("a", heads=("", "f", None), more=True, tail=(2, "rest", kind))])

    assert [tail("*")(path, "GET") for path in ("/f/", "/f/a//b")] == [("a", {"rest": ""}), ("a", {"rest": "a//b"})]
    assert [tail("+")(path, "GET") for path in ("/f/", "/f//b")] == [None, ("a", {"rest": "/b"})]
    assert [tail("/")(path, "GET") for path in ("/f//b", "/f/a//b")] == [None, ("a", {"rest": "a//b"})]
    assert tail("*")("/f", "GET") is None


def test_a_converter_gives_the_value_and_can_refuse():
    number = lambda text: int(text) if text.isdecimal() else None  # noqa: E731
    rules = [Rule("a", heads=("", None), variables=[(1, "n", number)]), rule("b", "/*")]
    find = compile_rules(rules)
    assert [find("/7", "GET"), find("/x", "GET")] == [("a", {"n": 7}), ("b", {"v1": "x"})]


def test_routes_of_one_path_keep_their_own_defaults():
    rules = [rule(m, "/p/*", methods=[m], defaults={"x": m} if m == "GET" else {}) for m in ("GET", "PUT")]
    find = compile_rules(rules)
    assert [find("/p/1", m)[1] for m in ("GET", "PUT")] == [{"x": "GET", "v2": "1"}, {"v2": "1"}]


def test_the_wrong_method_is_told_with_the_right_ones_only_where_all_else_fits():
    rules = [
        rule("a", "/p/*", methods=["GET"]),
        rule("b", "/*/x", methods=["PUT"]),
        rule("c", "/q/y", methods=["POST"]),
    ]
    find = compile_rules(rules)
    assert sorted(find("/p/x", "BREW")[1]) == ["GET", "PUT"]
    assert find("/p/y", "BREW") == (None, ("GET",))
    assert find("/x/y", "BREW") is None
    refused = compile_rules([rule("a", "/p/*", methods=["GET"], condition=lambda environ, found: False)])
    assert refused("/p/1", "PUT") is None


def test_the_method_that_routes_does_not_look_at_without_an_environ_is_not_looked_at():
    plain = mapper("/p/{id}", conditions={"method": ["POST"]})
    assert compile_mapper(plain).match("/p/1") == plain.match("/p/1") == {"id": "1"}


def test_a_newline_is_left_to_the_mapper():
    plain = mapper("/p/{id:[0-9]+}")
    assert compile_mapper(plain).match("/p/1\n", GET) == plain.match("/p/1\n", GET) == {"id": "1"}


def test_a_requirement_that_looks_around_is_left_to_the_route():
    plain = mapper("/p/{id}/x", requirements={"id": r"\w+(?=/x)"})
    assert compile_mapper(plain).match("/p/1/x", GET) == plain.match("/p/1/x", GET) == {"id": "1"}


def test_a_requirement_that_refers_to_a_group_by_number_is_left_to_the_mapper():
    plain = mapper("/p/{a}/{b}", requirements={"b": r"(\w)\1"})
    plain.connect("/q/{c}")
    assert compile_mapper(plain).match("/p/x/aa", GET) == plain.match("/p/x/aa", GET)
    assert compile_mapper(plain).match("/p/1/1x", GET) == plain.match("/p/1/1x", GET)


def test_a_minimized_route_fits_only_below_its_literal_prefix():
    plain = mapper("a.{format}", _minimize=True, format="html")
    for url in ("/a", "/a.", "/a.x", "/b"):
        assert compile_mapper(plain).match(url, GET) == plain.match(url, GET)
    assert plain.match("/a", GET) is None


def test_a_route_connected_later_is_found_by_the_next_match():
    fast = compile_mapper(mapper("/p/{id}"))
    assert fast.match("/q", GET) is None
    fast.connect("/q", action="q")
    assert fast.match("/q", GET) == {"action": "q"}
    by_list = Mapper(register=False, controller_scan=None)
    fast = compile_mapper(by_list)
    fast.create_regs(clist=["a"])
    fast.connect("/{controller}")
    assert fast.match("/a", GET) == {"controller": "a"}


def test_a_list_of_controllers_that_the_mapper_was_given_is_not_lost():
    plain = mapper("/{controller}")
    fast = compile_mapper(plain)
    assert fast.match("/b", GET) is None
    plain.connect("/x/{controller}")
    plain.create_regs(["b"])
    assert fast.match("/b", GET) == fast.match("/x/b", GET) == {"controller": "b"}
    fast = compile_mapper(plain)
    fast.connect("/y")
    assert fast.match("/b", GET) == plain.match("/b", GET) == {"controller": "b"}


def test_a_compiled_mapper_serves_the_middleware_and_the_url_generator_of_routes():
    from routes import URLGenerator
    from routes.middleware import RoutesMiddleware

    from kit.testing import call

    plain = mapper("/p/{id}", action="show")

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [repr(environ["wsgiorg.routing_args"][1]).encode()]

    served = RoutesMiddleware(app, compile_mapper(plain), use_method_override=False, singleton=False)
    assert call(served, "/p/7").text == "{'action': 'show', 'id': '7'}"
    assert URLGenerator(compile_mapper(plain), {"HTTP_HOST": "x"})(action="show", id=3) == "/p/3"


def test_options_of_the_mapper_that_are_set_later_count():
    plain = mapper("/p/{id}")
    fast = compile_mapper(plain)
    assert fast.match("/p/1", GET) == {"id": "1"}
    fast.sub_domains = True
    environ = {**GET, "HTTP_HOST": "a.example.com"}
    assert fast.match("/p/1", environ) == {"id": "1", "sub_domain": "a"}
    fast.sub_domains, fast.prefix = False, "/app"
    plain.create_regs()
    assert [fast.match(url, GET) for url in ("/app/p/1", "/p/1")] == [{"id": "1"}, None]
    assert plain.prefix == "/app"


def test_a_mapper_that_was_never_given_its_controllers_says_so_itself():
    import pytest
    from routes.util import RoutesException

    fast = compile_mapper(Mapper(register=False, controller_scan=None))
    with pytest.raises(RoutesException, match="must generate the regular expressions"):
        fast.match("/", GET)
    with pytest.raises(RoutesException, match="URL or environ"):
        compile_mapper(mapper("/")).match()


def test_an_option_that_a_subclass_computes_is_left_to_the_mapper():
    class Computed(Mapper):
        prefix = property(lambda self: "/app", lambda self, value: None)

    plain = Computed(register=False, controller_scan=list)
    plain.connect("/p/{id}")
    assert compile_mapper(plain).match("/app/p/1", GET) == {"id": "1"}


def test_what_is_no_mapper_is_refused():
    import pytest

    from kit.errors import ConfigError

    with pytest.raises(ConfigError, match=r"no routes\.Mapper"):
        compile_mapper(object())


def test_all_else_is_the_mappers_own():
    fast = compile_mapper(mapper("/p/{id}", action="show"))
    assert fast.generate(action="show", id=3) == "/p/3"
    assert fast.routematch("/p/3", GET)[1] is fast.matchlist[0]
    assert "/p/{id}" in str(fast)


def test_threads_that_connect_and_match_at_once_get_right_answers():
    from concurrent.futures import ThreadPoolExecutor

    fast = compile_mapper(mapper("/p/{id}"))

    def work(at):
        fast.connect(f"/r{at}/{{x}}")
        return [fast.match("/p/1", GET), fast.match(f"/r{at}/1", GET)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(24)))
    assert answers == [[{"id": "1"}, {"x": "1"}]] * 24


def test_a_deep_tree_is_divided_among_functions():
    words = ["/".join(f"{c}" for c in f"{n:09b}") for n in range(512)]
    find = compile_rules([rule(word, f"/{word}/*") for word in words])
    assert [find(f"/{word}/x", "GET")[0] for word in words] == words
    assert find("/2" + "/0" * 8 + "/x", "GET") is None


def test_rules_that_no_segment_divides_well_are_tried_in_turn():
    rules = [rule(("a", n), f"/a{n}/*") for n in range(200)] + [rule(("b", n), f"/*/b{n}") for n in range(200)]
    find = compile_rules(rules)
    assert [find(f"/x/b{n}", "GET")[0] for n in range(200)] == [("b", n) for n in range(200)]
    assert find("/a7/b7", "GET")[0] == ("a", 7)
    assert find("/x/y", "GET") is None


def test_many_counts_of_segments_and_many_literals_are_jumped_to():
    rules = [rule(n, "/*" * n) for n in range(1, 40)] + [rule(("w", n), f"/w{n}/*") for n in range(300)]
    find = compile_rules(rules[39:] + rules[:39])
    assert [find("/x" * n, "GET")[0] for n in range(1, 40)] == list(range(1, 40))
    assert [find(f"/w{n}/x", "GET")[0] for n in range(300)] == [("w", n) for n in range(300)]
    assert find("/x" * 41, "GET") is None
