"""Every trap of Routes 2.5.1 that its users fell into: what Routes does, and what kit does instead."""

import time

import pytest
import routes

from kit.routing import NoRoute, Router
from kit.routing.compat import compile_mapper
from kit.testing import call

GET = {"REQUEST_METHOD": "GET"}


def test_the_time_of_a_match_does_not_grow_with_the_table():
    """Routes hashes the code of one expression for all routes at each request."""

    def best(count):
        mapper = routes.Mapper(register=False)
        for at in range(count):
            mapper.connect(f"/sec{at}/{{x}}")
        fast, url = compile_mapper(mapper), f"/sec{count - 1}/y"
        assert fast.match(url, GET) == mapper.match(url, GET) == {"x": "y"}
        return min(_timed(fast.match, url) for _ in range(60))

    assert best(1000) < 4 * best(10)


def _timed(match, url):
    start = time.thread_time()
    for _ in range(50):
        match(url, GET)
    return time.thread_time() - start


@pytest.mark.parametrize("matcher", ["compiled", "mapper"])
def test_braces_and_colons_in_a_requirement_are_part_of_it(matcher):
    mapper = routes.Mapper(register=False)
    mapper.connect(r"/{id:\d{4}}")
    assert mapper.match("/2024", GET) is None
    router = Router(matcher=matcher)
    router.get(r"/y/{year:\d{4}}", lambda year: year)
    router.get("/k/{kind:(?:a|b:c)}", lambda kind: kind)
    assert [call(router, path).text for path in ("/y/2024", "/k/a", "/k/b:c")] == ["2024", "a", "b:c"]
    assert call(router, "/y/20245").status == 404


@pytest.mark.parametrize("matcher", ["compiled", "mapper"])
def test_a_requirement_stays_with_its_own_route(matcher):
    mapper = routes.Mapper(register=False)
    with mapper.submapper(requirements={}) as inner:
        inner.connect(None, "/a/{slug:[a-z]+}")
        inner.connect(None, "/b/{slug}")
    assert mapper.match("/b/UPPER", GET) is None
    router = Router(matcher=matcher)
    group = router.group("")
    group.get("/a/{slug:[a-z]+}", lambda slug: slug)
    group.get("/b/{slug}", lambda slug: slug)
    assert call(router, "/b/UPPER").text == "UPPER"


@pytest.mark.parametrize("matcher", ["compiled", "mapper"])
def test_a_path_is_text_in_utf8(matcher):
    router = Router(matcher=matcher)
    router.get("/u/{name}", lambda name: name)
    answer = call(router, "/u/café")
    assert answer.environ["PATH_INFO"] == "/u/cafÃ©"
    assert answer.environ["wsgiorg.routing_args"] == ((), {"name": "café"})


@pytest.mark.parametrize("matcher", ["compiled", "mapper"])
def test_a_newline_at_the_end_is_not_passed_over(matcher):
    mapper = routes.Mapper(register=False)
    mapper.connect("/u/{id:[0-9]+}")
    assert mapper.match("/u/12\n", GET) == {"id": "12"}
    router = Router(matcher=matcher)
    router.get("/u/{id:[0-9]+}", lambda id: id)
    assert call(router, "/u/12%0A").status == 400


def test_a_long_row_of_slashes_does_not_keep_the_server_busy():
    router = Router(check="off")
    router.get("/{a:path}/x/{b:path}/y", lambda a, b: "")
    start = time.thread_time()
    assert call(router, "/a" + "/" * 2000).status == 404
    assert time.thread_time() - start < 0.2


def test_a_parameter_does_not_change_the_method():
    router = Router()
    router.delete("/things/{id}", lambda id: "gone")
    router.get("/things/{id}", lambda id: "there")
    assert call(router, "/things/1?_method=DELETE").text == "there"
    answer = call(
        router, "/things/1", method="POST", body="_method=DELETE", headers={"Content-Type": "x-www-form-urlencoded"}
    )
    assert answer.status == 405


def test_routing_args_have_the_shape_of_the_specification_and_webob_reads_them():
    import webob

    router = Router()
    router.get("/p/{id:int}", lambda request, id: str(webob.Request(request.environ).urlvars))
    assert call(router, "/p/3").text == "{'id': 3}"


def test_a_forwarded_host_is_not_believed():
    router = Router(origin="https://example.com")
    router.get("/", lambda request: request.environ["kit.url"]("home", _external=True), name="home")
    headers = {"X-Forwarded-Host": "evil.example", "Host": "evil.example"}
    assert call(router, "/", headers=headers).text == "https://example.com/"


def test_the_wrong_method_is_405_head_is_get_and_options_answers():
    router = Router()
    router.get("/p", lambda: "x")
    assert [call(router, "/p", method=m).status for m in ("POST", "HEAD", "OPTIONS")] == [405, 200, 204]


def test_an_unknown_name_of_a_route_is_an_error():
    generate = routes.URLGenerator(routes.Mapper(register=False), {"HTTP_HOST": "x"})
    assert generate("nosuchroute", id=1) == "nosuchroute?id=1"
    with pytest.raises(NoRoute, match="nosuchroute"):
        Router().url("nosuchroute", id=1)


def test_a_name_is_not_remembered_for_an_older_path():
    mapper = routes.Mapper(register=False)
    mapper.connect("n", "/old", action="x")
    assert mapper.generate(action="x") == "/old"
    mapper.connect("n", "/new", action="x")
    assert mapper.generate(action="x") == "/old"
    router = Router()
    router.get("/old", lambda: "", name="n")
    assert router.url("n") == "/old"
    with pytest.raises(ValueError, match="is called 'n'"):
        router.get("/new", lambda: "", name="n")


def test_a_method_is_compared_as_a_whole():
    mapper = routes.Mapper(register=False)
    mapper.connect("/p", conditions={"method": "POST"})
    assert mapper.match("/p", {"REQUEST_METHOD": "POS"}) == {}
    assert compile_mapper(mapper).match("/p", {"REQUEST_METHOD": "POS"}) == {}
    with pytest.raises(ValueError, match="no list of methods"):
        Router().route("/p", lambda: "", methods="POST")
    router = Router()
    router.post("/p", lambda: "")
    assert call(router, "/p", method="POS").status == 405
