"""renders: one value in many formats, chosen by the client before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit.errors import ConfigError, Missing
from kit.http import Response, handler
from kit.render import Format, Templates, renders
from kit.render.pretty import browse
from kit.testing import call

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@dataclass
class Post:
    id: int
    title: str


@pytest.fixture
def app(tmp_path: Path) -> Any:
    (tmp_path / "post.html").write_text("<h1>${it.title if context.get('it') else title}</h1>")
    templates = Templates(tmp_path)

    @handler
    @templates.renders(html="post.html", json=True, csv=lambda post: [post], xml=lambda post: {"post": post})
    def show() -> Post:
        return Post(7, "<New>")

    return show


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        (None, "text/html"),
        ("", "text/html"),
        ("*/*", "text/html"),
        (BROWSER, "text/html"),
        ("application/json", "application/json"),
        ("application/*", "application/json"),
        ("text/csv", "text/csv"),
        ("application/xml, application/json;q=0.9", "application/xml"),
        ("text/html;q=0, */*", "application/json"),
        ("garbage", "text/html"),
    ],
)
def test_accept_chooses_the_format(app: Any, accept: str | None, type_: str) -> None:
    answer = call(app, headers={} if accept is None else {"Accept": accept})
    assert answer.status == 200
    assert answer.headers["Content-Type"].partition(";")[0] == type_
    assert "Accept" in answer.headers["Vary"]


def test_each_format_carries_the_value(app: Any) -> None:
    texts = {kind: call(app, query=f"format={kind}").text for kind in ("html", "json", "csv", "xml")}
    assert texts == {
        "html": "<h1>&lt;New&gt;</h1>",
        "json": '{"id":7,"title":"<New>"}',
        "csv": "id,title\r\n7,<New>\r\n",
        "xml": '<?xml version="1.0" encoding="utf-8"?>\n<post><id>7</id><title>&lt;New&gt;</title></post>\n',
    }


def test_format_in_the_query_goes_before_the_extension_and_that_before_accept(app: Any) -> None:
    def kind(path: str) -> str:
        return call(app, path, headers={"Accept": "application/xml"}).headers["Content-Type"].partition(";")[0]

    assert kind("/post.csv?format=json") == "application/json"
    assert kind("/post.csv") == "text/csv"
    assert kind("/v1.csv/post") == kind("/post.exe") == "application/xml"


def test_what_is_not_offered_is_406_with_what_there_is_and_nothing_is_done() -> None:
    done = []

    @handler
    @renders(json=True)
    def act() -> dict[str, int]:
        done.append(1)
        return {}

    for answer in (call(act, headers={"Accept": "image/png"}, method="POST"), call(act, query="format=csv")):
        assert answer.status == 406
        assert answer.json()["available"] == [{"format": "json", "type": "application/json"}]
        assert "Accept" in answer.headers["Vary"]
    assert not done


def test_handler_gets_its_route_arguments_and_the_request_if_it_wants_it() -> None:
    @renders(json=True)
    def one(id: int) -> list[int]:
        return [id]

    @renders(json=True)
    def two(request: Any, id: int) -> list[Any]:
        return [request.method, id]

    args = {"wsgiorg.routing_args": ((), {"id": 3})}
    assert call(handler(one), environ=args).json() == [3]
    assert call(handler(two), environ=args).json() == ["GET", 3]


def test_status_and_ready_responses_are_kept() -> None:
    @handler
    @renders(json=True)
    def create(request: Any) -> Any:
        if request.method == "GET":
            return Response(status=303, location="/new")
        return {"id": 1}, 201

    assert call(create, method="POST").status == 201
    assert call(create).status == 303


def test_errors_of_the_handler_are_not_swallowed() -> None:
    @handler
    @renders(json=True)
    def show() -> Any:
        raise Missing("no post 7")

    assert call(show).status == 404


def test_json_knows_what_applications_have() -> None:
    @handler
    @renders(json=True)
    def show() -> Any:
        return {"at": datetime(2026, 1, 2, tzinfo=UTC), "price": Decimal("1.10")}

    assert call(show).json() == {"at": "2026-01-02T00:00:00Z", "price": "1.10"}


def test_own_format_is_one_function() -> None:
    def dump(value: Any) -> str:
        return "\n".join(f"{key}: {each}" for key, each in value.items())

    @handler
    @renders(yaml=Format("application/yaml", dump))
    def show() -> Any:
        return {"a": 1}

    answer = call(show, "/a.yaml")
    assert (answer.headers["Content-Type"], answer.body) == ("application/yaml", b"a: 1")


def test_html_may_be_a_function_and_head_has_no_body() -> None:
    @handler
    @renders(html=lambda request, value: f"<p>{value}", json=True)
    def show() -> int:
        return 7

    assert call(show).text == "<p>7"
    answer = call(show, method="HEAD")
    assert (answer.body, answer.headers["Content-Length"]) == (b"", "4")


@pytest.mark.parametrize("options", [{}, {"html": "a.html"}, {"yaml": True}, {"json": 7}, {"json": "x"}])
def test_options_that_make_no_sense_fail_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        renders(**options)


class Hung(Exception):
    pass


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv"])
def test_iterators_are_streamed_and_closed_when_the_client_goes(kind: str) -> None:
    made: list[int] = []
    closed: list[bool] = []

    def rows() -> Any:
        try:
            for number in range(100_000):
                made.append(number)
                yield {"id": number}
        finally:
            closed.append(True)

    app = handler(renders(**{kind: True})(lambda request: rows()))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": ""}
    body: Any = app(environ, lambda *args: lambda data: None)
    next(iter(body))
    assert 0 < len(made) < 5_000
    body.close()
    assert closed == [True]


def test_streamed_json_is_one_array() -> None:
    for count in (0, 1, 3):
        app = handler(renders(json=True)(lambda request, count=count: iter(range(count))))
        assert call(app).json() == list(range(count))


def test_client_may_choose_the_fields() -> None:
    rows = [{"id": 1, "title": "x", "text": "long"}, {"id": 2, "title": "y", "text": "long"}]
    app = handler(renders(json=True, csv=True, select=True)(lambda request: rows))
    assert call(app, query="fields=title,id").json() == [{"title": "x", "id": 1}, {"title": "y", "id": 2}]
    assert call(app, query="format=csv&fields=id").text == "id\r\n1\r\n2\r\n"
    assert call(app, query="fields=secret").status == 400
    assert call(handler(renders(json=True)(lambda request: rows)), query="fields=id").json() == rows


def test_json_is_indented_for_people_who_ask() -> None:
    app = handler(renders(json=True)(lambda request: {"a": [1]}))
    assert call(app, query="_pretty").text == '{\n  "a": [\n    1\n  ]\n}\n'


def test_browsable_page_shows_the_value_with_links_and_escapes_it() -> None:
    value = {
        "url": "/posts/7?a=1&b",
        "far": "https://example.com/",
        "bad": "javascript:alert(1)",
        "x": "</pre><script>",
        "n": None,
    }
    app = handler(renders(html=browse, json=True)(lambda request: value))
    text = call(app, "/api", headers={"Accept": BROWSER}, environ={"kit.nonce": "n0"}).text
    assert '<a href="/posts/7?a=1&amp;b">' in text and '<a href="https://example.com/">' in text
    assert "<script" not in text and 'href="javascript' not in text and '<style nonce="n0">' in text
    assert call(app, "/api", query="format=json").json() == value
