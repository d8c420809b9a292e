"""Hosts, schemes, versions, slashes, redirects, resources, links, includes: what else a table can say."""

import pytest

from kit.errors import ConfigError
from kit.routing import NoRoute, NoUrl, Router, wsgi
from kit.routing.conditions import AcceptVersion, HeaderVersion
from kit.routing.group import Group
from kit.testing import call
from kit.wsgi import compose

matchers = pytest.mark.parametrize("matcher", ["compiled", "mapper"])


@matchers
def test_a_host_with_a_variable_chooses_the_route_and_gives_its_label(matcher):
    router = Router(matcher=matcher)
    router.get("/", lambda tenant: tenant, host="{tenant}.example.com")
    router.get("/", lambda: "main")
    hosts = ["Ann.example.com", "ann.example.com:8080", "example.com", "a.b.example.com", "ann.example.com."]
    assert [call(router, "/", headers={"Host": host}).text for host in hosts] == ["ann", "ann", "main", "main", "ann"]


@matchers
def test_the_checked_host_goes_before_the_header(matcher):
    router = Router(matcher=matcher)
    router.get("/", lambda: "api", host="api.example.com")
    answer = call(router, "/", headers={"Host": "evil.com"}, environ={"kit.host": "api.example.com"})
    assert answer.text == "api"


@matchers
def test_a_subdomain_is_one_of_the_origin(matcher):
    router = Router(matcher=matcher, origin="https://example.com")
    group = router.group("/v1", subdomain="api")
    group.get("/x", lambda: "x", name="x")
    assert call(router, "/v1/x", headers={"Host": "api.example.com"}).text == "x"
    assert call(router, "/v1/x", headers={"Host": "example.com"}).status == 404
    assert router.url("x") == "https://api.example.com/v1/x"
    with pytest.raises(ConfigError, match="needs the origin"):
        Router().get("/", lambda: "", subdomain="api")


def test_the_url_of_a_route_with_a_host_is_a_whole_one_and_takes_the_hosts_variable():
    router = Router()
    router.get("/p/{id:int}", lambda tenant, id: "", name="p", host="{tenant}.example.com", scheme="https")
    assert router.url("p", tenant="ann", id=3, q=1) == "https://ann.example.com/p/3?q=1"
    with pytest.raises(NoUrl, match="no label"):
        router.url("p", tenant="evil.com/x", id=3)
    with pytest.raises(NoUrl, match="needs 'tenant'"):
        router.url("p", id=3)


def test_a_variable_in_path_and_host_is_an_error():
    with pytest.raises(ConfigError, match="in its path and in its host"):
        Router().get("/{x}", lambda x: "", host="{x}.example.com")


@pytest.mark.parametrize("host", ["", "a b", "https://x.com", "{}", "{a-b}.com", "a@b", "a/b"])
def test_what_is_no_host_is_an_error(host):
    with pytest.raises(ConfigError, match="is none"):
        Router().get("/", lambda: "", host=host)


def test_what_is_no_place_for_a_version_is_an_error():
    for make, text in (
        (HeaderVersion, "X Version"),
        (AcceptVersion, "application/json"),
        (AcceptVersion, "v{version}"),
    ):
        with pytest.raises(ConfigError):
            make(text)


