"""Forms in a real browser: with JavaScript, without it, by keyboard alone; and what checkers say about the pages.

axe and the Nu HTML checker come from npm: `npm install axe-core vnu-jar` (vnu needs Java), found by `KIT_NODE_MODULES`.
"""

import os
import shutil
import subprocess
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from kit.forms import Form, equal, field, rows
from kit.forms.client import SCRIPT
from kit.http import Response, handler
from tests.forms.pages import STATES, THEMES, page

MODULES = Path(os.environ.get("KIT_NODE_MODULES", "node_modules"))
AXE, VNU = MODULES / "axe-core/axe.min.js", MODULES / "vnu-jar/build/dist/vnu.jar"
PAGES = [(theme, state) for theme in THEMES for state in STATES]


class Choice(Form):
    text: str = field(max=20)


class Ask(Form):
    text: str = field(min=3, max=40, label="Question")
    mail: str = field(pattern="[^@]+@[^@]+")
    again: str
    choices: list[Choice] = rows(min=2, max=4, each="Choice")

    same = equal("again", "mail")


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@pytest.fixture
def site():
    """(URL, values that were saved) of an application with one form."""
    saved = []

    @handler
    def show(request):
        if request.path_info == "/kit-forms.js":
            return Response(SCRIPT.read_bytes(), content_type="text/javascript")
        form = Ask.bind(request)
        if form.valid:
            saved.append(form.value)
            return "<!doctype html><title>Saved</title><h1>Saved</h1>"

        def page(form):
            body = f"<form {form.attrs()}>{form.client()}{form.csrf()}{form.summary()}"
            body += f"{form.text}{form.mail}{form.again}{form.choices}{form.submit('ask')}</form>"
            head = f'<title>{form.page_title("Ask")}</title><script type="module" src="/kit-forms.js"></script>'
            policy = {"Content-Security-Policy": "default-src 'none'; script-src 'self'; form-action 'self'"}
            return Response(f'<!doctype html><html lang="en">{head}<h1>Ask</h1>{body}', headers=policy)

        return form.respond(request, page)

    server = make_server("127.0.0.1", 0, show, Server, Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", saved
    server.shutdown()
    thread.join()
    server.server_close()


def fill(page):
    page.fill("[name=text]", "Why?")
    page.fill("[name=mail]", "a@b")
    page.fill("[name=again]", "a@b")
    page.fill("[name='choices.0.text']", "so")
    page.fill("[name='choices.1.text']", "else")


def test_with_javascript_mistakes_are_shown_without_a_journey(page, site):
    url, saved = site
    posts = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    page.goto(url)
    fill(page)
    page.fill("[name=text]", "y")
    page.fill("[name=again]", "b@b")
    page.click("button:has-text('Ask')")
    assert page.text_content("#text-js") == "Enter at least 3 characters"
    assert page.text_content("#again-js") == "Enter the same value again"
    assert page.get_attribute("#text", "aria-invalid") == "true"
    assert page.evaluate("document.activeElement.id") == "text"
    assert not posts
    fill(page)
    page.click("button:has-text('Ask')")
    page.wait_for_selector("h1:has-text('Saved')")
    assert saved == [Ask(text="Why?", mail="a@b", again="a@b", choices=[Choice(text="so"), Choice(text="else")])]


def test_with_javascript_rows_are_added_and_removed_too(page, site):
    url, saved = site
    page.goto(url)
    fill(page)
    page.click("text=Add Choice")
    page.wait_for_selector("[name='choices.2.text']")
    assert page.evaluate("document.activeElement.name") == "choices.2.text"
    page.fill("[name='choices.2.text']", "third")
    page.click("text=Remove Choice 1")
    page.wait_for_selector("[name='choices.0.text']", state="detached")
    page.click("button:has-text('Ask')")
    page.wait_for_selector("h1:has-text('Saved')")
    assert [choice.text for choice in saved[0].choices] == ["else", "third"]


def test_without_javascript_by_keyboard_alone(browser, site):
    url, saved = site
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    keys = page.keyboard
    page.press("[name=text]", "Tab")  # from the first input on, nothing but keys
    page.focus("[name=text]")
    for words in ("Why?", "a@b", "c@d", "so"):
        keys.type(words)
        keys.press("Tab")
    keys.type("else")
    keys.press("Enter")  # sends the form: it does not press a row's button
    page.wait_for_selector("text=There is a problem")
    assert page.title() == "Error: Ask"
    assert page.locator(".error-summary").evaluate("e => e === document.activeElement")
    keys.press("Tab")
    keys.press("Enter")  # follows the link to the input
    assert page.url.endswith("#again")
    keys.press("Control+a")
    keys.type("a@b")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Tab")
    assert page.locator(":focus").text_content() == "Add Choice"
    keys.press("Enter")
    page.wait_for_selector("[name='choices.2.text']")
    assert page.locator(":focus").get_attribute("name") == "choices.2.text"
    keys.type("third")
    keys.press("Enter")
    page.wait_for_selector("h1:has-text('Saved')")
    assert [choice.text for choice in saved[0].choices] == ["so", "else", "third"]
    context.close()


@pytest.mark.skipif(not AXE.exists(), reason="no axe: npm install axe-core, and set KIT_NODE_MODULES")
@pytest.mark.parametrize(("theme", "state"), PAGES)
def test_axe_finds_nothing(page, theme, state):
    from tests.forms.pages import page as written

    page.set_content(written(theme, state))
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run()")
    assert not [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
    assert len(found["passes"]) > 20


@pytest.mark.skipif(not (VNU.exists() and shutil.which("java")), reason="no Nu checker: npm install vnu-jar, and Java")
def test_the_nu_checker_reports_no_error(tmp_path):
    for theme, state in PAGES:
        (tmp_path / f"{theme}-{state}.html").write_text(page(theme, state), encoding="utf-8")
    command = ["java", "-jar", str(VNU), "--format", "text", *map(str, sorted(tmp_path.glob("*.html")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("theme", "state"), PAGES)
def test_every_id_is_there_once_and_every_reference_leads_somewhere(theme, state):
    import re

    html = page(theme, state)
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    wanted = [
        id for group in re.findall(r'(?:for|aria-describedby|aria-labelledby)="([^"]*)"', html) for id in group.split()
    ]
    wanted += re.findall(r'href="#([^"]*)"', html)
    assert not set(wanted) - set(ids)
