"""The recipe's own tests; they run wherever the folder is copied. Another database: WIZARD_TEST_DATA=mongodb://…"""

import os
from secrets import token_bytes

import pytest
from webtest import TestApp, Upload

from kit.seal import KeyRing

from .app import make_app

PDF = b"%PDF-1.7 slides"


@pytest.fixture
def client(tmp_path):
    """A browser with an empty cookie jar; call it for another one."""
    data = os.environ.get("WIZARD_TEST_DATA", f"sqlite:///{tmp_path}/wizard.sqlite")
    app = make_app(data=data, keys=KeyRing([token_bytes(32)]), lint=True)

    def browser():
        return TestApp(app, extra_environ={"HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1"})

    return browser


def fill(page, **values):
    for name, value in values.items():
        page.form[name] = value
    return page


def about(browser):
    page = browser.get("/").form.submit(status=303).follow()
    values = {"full_name": "Ann", "email": "ann@example.org", "again": "ann@example.org"}
    return fill(page, **values).form.submit(status=303).follow()


def talk(page):
    page = fill(page, heading="Forms as values", abstract="They never change, and that is good.", level="daily work")
    page = page.form.submit("_do", value="speakers.add")
    page.form["speakers.0.who"] = "Bob"
    return page.form.submit(status=303).follow()


def test_a_proposal_goes_through_all_steps(client):
    page = talk(about(client()))
    page.form["slides"] = Upload("slides.pdf", PDF)
    page = page.form.submit(status=303).follow()
    assert "We have your slides: slides.pdf" in page
    page.form["agree"] = True
    page = page.form.submit(status=303).follow()
    assert "We answer to ann@example.org" in page


def test_a_draft_is_resumed_in_another_browser(client):
    page = about(client())
    url = page.request.path
    again = client().get(url.replace("/talk", "/about"))
    assert again.form["full_name"].value == "Ann"
    assert talk(client().get(url)).request.path.endswith("/papers")


def test_a_file_survives_a_mistake_in_the_same_step(client):
    page = talk(about(client()))
    page.form["slides"] = Upload("slides.pdf", PDF)
    page.form["remark"] = "x" * 201
    page = page.form.submit(status=422)
    assert "Kept: slides.pdf" in page
    page.form["remark"] = "short"
    assert "We have your slides: slides.pdf" in page.form.submit(status=303).follow()


def test_a_step_that_is_missing_is_asked_for_before_anything_is_sent(client):
    page = about(client())
    page = client().get(page.request.path.replace("/talk", "/send"))
    page.form["agree"] = True
    page = page.form.submit(status=303).follow()
    assert "Something is missing: Your talk" in page


def test_wrong_answers_come_back_with_what_is_wrong(client):
    page = client().get("/").form.submit(status=303).follow()
    page = fill(page, full_name="", email="x", again="y").form.submit(status=422)
    assert "Full name: Enter a value" in page
    assert page.form["email"].value == "x"


def test_a_stranger_finds_nothing(client):
    assert client().get("/drafts/guess/about", status="*").status_int == 404
    url = about(client()).request.path
    assert client().get(url.replace("/talk", "/nope"), status="*").status_int == 404
