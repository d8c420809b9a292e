"""The router as a WSGI app: what answers which request."""

import functools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.errors import ConfigError, Refused
from kit.routing import Frozen, NoRoute, NoUrl, Router, wsgi
from kit.testing import call
from kit.wsgi import Layer, chain, compose
from kit.wsgi.lint import Lint

matchers = pytest.mark.parametrize("matcher", ["compiled", "mapper"])


def plain(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode()] if environ["REQUEST_METHOD"] != "HEAD" else []


@matchers
def test_each_verb_reaches_its_handler(matcher):
    router = Router(matcher=matcher)
    for verb in ("get", "post", "put", "patch", "delete"):
        getattr(router, verb)("/thing", lambda verb=verb: verb)
    for verb in ("get", "post", "put", "patch", "delete"):
        assert call(router, "/thing", method=verb.upper()).text == verb


@matchers
def test_any_takes_every_method(matcher):
    router = Router(matcher=matcher)
    router.any("/thing", lambda request: request.method)
    assert call(router, "/thing", method="BREW").text == "BREW"


@matchers
def test_a_decorator_declares_and_returns_the_function(matcher):
    router = Router(matcher=matcher)

    @router.get("/posts/{id:int}")
    def show(request, id):
        return {"id": id}

    assert show(None, 3) == {"id": 3}
    assert call(router, "/posts/3").json() == {"id": 3}


@matchers
def test_a_wrong_method_is_405_with_allow(matcher):
    router = Router(matcher=matcher)
    router.get("/a/{x}", lambda x: x)
    router.put("/a/{y}", lambda y: y)
    answer = call(router, "/a/1", method="POST")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, PUT")


@matchers
def test_head_is_answered_by_get_without_a_body(matcher):
    router = Router(matcher=matcher)
    router.get("/", lambda: "hello")
    answer = call(router, "/", method="HEAD")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "5")


@matchers
def test_a_head_route_of_its_own_goes_first(matcher):
    router = Router(matcher=matcher)
    router.get("/", lambda: "hello")
    router.route("/", lambda: ("", 204), methods=["HEAD"])
    assert call(router, "/", method="HEAD").status == 204


@matchers
def test_options_lists_the_methods(matcher):
    router = Router(matcher=matcher)
    router.post("/a", lambda: "")
    answer = call(router, "/a", method="OPTIONS")
    assert (answer.status, answer.headers["Allow"]) == (204, "OPTIONS, POST")


@matchers
def test_the_longest_literal_prefix_goes_first_then_the_first_declared(matcher):
    router = Router(matcher=matcher)
    router.get("/{page}", lambda page: page)
    router.get("/about", lambda: "us")
    router.get("/{late}", lambda late: "never")
    assert [call(router, path).text for path in ("/about", "/other")] == ["us", "other"]


@matchers
def test_the_route_and_its_values_are_in_environ_in_the_shape_of_the_specification(matcher):
    router = Router(matcher=matcher)
    router.get("/{a}/{b:float}", lambda a, b: "")
    assert call(router, "/x/1.5").environ["wsgiorg.routing_args"] == ((), {"a": "x", "b": 1.5})


@matchers
def test_utf8_paths_are_decoded_and_malformed_ones_refused(matcher):
    router = Router(matcher=matcher)
    router.get("/u/{name}", lambda name: name)
    assert call(router, "/u/caf%C3%A9").text == "café"
    assert call(router, "/u/caf%E9").status == 400


@pytest.mark.parametrize("path", ["/u/a%0A", "/u/a%00", "/u/%C2%85%0D", "/u/..", "/../u", "/./u/x", "/u/../../etc"])
def test_control_characters_and_dot_segments_are_refused(path):
    router = Router()
    router.get("/u/{name}", lambda name: name)
    router.get("/{rest:path}", lambda rest: rest)
    assert call(router, path).status == 400


