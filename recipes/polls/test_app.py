"""The recipe's own tests; they run wherever the folder is copied. Another database: POLLS_TEST_DATA=mongodb://…"""

import os
from secrets import token_bytes

import pytest
from webtest import TestApp

from kit.seal import KeyRing

from .app import make_app

JSON = {"Accept": "application/json"}


@pytest.fixture
def client(tmp_path):
    """A browser with an empty cookie jar; call it for another one."""
    data = os.environ.get("POLLS_TEST_DATA", f"sqlite:///{tmp_path}/polls.sqlite")
    app = make_app(data=data, keys=KeyRing([token_bytes(32)]), lint=True)

    def browser():
        return TestApp(app, extra_environ={"HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1"})

    return browser


def cast(browser, answer="Tabs", url="/questions/sample-2"):
    form = browser.get(url).form
    form["choice"].select(form["choice"].options[["Spaces", "Tabs"].index(answer)][0])
    return form.submit(status=303).follow()


def votes(browser):
    return {each["text"]: each["votes"] for each in browser.get("/questions/sample-2", headers=JSON).json["choices"]}


def test_the_first_start_brings_questions_to_look_at(client):
    page = client().get("/")
    assert "Tabs or spaces?" in page
    assert [q["id"] for q in client().get("/", headers=JSON).json["questions"]] == ["sample-3", "sample-2", "sample-1"]


def test_a_vote_is_counted_once_per_session(client):
    ann, bob = client(), client()
    assert "Thank you: your vote is counted." in cast(ann)
    again = cast(ann, "Spaces")
    assert "You have voted on this question before." in again
    assert "Thank you" not in again
    assert votes(bob) == {"Spaces": 0, "Tabs": 1, "Whatever the formatter says": 0}
    cast(bob)
    assert votes(bob)["Tabs"] == 2
    assert "Tabs: 2 (100%)" in bob.get("/questions/sample-2/results")


def test_a_vote_without_an_answer_or_for_another_question_is_refused_with_the_form(client):
    browser = client()
    form = browser.get("/questions/sample-2").form
    assert "Choose one of the answers." in form.submit(status=422)
    strange = browser.get("/questions/sample-1").form["choice"].options[0][0]
    form["choice"].force_value(strange)
    assert "Tabs" in form.submit(status=422)
    assert sum(votes(browser).values()) == 0


def test_a_question_is_asked_with_rows_that_are_added_and_removed_without_javascript(client):
    browser = client()
    form = browser.get("/questions/new").form
    form["text"], form["choices.0.text"], form["choices.1.text"] = "Why <b>?", "So", "Else"
    form = form.submit("_do", value="choices.add", status=200).form
    assert (form["text"].value, form["choices.2.text"].value) == ("Why <b>?", "")
    form["choices.2.text"] = "Third"
    form = form.submit("_do", value="choices.1.remove", status=200).form
    kept = [value for name, value in form.submit_fields() if name.endswith(".text")]
    assert kept == ["So", "Third"]
    page = form.submit(status=303).follow()
    assert "Your question is online." in page
    assert "Why &lt;b&gt;?" in page
    assert "Third" in page and "Else" not in page


def test_a_question_without_enough_answers_comes_back_with_what_is_wrong(client):
    form = client().get("/questions/new").form
    form["text"] = "Why?"
    page = form.submit(status=422)
    assert "There is a problem" in page
    assert page.form["text"].value == "Why?"


def test_programs_ask_and_vote_in_json(client):
    browser = client()
    token = browser.get("/questions/new").form["_csrf"].value
    headers = {**JSON, "X-CSRF-Token": token}
    asked = browser.post_json(
        "/questions/new", {"text": "Why?", "choices": [{"text": "a"}, {"text": "b"}]}, headers=headers
    )
    url = asked.headers["Location"]
    choice = browser.get(url, headers=JSON).json["choices"][1]["id"]
    browser.post_json(f"{url}/vote", {"choice": choice}, headers=headers, status=303)
    assert [each["votes"] for each in browser.get(f"{url}/results", headers=JSON).json["choices"]] == [0, 1]
    wrong = browser.post_json("/questions/new", {"text": "?", "choices": []}, headers=headers, status=422)
    assert wrong.content_type == "application/problem+json"
    assert {error["path"] for error in wrong.json["errors"]} == {"text", "choices"}


def test_what_is_not_there_is_a_page_or_a_problem_and_never_a_trace(client):
    for url in ("/absent", "/questions/absent", "/questions/absent/results", "/questions/%2e%2e"):
        page = client().get(url, headers={"Accept": "text/html"}, status="4*")
        assert "Polls</title>" in page
        assert "Traceback" not in page
        assert client().get(url, headers=JSON, status="4*").content_type == "application/problem+json"
    assert client().put_json("/", {}, status=405).headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_post_from_elsewhere_is_refused(client):
    browser = client()
    form = browser.get("/questions/sample-2").form
    form["choice"].select(form["choice"].options[0][0])
    form.submit(headers={"Sec-Fetch-Site": "cross-site"}, status=403)
    form["_csrf"] = ""
    form.submit(status=403)
    browser.get("/", headers={"Host": "evil.example"}, status=400)
    assert sum(votes(browser).values()) == 0


def test_every_page_is_protected_by_a_strict_policy(client):
    for url in ("/", "/questions/new", "/questions/sample-1", "/questions/sample-1/results"):
        answer = client().get(url)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert " style=" not in answer
        assert "<script" not in answer