def test_vary_is_not_said_twice():
    router = Router(versions=HeaderVersion("X-V", default="1"))

    def show(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Vary", "Accept, x-v")])
        return [b"one"]

    router.get("/", wsgi(show), version="1")
    assert call(router, "/").headers.get_all("Vary") == ["Accept, x-v"]


def test_a_mount_that_is_no_router_has_no_names():
    router = Router()
    router.mount("/app", lambda environ, start_response: [], name="app")
    with pytest.raises(NoRoute, match="mounts no router"):
        router.url("app:x")
    assert router.url("app") == "/app"
    with pytest.raises(ConfigError, match="is no WSGI app"):
        router.mount("/x", None)
    with pytest.raises(ConfigError, match="is no WSGI app"):
        wsgi(None)
    with pytest.raises(ConfigError, match="is no function"):
        router.get("/y", lambda: "", guard="signed_in")
    with pytest.raises(ConfigError, match="is none"):
        Router(origin="example.com/path")


@matchers
def test_a_scheme_chooses_the_route(matcher):
    router = Router(matcher=matcher)
    router.get("/", lambda: "safe", scheme="https")
    router.get("/", lambda: "plain", scheme="http")
    assert call(router, "/").text == "plain"
    assert call(router, "/", environ={"wsgi.url_scheme": "https"}).text == "safe"
    with pytest.raises(ConfigError, match="ftp"):
        router.get("/x", lambda: "", scheme="ftp")


@matchers
def test_a_version_in_a_header_chooses_the_route_and_is_in_vary(matcher):
    router = Router(matcher=matcher, versions=HeaderVersion("X-Version", default="1"))
    router.get("/p", lambda: "one", version="1")
    router.get("/p", lambda: "two", version=("2", "3"))
    router.get("/free", lambda: "free")
    versions = [None, "1", "2", "3"]
    texts = [call(router, "/p", headers={"X-Version": v} if v else {}).text for v in versions]
    assert texts == ["one", "one", "two", "two"]
    assert call(router, "/p").headers["Vary"] == "X-Version"
    assert "Vary" not in call(router, "/free").headers
    refused = call(router, "/p", headers={"X-Version": "9"})
    assert (refused.status, "1, 2, 3" in refused.text, refused.headers.get_all("Vary")) == (
        406,
        True,
        ["Accept", "X-Version"],
    )


@matchers
def test_a_version_in_accept_chooses_the_route(matcher):
    router = Router(matcher=matcher, versions=AcceptVersion("application/vnd.acme.v{version}+json", default="1"))
    router.get("/p", lambda: "one", version="1")
    router.get("/p", lambda: "two", version="2")
    accept = "text/html, application/vnd.acme.v2+json;q=0.5"
    assert call(router, "/p", headers={"Accept": accept}).text == "two"
    assert call(router, "/p", headers={"Accept": "text/html"}).text == "one"
    assert call(router, "/p", headers={"Accept": "application/vnd.acme.v3+json"}).status == 406


def test_a_version_without_a_reader_is_an_error():
    with pytest.raises(ConfigError, match="HeaderVersion"):
        Router().get("/", lambda: "", version="1")


@matchers
def test_another_slash_at_the_end_is_redirected_by_308_with_its_query(matcher):
    router = Router(matcher=matcher)
    router.get("/a", lambda: "a")
    router.post("/b/{x}/", lambda x: "b")
    one, two = call(router, "/a/?q=1&r=%26"), call(router, "/b/caf%C3%A9", method="POST")
    assert (one.status, one.headers["Location"]) == (308, "/a?q=1&r=%26")
    assert (two.status, two.headers["Location"]) == (308, "/b/caf%C3%A9/")


def test_the_slash_redirect_never_leaves_the_host():
    router = Router()
    router.get("/{x:.*}/", lambda x: "x")
    router.get("/{a}", lambda a: "a")
    for path in ("//evil.com", "//evil.com/", "///evil.com", "/\\evil.com", "/%5Cevil.com/", "//evil.com/%2e%2e"):
        location = call(router, path).headers.get("Location")
        assert location is None or location.startswith("/%5C")
    assert call(router, "/x", environ={"SCRIPT_NAME": "//evil.com", "PATH_INFO": "/x/x"}).status == 404


def test_a_slash_policy_can_be_strict_or_ignore_for_the_router_or_a_route():
    strict, lax = Router(slash="strict"), Router(slash="ignore")
    for router in (strict, lax):
        router.get("/a", lambda: "a")
        router.get("/b", lambda: "b", slash="redirect")
    assert [call(strict, path).status for path in ("/a/", "/b/")] == [404, 308]
    assert [call(lax, path).status for path in ("/a/", "/b/")] == [200, 308]
    assert call(lax, "/a/", method="PUT").status == 405
    with pytest.raises(ConfigError, match="redirect, ignore, strict"):
        Router(slash="maybe")
    with pytest.raises(ConfigError, match="redirect, ignore, strict"):
        strict.get("/c", lambda: "", slash="maybe")


@matchers
def test_a_redirect_in_the_table_keeps_variables_and_query(matcher):
    router = Router(matcher=matcher)
    router.get("/new/{id:int}", lambda id: "", name="new")
    router.redirect("/old/{id:int}", "/new/{id}", status=301)
    router.redirect("/older/{id:int}/{more:path}", "new")
    router.redirect("/out/{rest:path}", "https://example.com/x?from=here&p={rest}", status=302)
    answers = [call(router, path) for path in ("/old/7?q=1", "/older/7/a/b", "/out/a/b?q=1")]
    assert [(a.status, a.headers["Location"]) for a in answers] == [
        (301, "/new/7?q=1"),
        (308, "/new/7?more=a%2Fb"),
        (302, "https://example.com/x%3Ffrom=here&p=a/b?q=1"),
    ]


def test_a_redirect_that_needs_what_its_path_does_not_give_is_an_error():
    with pytest.raises(ConfigError, match="needs 'id'"):
        Router().redirect("/old", "/new/{id}")
    with pytest.raises(ConfigError, match="200"):
        Router().redirect("/old", "/new", status=200)


def test_a_redirect_to_a_path_does_not_lead_to_another_host():
    router = Router()
    router.redirect("/go/{where:.*}", "/{where}")
    assert call(router, "/go//evil.com").status == 404


def test_links_are_only_written():
    router = Router()
    router.link("file", "https://cdn.example.com/{name}.{kind}")
    router.link("legacy", "/legacy/{id:int}")
    assert router.url("file", name="a", kind="css", v=2) == "https://cdn.example.com/a.css?v=2"
    assert router.url("legacy", id=3) == "/legacy/3"
    assert call(router, "/legacy/3").status == 404
    assert router.mapper.matchlist == []


class Things:
    def index(self):
        return "index"

    def new(self):
        return "new"

    def create(self):
        return "create"

    def show(self, id):
        return f"show {id}"

    def edit(self, id):
        return f"edit {id}"

    def update(self, id):
        return f"update {id}"

    def delete(self, id):
        return f"delete {id}"


@matchers
def test_a_resource_has_seven_routes(matcher):
    router = Router(matcher=matcher)
    router.resource("thing", "things", Things(), key="id:int")
    wanted = {
        ("GET", "/things"): "index", ("GET", "/things/new"): "new", ("POST", "/things"): "create",
        ("GET", "/things/3"): "show 3", ("GET", "/things/3/edit"): "edit 3", ("PUT", "/things/3"): "update 3",
        ("PATCH", "/things/3"): "update 3", ("DELETE", "/things/3"): "delete 3",
    }  # fmt: skip
    assert {key: call(router, key[1], method=key[0]).text for key in wanted} == wanted
    names = {"things": {}, "new_thing": {}, "thing": {"id": 3}, "edit_thing": {"id": 3}}
    assert [router.url(name, **args) for name, args in names.items()] == [
        "/things", "/things/new", "/things/3", "/things/3/edit",
    ]  # fmt: skip


def test_a_resource_can_be_cut_down_and_nested():
    class Parts:
        def show(self, thing_id, id):
            return f"{thing_id}.{id}"

    router = Router()
    things = router.resource("thing", "things", Things(), key="id:int", only=["show"])
    things.resource("part", "parts", Parts())
    router.resource("other", "others", Things(), without=["delete", "update"])
    assert call(router, "/things/3/parts/x").text == "3.x"
    assert router.url("thing_part", thing_id=3, id="x") == "/things/3/parts/x"
    assert call(router, "/things").status == 404
    assert call(router, "/others/3", method="DELETE").headers["Allow"] == "GET, HEAD, OPTIONS"
    with pytest.raises(ConfigError, match="knows no index"):
        router.resource("part", "parts", Parts(), only=["index"])
    with pytest.raises(ConfigError, match="knows no list"):
        router.resource("part", "parts", Parts(), without=["list"])


def test_an_included_router_brings_its_groups_guards_names_and_converters():
    class Year:
        pattern = "[0-9]{4}"
        parse = staticmethod(int)
        build = staticmethod(str)

    inner = Router(converters={"year": Year}, guard=lambda request: ("no", 403) if request.GET.get("bad") else None)
    inner.group("/deep", name="deep:").get("/{y:year}", lambda y: {"year": y}, name="y")
    outer = Router()
    outer.include("/blog", inner, name="blog:")
    assert call(outer, "/blog/deep/2024").json() == {"year": 2024}
    assert call(outer, "/blog/deep/2024?bad=1").status == 403
    assert outer.url("blog:deep:y", y=2024) == "/blog/deep/2024"


def test_urls_reach_into_a_mounted_router_by_the_mounts_name():
    inner, outer = Router(), Router(origin="https://example.com")
    inner.get("/p/{id:int}", lambda id: "", name="p")
    outer.mount("/{tenant}/app", compose(inner), name="app")
    assert outer.url("app:p", tenant="ann", id=3, q=1) == "/ann/app/p/3?q=1"
    assert outer.url("app:p", tenant="ann", id=3, _external=True) == "https://example.com/ann/app/p/3"
    with pytest.raises(NoRoute):
        outer.url("nothing:p")


def test_mounted_routers_compose():
    inner, outer = Router(), Router()
    outer.mount("/in", inner)
    assert compose(outer) is outer


def test_an_unknown_option_of_a_route_is_a_type_error():
    with pytest.raises(TypeError, match="no option 'hots'"):
        Router().get("/", lambda: "", hots="x")


def test_a_group_is_a_context_manager_and_its_prefix_has_no_slash_at_its_end():
    router = Router()
    with router.group("/a") as group:
        assert isinstance(group, Group)
    with pytest.raises(ConfigError, match="ends in a slash"):
        router.group("/a/")


def test_conditions_are_explained():
    router = Router(versions=HeaderVersion("X-V"))
    router.get("/p/{id:int}", lambda id: "", host="a.b")
    router.get("/p/{id:int}", lambda id: "", scheme="https")
    router.get("/p/{id:int}", lambda id: "", version="2")
    router.post("/p/{day:date}", lambda day: "", guard=lambda request: None)
    text = router.explain("GET", "/p/7")
    for reason in ("another host", "another scheme", "another version", "'7' is no date (day)", "406 Not Acceptable"):
        assert reason in text
    text = router.explain("POST", "/p/2024-01-31")
    assert "'2024-01-31' is no int" in text
    assert "guard test_conditions_are_explained" in text
    assert "variables: {'day': datetime.date(2024, 1, 31)}" in text
    assert "'2024-02-31' is no date (day): day is out of range" in router.explain("POST", "/p/2024-02-31")
    assert "405 Method Not Allowed" in router.explain("PUT", "/p/2024-01-31")
    assert "308 Permanent Redirect /p/2024-01-31" in router.explain("POST", "/p/2024-01-31/")
