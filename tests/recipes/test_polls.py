"""The recipe polls over real HTTP, on every database, and in a real browser."""

from __future__ import annotations

import http.client
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import pytest

from tests.servers import serve

QUESTION = "/questions/sample-2"


class Visitor:
    """One client with a session of its own, on one keep-alive connection."""

    def __init__(self, base):
        self.connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
        self.cookie = ""

    def ask(self, method, path, fields=None, **headers):
        body = urlencode(fields) if fields else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, {"Cookie": self.cookie, **headers})
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for value in answer.headers.get_all("Set-Cookie", []):
            self.cookie = value.partition(";")[0]
        return answer.status, text

    def vote(self, path=QUESTION, place=0):
        _, page = self.ask("GET", path)
        token = re.search(r'name="_csrf" value="([^"]+)"', page)[1]
        choice = re.findall(r'name="choice" value="([^"]+)"', page)[place]
        return self.ask("POST", f"{path}/vote", {"_csrf": token, "choice": choice})[0]

    def counts(self, path=QUESTION):
        status, text = self.ask("GET", f"{path}/results", Accept="application/json")
        assert status == 200, text
        return [choice["votes"] for choice in json.loads(text)["choices"]]

    def close(self):
        self.connection.close()


@pytest.fixture
def visitor(site):
    """Makes visitors of the site."""
    made = []

    def new():
        made.append(Visitor(site))
        return made[-1]

    yield new
    for each in made:
        each.close()


@pytest.fixture(params=["sqlite", "mongodb"])
def site(request, database, tmp_path):
    """The recipe, served by its own command on an empty database."""
    keys = str(tmp_path / "keys")
    with serve("recipes.polls", "--data", database(request.param), "--keys", keys) as base:
        yield base


def test_200_votes_from_8_threads_each_with_a_session_of_its_own_count_200(visitor):
    def session(_):
        one = visitor()
        try:
            return one.vote()
        finally:
            one.close()

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(session, range(200)))
    assert statuses == [303] * 200
    assert visitor().counts() == [200, 0, 0]


@pytest.mark.parametrize("seen_first", [QUESTION, "/questions/new"])
def test_8_votes_of_one_session_at_once_count_once(visitor, seen_first):
    first = visitor()
    _, page = first.ask("GET", seen_first)
    token = re.search(r'name="_csrf" value="([^"]+)"', page)[1]
    choices = re.findall(r'name="choice" value="([^"]+)"', visitor().ask("GET", QUESTION)[1])
    together = threading.Barrier(8)

    def tab(number):
        other = visitor()
        other.cookie = first.cookie
        together.wait()
        return other.ask("POST", f"{QUESTION}/vote", {"_csrf": token, "choice": choices[number % 2]})[0]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(tab, range(8))) == [303] * 8
    assert sum(visitor().counts()) == 1


def test_a_visitor_asks_votes_and_sees_the_result_in_a_browser(site, page):
    page.goto(site)
    page.set_default_timeout(10_000)
    page.click("text=Ask a question >> nth=0")
    page.get_by_label("Question", exact=True).fill("Is it “fast”?")
    page.fill("[name='choices.0.text']", "Yes")
    page.fill("[name='choices.1.text']", "Of course")
    page.click("button[value='choices.add']")
    page.click("button[value='choices.add']")
    assert page.locator("fieldset.group").count() == 4
    page.fill("[name='choices.2.text']", "<b>Very</b>")
    page.click("button[value='choices.3.remove']")
    assert page.locator("fieldset.group").count() == 3
    assert page.input_value("[name='choices.2.text']") == "<b>Very</b>"
    page.click("text=Publish")
    assert "Your question is online." in page.inner_text("[role=status]")
    assert page.inner_text("h1") == "Is it “fast”?"

    page.get_by_label("<b>Very</b>").check()
    page.click("button:has-text('Vote')")
    assert "Thank you: your vote is counted." in page.inner_text("[role=status]")
    assert page.locator("svg[role=img] title").text_content() == "Results of 1 vote"
    described = page.locator("svg[role=img] desc").text_content()
    assert described == "Yes: 0 (0%); Of course: 0 (0%); <b>Very</b>: 1 (100%)"
    assert page.locator("svg .bar").count() == 1

    page.get_by_role("link", name="Vote", exact=True).click()
    page.get_by_label("Yes").check()
    page.click("button:has-text('Vote')")
    assert "You have voted on this question before." in page.inner_text("[role=status]")
    assert page.locator("svg[role=img] title").text_content() == "Results of 1 vote"

    page.goto(f"{site}/questions/absent")
    assert page.inner_text("h1") == "Not Found"
    style = page.evaluate("getComputedStyle(document.querySelector('h1')).lineHeight")
    assert style == "35px"  # the style sheet came through the policy


def test_the_browser_obeys_the_policy_and_finds_nothing_to_refuse(site, page):
    refused = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    for path in ("/", "/questions/new", QUESTION, f"{QUESTION}/results"):
        page.goto(site + path)
    assert refused == []
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; "
        "document.body.append(s) }"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in refused)


def test_a_strict_reader_of_http_finds_no_answer_bad(site):
    pytest.importorskip("httplint", reason="pip install httplint")
    from tests.render.test_httplint import lint

    port = urlsplit(site).port
    pages = ["/", "/questions/new", QUESTION, f"{QUESTION}/results", "/static/polls.css", "/absent", "/static/absent"]
    for path in pages:
        for accept in ("text/html", "application/json"):
            for method in ("GET", "HEAD"):
                notes = lint(method, path, {"Accept": accept, "Host": f"127.0.0.1:{port}"}, port)
                bad = [note.summary for note in notes if note.level.name == "BAD"]
                assert notes and not bad, (method, path, bad)