def test_a_path_that_is_too_long_is_414():
    assert call(Router(max_path=100), "/" + "x" * 100).status == 414


def test_an_empty_path_is_the_root():
    router = Router()
    router.get("/", lambda: "home")
    assert call(router, "/", environ={"PATH_INFO": ""}).text == "home"


@matchers
def test_a_mounted_app_gets_its_prefix_as_script_name(matcher):
    router = Router(matcher=matcher)
    router.mount("/app", plain)
    assert [call(router, path).text for path in ("/app", "/app/", "/app/x/y")] == ["/app|", "/app|/", "/app|/x/y"]
    assert call(router, "/apple").status == 404
    assert call(router, "/app/caf%C3%A9").text.encode() == "/app|/cafÃ©".encode()


def test_a_mount_at_the_root_takes_what_is_left():
    router = Router()
    router.mount("/", plain)
    router.get("/own", lambda: "own")
    assert [call(router, path).text for path in ("/own", "/", "/x")] == ["own", "|/", "|/x"]


def test_a_mounted_router_writes_urls_below_its_mount_and_knows_the_outer_names():
    outer, inner = Router(), Router()
    inner.get("/x", lambda request: request.environ["kit.url"]("x") + request.environ["kit.url"]("home"), name="x")
    outer.get("/", lambda: "", name="home")
    outer.mount("/in ner", inner)
    assert call(outer, "/in%20ner/x").text == "/in%20ner/x/"


def test_a_wsgi_app_can_stand_where_a_handler_could():
    router = Router()
    router.get("/feed/{id}", wsgi(plain))
    assert call(router, "/feed/1").text == "|/feed/1"
    with pytest.raises(ConfigError, match=r"mark it with kit\.routing\.wsgi"):
        router.get("/bad", plain)
        call(router, "/bad")


class Mark(Layer):
    def __init__(self, app, *, word="x"):
        super().__init__(app)
        self.word = word

    def head(self, environ, status, headers):
        return status, [*headers, ("X-Mark", self.word)]


def test_layers_of_groups_and_routes_nest_and_are_seen_by_chain():
    router = Router()
    outer = router.group("/a", layers=[functools.partial(Mark, word="1"), functools.partial(Mark, word="2")])
    inner = outer.group("/b", layers=[functools.partial(Mark, word="3")])
    inner.get("/c", lambda: "c", layers=[functools.partial(Mark, word="4")])
    inner.get("/d", lambda: "d")
    router.get("/e", lambda: "e")
    router.mount("/plain", plain)
    assert call(router, "/a/b/c").headers.get_all("X-Mark") == ["4", "3", "2", "1"]
    assert call(router, "/a/b/d").headers.get_all("X-Mark") == ["3", "2", "1"]
    assert call(router, "/e").headers.get_all("X-Mark") == []
    names = [node.name for node in chain(router).walk()]
    assert names.count("Mark") == 4
    assert "plain" in names


def test_a_layer_of_a_group_is_one_object_for_all_its_routes():
    made = []
    router = Router()
    group = router.group("/a", layers=[lambda app: made.append(app) or app])
    for at in range(5):
        group.get(f"/{at}", lambda: "")
    router.freeze()
    assert len(made) == 1


def test_a_guard_refuses_by_raising_or_by_an_answer_and_gets_the_variables_it_names():
    seen = []

    def guard(request, id):
        seen.append(id)
        if id == 1:
            raise Refused("not yours")
        return ("elsewhere", 409) if id == 2 else None

    router = Router()
    router.group("/a", guard=guard).get("/{id:int}/{more}", lambda id, more: "in")
    assert [call(router, f"/a/{id}/x").status for id in (1, 2, 3)] == [403, 409, 200]
    assert seen == [1, 2, 3]


def test_a_guard_stands_before_a_mounted_app():
    router = Router()
    router.mount("/app", plain, guard=lambda request: ("no", 403))
    assert call(router, "/app/x").status == 403


