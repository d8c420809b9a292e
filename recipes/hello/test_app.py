"""The recipe's own tests."""

from webtest import TestApp

from .app import make_app


def test_it_says_hello_and_nothing_else():
    app = TestApp(make_app(lint=True))
    assert "Hello, world!" in app.get("/").text
    assert app.get("/missing", status=404)
    assert app.post("/", status=405).headers["Allow"] == "GET, HEAD, OPTIONS"
