"""Inside Flask, Django and Bottle, with nothing else of kit imported but the core below sessions."""

from __future__ import annotations

import subprocess
import sys

import pytest

SIBLINGS = ("kit.routing", "kit.forms", "kit.render", "kit.data", "kit.security", "kit.cli")

APPS = {
    "flask": """
import flask
app = flask.Flask("mounted")
@app.route("/")
def index():
    return str(of(flask.request).incr("visits"))
app.wsgi_app = Sessions(app.wsgi_app, store=store)
""",
    "django": """
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
settings.configure(SECRET_KEY="x" * 40, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[], LOGGING_CONFIG=None)
django.setup()
urlpatterns = [path("", lambda request: HttpResponse(str(of(request).incr("visits"))))]
from django.core.handlers.wsgi import WSGIHandler
app = Sessions(WSGIHandler(), store=store)
""",
    "bottle": """
import bottle
inner = bottle.Bottle()
inner.get("/", callback=lambda: str(of(bottle.request).incr("visits")))
app = Sessions(inner, store=store)
""",
}
PROGRAM = """
import sys
from kit.sessions import Sessions, of
from kit.stores import MemoryStore
store = MemoryStore()
{app}
def get(cookie):
    sent, seen = {{}}, []
    from wsgiref.util import setup_testing_defaults
    setup_testing_defaults(sent)
    sent.update(PATH_INFO="/", HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1", HTTP_COOKIE=cookie)
    body = app(sent, lambda status, headers, exc_info=None: seen.extend([status, headers]))
    text = b"".join(body).decode()
    getattr(body, "close", lambda: None)()
    return text, dict(seen[1]), seen[0]
first, headers, status = get("")
assert headers["Set-Cookie"].startswith("sid="), headers
print(first, *[get(headers["Set-Cookie"].partition(";")[0])[0] for _ in range(3)])
print(*sorted(name for name in sys.modules if name.startswith("kit.")))
"""


@pytest.mark.parametrize("framework", APPS)
def test_it_works_in_a_framework_with_nothing_else_of_kit(framework):
    program = PROGRAM.format(app=APPS[framework])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    visits, modules = done.stdout.splitlines()
    assert visits == "1 2 3 4"
    assert not [name for name in modules.split() if name.startswith(SIBLINGS)]


@pytest.mark.parametrize("module", ["kit.sessions", "kit.stores", "kit.url", "kit.seal"])
def test_importing_it_imports_no_driver_and_no_cryptography(module):
    program = f"import sys, {module}; print(*sorted(sys.modules))"
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert not {"peewee", "pymongo", "cryptography", "webob", "logging"} & set(loaded)