def test_a_frozen_router_refuses_routes_with_a_message():
    router = compose(Router())
    with pytest.raises(Frozen, match="declare all routes before compose"):
        router.get("/late", lambda: "")


def test_a_route_declared_after_a_request_is_found():
    router = Router()
    assert call(router, "/a").status == 404
    router.get("/a", lambda: "a")
    assert call(router, "/a").text == "a"


def test_defaults_are_arguments_of_the_handler():
    router = Router()
    group = router.group("/a", defaults={"kind": "x"})
    group.get("/one", lambda kind, n: f"{kind}{n}", defaults={"n": 1})
    group.get("/{n:int}", lambda kind, n: f"{kind}{n}")
    assert [call(router, path).text for path in ("/a/one", "/a/7")] == ["x1", "x7"]


def test_urls_are_written_with_values_query_and_fragment():
    router = Router(origin="https://example.com")
    router.get("/p/{name}/{rest:path}", lambda name, rest: "", name="p")
    assert router.url("p", name="a b%?#ü", rest="x/y z") == "/p/a%20b%25%3F%23%C3%BC/x/y%20z"
    assert router.url("p", name="a", rest="b", q="1&2", none=None, _anchor="end") == "/p/a/b?q=1%262#end"
    assert router.url("p", name="a", rest="b", _external=True) == "https://example.com/p/a/b"


def test_a_url_without_a_name_or_a_value_is_an_error_that_says_so():
    router = Router()
    router.get("/p/{id:int}", lambda id: "", name="post")
    with pytest.raises(NoRoute, match="did you mean 'post'"):
        router.url("pots", id=1)
    with pytest.raises(NoUrl, match="needs 'id'"):
        router.url("post")
    with pytest.raises(NoUrl, match=r"/p/\{id:int\}"):
        router.url("post", id="seven")
    with pytest.raises(ConfigError, match="origin"):
        router.url("post", id=1, _external=True)


def test_one_name_for_two_paths_is_an_error_that_names_both_lines():
    router = Router()
    router.get("/a", lambda: "", name="x")
    router.post("/a", lambda: "", name="x")
    with pytest.raises(ConfigError, match=r"test_router.py:\d+.*test_router.py:\d+"):
        router.get("/b", lambda: "", name="x")


def test_a_mapper_of_routes_holds_the_same_table():
    router = Router()
    router.get("/posts/{id:int}", lambda id: "", name="post")
    assert router.mapper.match("/posts/7", {"REQUEST_METHOD": "GET"}) == {"id": 7}
    assert router.mapper.matchlist[0].kit is router.routes[0]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "BREW"])
@pytest.mark.parametrize(
    "path", ["/a", "/a/", "/b/7", "/b/x", "/m/x", "/m", "/old", "/nothing", "/g/1", "/%00", "/" + "x" * 9000]
)
def test_every_answer_of_a_router_keeps_to_the_rules_of_wsgi(method, path):
    router = Router()
    router.get("/a", lambda: "a")
    router.post("/b/{id:int}", lambda id: {"id": id})
    router.mount("/m", plain)
    router.redirect("/old", "/a")
    router.group("/g", layers=[Mark], guard=lambda request, id: ("no", 403)).any("/{id}", lambda id: id)
    call(Lint(router), path, method=method)


def test_eight_threads_that_send_the_first_requests_at_once_are_all_answered():
    made = []
    for _ in range(20):
        router = Router()
        group = router.group("/g", layers=[lambda app: made.append(app) or app])
        for at in range(30):
            group.get(f"/{at}/{{x:int}}", lambda x: {"x": x})
        barrier = threading.Barrier(8)

        def send(at, barrier=barrier, router=router):
            barrier.wait()
            return call(router, f"/g/{at}/{at}").json()

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(send, range(8))) == [{"x": at} for at in range(8)]
    assert len(made) == 20
