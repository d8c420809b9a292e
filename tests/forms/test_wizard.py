"""recipes/wizard in a real browser, by keyboard alone, with JavaScript and without it.

`KIT_LONG=1`: on MongoDB's wire, too.
"""

import os
import threading
from secrets import token_bytes
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from kit.seal import KeyRing
from kit.wsgi import shutdown
from recipes.wizard.app import make_app


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@pytest.fixture(params=["sqlite", "mongodb"] if os.environ.get("KIT_LONG") else ["sqlite"])
def site(request, database):
    app = make_app(data=database(request.param), keys=KeyRing([token_bytes(32)]))
    server = make_server("127.0.0.1", 0, app, Server, Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()
    shutdown(app)


def tab_to(page, wanted):
    """Press Tab until the input of that name, or the button of that text, has the focus."""
    for _ in range(40):
        focus = page.locator(":focus")
        if focus.count() and wanted in (focus.get_attribute("name"), (focus.text_content() or "").strip()):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {wanted} by Tab")


def enter(page, **values):
    for name, value in values.items():
        tab_to(page, name)
        page.keyboard.press("Control+a")
        page.keyboard.type(value)


def press(page, text):
    tab_to(page, text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("script", [True, False], ids=["JavaScript", "no JavaScript"])
def test_the_wizard_is_completed_by_keyboard_alone(browser, site, script):
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else 0)
    posts = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    page.goto(site)
    press(page, "Begin")
    page.wait_for_selector("h1:has-text('About you')")
    enter(page, full_name="Ann", email="ann@example.org", again="ann@example.com")
    press(page, "Save and go on")
    page.wait_for_selector("text=Enter the same value again")
    assert len(posts) == (1 if script else 2)  # with JavaScript the mistake costs no journey
    if not script:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # the link of the summary
    enter(page, again="ann@example.org")
    press(page, "Save and go on")
    page.wait_for_selector("h1:has-text('Your talk')")
    enter(page, heading="Forms as values", abstract="They never change, and that is good.")
    tab_to(page, "level")
    page.keyboard.press("ArrowDown")
    press(page, "Add Speaker")
    page.wait_for_selector("[name='speakers.0.who']")
    page.keyboard.type("Bob")  # the new row has the focus
    press(page, "Save and go on")
    page.wait_for_selector("h1:has-text('Papers')")
    page.set_input_files("[name=slides]", {"name": "s.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    enter(page, remark="none")
    press(page, "Save and go on")
    page.wait_for_selector("text=We have your slides: s.pdf")
    tab_to(page, "agree")
    page.keyboard.press("Space")
    press(page, "Send")
    page.wait_for_selector("text=We answer to ann@example.org")
    assert not refused
    context.close()
