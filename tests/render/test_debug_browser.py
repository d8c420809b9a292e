"""The debug page in a real browser, under the strict policy of the applications it shows."""

from __future__ import annotations

import logging
import threading
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from kit.render import ErrorPages
from kit.wsgi import Layer

POLICY = "default-src 'none'; style-src 'nonce-n0'; script-src 'nonce-n0'"


class Policy(Layer):
    def before(self, environ: Any) -> None:
        environ["kit.nonce"] = "n0"

    def head(self, environ: Any, status: str, headers: Any) -> Any:
        return status, [*headers, ("Content-Security-Policy", POLICY)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None: ...


def boom(environ: Any, start_response: Any) -> Any:
    title = "<script>document.title = 'hacked'</script>"
    raise ValueError(f"no room for {title}")


def test_page_works_under_a_strict_policy_and_copies_the_test(browser: Any) -> None:
    logging.getLogger("kit.errors").disabled = True
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    with make_server("127.0.0.1", 0, Policy(ErrorPages(boom, debug=True)), handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{server.server_port}/polls/7?page=2")
        assert "ValueError" in page.title() and page.locator("h1").inner_text() == "ValueError"
        assert page.locator("h1").evaluate("each => getComputedStyle(each).color") == "rgb(164, 0, 0)"
        assert page.locator("mark").last.is_visible()
        page.click("#copy")
        copied = page.evaluate("navigator.clipboard.readText()")
        server.shutdown()
    context.close()
    logging.getLogger("kit.errors").disabled = False
    assert "call(app, '/polls/7', method='GET', query='page=2'" in copied
    assert [text for text in said if "500" not in text and "favicon" not in text] == []
