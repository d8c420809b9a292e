"""ErrorPages: every error a page or problem+json, nothing given away; and the debug page, for this machine alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import webob.exc

from kit.errors import ConfigError, Missing, Refused, Unavailable
from kit.http import Problem, Response, handler
from kit.render import ErrorPages, Templates
from kit.testing import call
from kit.wsgi import Layer, compose
from kit.wsgi.lint import check_layer

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


def raising(exc: Any) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        raise exc

    return app


def answering(status: str, *headers: tuple[str, str], body: bytes = b"own") -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, list(headers))
        return [body]

    return app


@pytest.mark.parametrize("options", [{}, {"debug": True}, {"page": lambda request, problem: "<p>"}])
def test_error_pages_keep_the_contract(options: dict[str, Any]) -> None:
    logging.getLogger("kit.errors").disabled = True
    try:
        check_layer(lambda app: ErrorPages(app, **options))
    finally:
        logging.getLogger("kit.errors").disabled = False


@pytest.mark.parametrize(
    ("exc", "status", "detail"),
    [
        (Missing("no poll 7"), 404, "no poll 7"),
        (Refused("not yours"), 403, "not yours"),
        (webob.exc.HTTPConflict("moved on"), 409, "moved on"),
        (Unavailable("db at 10.0.0.1 is down"), 503, None),
        (RuntimeError("secret"), 500, None),
        (KeyError("secret"), 500, None),
        (RecursionError(), 500, None),
    ],
)
def test_exception_answers_with_its_status_and_says_only_what_the_client_may_know(
    exc: Exception, status: int, detail: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    app = ErrorPages(raising(exc))
    data, page = call(app, headers=JSON), call(app, headers=HTML)
    assert (data.status, data.headers["Content-Type"]) == (status, "application/problem+json")
    assert data.json().get("detail") == detail
    assert (page.status, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "secret" not in page.text + data.text and "10.0.0.1" not in page.text + data.text
    assert "Traceback" not in page.text
    assert bool(caplog.records) == (status >= 500)


def test_log_names_the_request_once_with_the_traceback_and_cannot_be_forged(caplog: pytest.LogCaptureFixture) -> None:
    call(ErrorPages(raising(KeyError("x"))), "/a%0d%0aforged", environ={"kit.request_id": "r1"})
    (record,) = caplog.records
    assert record.name == "kit.errors" and record.exc_info
    assert record.getMessage() == "GET '/a\\r\\nforged' [r1]"


def test_a_redirect_that_is_raised_is_the_answer() -> None:
    answer = call(ErrorPages(raising(webob.exc.HTTPSeeOther(location="/new"))))
    assert (answer.status, answer.headers["Location"]) == (303, "http://localhost/new")


def test_error_before_the_first_chunk_is_answered_and_later_ones_go_on(caplog: pytest.LogCaptureFixture) -> None:
    def early(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        raise Missing("gone")
        yield b""

    def late(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"half"
        raise Missing("gone")

    assert call(ErrorPages(early)).status == 404
    with pytest.raises(Missing):
        call(ErrorPages(late))


def page(request: Any, problem: Any) -> str:
    return f"<h1>{problem.status} for {request.path_info}: {problem.detail}</h1>"


def test_page_gives_all_errors_one_look_and_leaves_json_alone() -> None:
    for app in (raising(Missing("x")), Problem(404, "x"), handler(raising_handler)):
        own = ErrorPages(app, page=page)
        answer = call(own, "/a", headers=HTML)
        assert (answer.status, answer.text) == (404, "<h1>404 for /a: x</h1>")
        assert call(own, headers=JSON).json()["detail"] == "x"
        assert call(own).headers["Content-Type"] == "application/problem+json"


def raising_handler(request: Any) -> None:
    raise Missing("x")


def test_page_from_templates_gets_the_status_of_the_error(tmp_path: Path) -> None:
    (tmp_path / "error.html").write_text("<h1>${problem.title}</h1>")
    templates = Templates(tmp_path)
    app = ErrorPages(
        Problem(405, headers=[("Allow", "GET")]),
        page=lambda request, problem: templates.response(request, "error.html", problem=problem),
    )
    answer = call(app, headers=HTML)
    assert (answer.status, answer.text, answer.headers["Allow"]) == (405, "<h1>Method Not Allowed</h1>", "GET")


def test_headers_that_layers_inside_added_stay_on_the_page() -> None:
    class Stamp(Layer):
        def head(self, environ: Any, status: str, headers: Any) -> Any:
            return status, [*headers, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Frame-Options", "DENY")]

    answer = call(ErrorPages(Stamp(Problem(404)), page=page), headers=HTML)
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert answer.headers.get_all("X-Frame-Options") == ["DENY"]
    assert len(answer.headers.get_all("Content-Type")) == len(answer.headers.get_all("Content-Length")) == 1


def test_page_that_fails_falls_back_to_the_plain_one(caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: Any, problem: Any) -> str:
        raise ValueError("template")

    answer = call(ErrorPages(Problem(404, "x"), page=broken), headers=HTML)
    assert answer.status == 404 and "<h1>Not Found</h1>" in answer.text
    assert "template" in caplog.text


def test_own_pages_of_the_application_are_left_alone_and_empty_errors_are_filled() -> None:
    own = call(ErrorPages(answering("404 Not Found", ("Content-Type", "text/html")), page=page), headers=HTML)
    assert own.text == "own"
    empty = ErrorPages(answering("403 Forbidden", ("Content-Length", "0"), ("X-A", "1"), body=b""), page=page)
    answer = call(empty, "/a", headers=HTML)
    assert (answer.status, answer.text, answer.headers["X-A"]) == (403, "<h1>403 for /a: </h1>", "1")
    assert call(empty, headers=JSON).json()["title"] == "Forbidden"


def test_problem_of_an_inner_request_does_not_restyle_another_answer() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        call(Problem(404), environ=environ)
        environ["kit.problem"] = Problem(404)
        start_response("410 Gone", [("Content-Type", "text/html")])
        return [b"own"]

    assert call(ErrorPages(app, page=page), headers=HTML).text == "own"


class Unpaid(Exception):
    pass


class Overdue(Unpaid):
    pass


def test_handlers_answer_exceptions_by_the_nearest_class() -> None:
    handlers = {
        Unpaid: lambda request, exc: Response("pay", status=402),
        Overdue: lambda request, exc: f"overdue {exc}",
        404: lambda request, problem: f"nothing: {problem.detail}",
        LookupError: lambda request, exc: None,
    }
    assert call(ErrorPages(raising(Unpaid()), handlers=handlers)).status_line == "402 Payment Required"
    overdue = call(ErrorPages(raising(Overdue("x")), handlers=handlers))
    assert (overdue.status, overdue.text) == (500, "overdue x")
    for app in (raising(Missing("x")), Problem(404, "x")):
        answer = call(ErrorPages(app, handlers=handlers))
        assert (answer.status, answer.text) == (404, "nothing: x")


def test_function_that_gives_what_is_no_answer_is_logged_and_the_plain_page_goes_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for options in ({"handlers": {404: lambda request, problem: 7}}, {"page": lambda request, problem: 7}):
        assert "<h1>Not Found</h1>" in call(ErrorPages(Problem(404), **options), headers=HTML).text  # type: ignore[arg-type]
        assert "gave int: give text" in caplog.text


@pytest.mark.parametrize("handlers", [{"404": page}, {404: "page"}])
def test_handlers_that_make_no_sense_fail_at_once(handlers: Any) -> None:
    with pytest.raises(ConfigError):
        ErrorPages(raising(KeyError()), handlers=handlers)


# --- debug -----------------------------------------------------------------------------------------------------------


def boom(environ: Any, start_response: Any) -> Any:
    password = "hunter2"
    settings = {"api_token": "t0ken", "size": 3}
    title = "<script>alert(1)</script>"
    raise ValueError(f"no room for {len(title)} {len(settings)} {len(password)} <b>")


@pytest.fixture
def quiet() -> Any:
    logging.getLogger("kit.errors").disabled = True
    yield
    logging.getLogger("kit.errors").disabled = False


@pytest.mark.usefixtures("quiet")
class TestDebugPage:
    def test_shows_the_exception_the_source_and_the_request(self) -> None:
        answer = call(ErrorPages(boom, debug=True), "/a?page=2&reset_token=abc", headers=HTML)
        assert answer.status == 500
        assert "ValueError" in answer.text and "no room for" in answer.text
        assert "test_errors.py" in answer.text and "raise ValueError" in answer.text
        assert "page=2&amp;reset_token=••••" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"

    def test_masks_secrets_and_escapes_values(self) -> None:
        text = call(
            ErrorPages(boom, debug=True), headers=HTML | {"Cookie": "sid=s3cret", "Authorization": "4uthor1zed"}
        ).text
        assert "s3cret" not in text and "4uthor1zed" not in text
        assert "<dd>&#39;hunter2" not in text and "<dt>password</dt><dd>••••" in text
        assert "<script>alert" not in text and "&#39;size&#39;: 3" in text and "&#39;t0ken" not in text

    def test_masks_secrets_inside_the_repr_of_objects(self) -> None:
        @dataclass
        class User:
            name: str
            password: str

        def app(environ: Any, start_response: Any) -> Any:
            user, pairs = User("ann", "hunter3"), [("api_key=k3y", "x"), {"token": "t0k3n", "n": 1}]
            raise ValueError(len([user, pairs]))

        text = call(ErrorPages(app, debug=True), headers=HTML).text
        values = "".join(part.split("</dd>")[0] for part in text.split("<dd>")[1:])
        assert "name=&#39;ann&#39;" in values and "hunter3" not in values
        assert "k3y" not in values and "t0k3n" not in values and "&#39;n&#39;: 1" in values

    def test_scripts_and_styles_carry_the_nonce(self) -> None:
        text = call(ErrorPages(boom, debug=True), headers=HTML, environ={"kit.nonce": "n0nce"}).text
        assert text.count('nonce="n0nce"') == 2 == text.count("<script") + text.count("<style")
        assert " style=" not in text and " onclick" not in text

    def test_names_the_layer_that_raised_and_the_stack(self) -> None:
        class Broken(Layer):
            def before(self, environ: Any) -> None:
                raise RuntimeError("broken layer")

        class Fine(Layer):
            def head(self, environ: Any, status: str, headers: Any) -> Any:
                return status, headers

        text = call(compose(Fine, lambda app: ErrorPages(app, debug=True), Fine, Broken, boom), headers=HTML).text
        assert "raised in <b>Broken</b>" in text
        listed = text[text.index("<ol class=stack>") :]
        places = [listed.index(name) for name in ("<li>Fine", "<li>ErrorPages", "<li><b>Broken</b>", "<li>boom")]
        assert places == sorted(places)

    def test_points_at_the_line_of_the_template(self, tmp_path: Path) -> None:
        (tmp_path / "base.html").write_text("<html>\n${self.body()}\n</html>")
        (tmp_path / "page.html").write_text("<%inherit file='base.html'/>\n<p>\n${1 // zero}\n</p>")
        templates = Templates(tmp_path)

        @handler
        def show(request: Any) -> Any:
            return templates.response(request, "page.html", zero=0)

        text = call(ErrorPages(show, debug=True), headers=HTML).text
        assert f"{tmp_path}/page.html:3" in text and f"{tmp_path}/base.html:2" in text
        assert "<mark>    3  ${1 // zero}</mark>" in text

    def test_shows_causes(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            try:
                raise KeyError("first")
            except KeyError as exc:
                raise ValueError("second") from exc

        text = call(ErrorPages(app, debug=True), headers=HTML).text
        assert text.index("<h2>KeyError") < text.index("<h2>ValueError")

    def test_panes_show_what_the_application_adds_and_may_fail(self) -> None:
        panes = {
            "SQL": lambda environ: ["SELECT '<1>'", "COMMIT"],
            "Times": lambda environ: {"db": 0.5},
            "No": lambda environ: 1 // 0,
        }
        text = call(ErrorPages(boom, debug=True, panes=panes), headers=HTML).text
        assert (
            "<summary>SQL</summary>" in text and "SELECT &#39;&lt;1&gt;&#39;" in text and "<dt>db</dt><dd>0.5" in text
        )
        assert "ZeroDivisionError" in text

    def test_other_clients_get_the_traceback_as_problem(self) -> None:
        data = call(ErrorPages(boom, debug=True), headers=JSON).json()
        assert data["detail"].startswith("ValueError: no room") and "in boom" in data["traceback"][-1]

    def test_offers_the_request_as_a_test_that_runs(self) -> None:
        import html

        text = call(ErrorPages(boom, debug=True), "/a?b=1", headers=HTML).text
        code = html.unescape(text.split("<pre id=test>")[1].split("</pre>")[0])
        with pytest.raises(ValueError, match="no room"):
            exec(code, {"app": boom})

    def test_values_whose_repr_fails_do_not_break_the_page(self) -> None:
        class Nasty:
            def __repr__(self) -> str:
                raise RuntimeError("nasty")

        def app(environ: Any, start_response: Any) -> Any:
            nasty, long = Nasty(), "x" * 100_000
            raise ValueError(len([nasty, long]))

        text = call(ErrorPages(app, debug=True), headers=HTML).text
        assert "its repr raised RuntimeError" in text and len(text) < 100_000

    @pytest.mark.parametrize(
        "environ",
        [
            {"REMOTE_ADDR": "10.0.0.5"},
            {"REMOTE_ADDR": ""},
            {"HTTP_HOST": "example.org"},
            {"HTTP_HOST": "localhost.evil.example"},
            {"HTTP_HOST": "127.0.0.1.evil.example:80"},
            {"HTTP_HOST": ""},
            {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
            {"HTTP_X_FORWARDED_HOST": "localhost"},
            {"HTTP_FORWARDED": "for=127.0.0.1"},
            {"HTTP_X_REAL_IP": "127.0.0.1"},
            {"HTTP_VIA": "1.1 proxy"},
        ],
    )
    def test_is_refused_to_anyone_but_this_machine(self, environ: dict[str, str]) -> None:
        answer = call(ErrorPages(boom, debug=True), headers=HTML, environ=environ)
        assert answer.status == 500 and "ValueError" not in answer.text

    @pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:80", "[::1]"])
    def test_is_shown_to_this_machine(self, host: str) -> None:
        made = {"HTTP_HOST": host, "REMOTE_ADDR": "::ffff:127.0.0.1" if "[" in host else "127.0.0.1"}
        assert "ValueError" in call(ErrorPages(boom, debug=True), headers=HTML, environ=made).text

    def test_without_debug_there_is_none(self) -> None:
        assert "ValueError" not in call(ErrorPages(boom), headers=HTML).text

    def test_expected_errors_get_their_ordinary_page(self) -> None:
        assert "<h1>Not Found</h1>" in call(ErrorPages(raising(Missing("x")), debug=True), headers=HTML).text
