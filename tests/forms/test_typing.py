"""What a type checker sees, and how the fragments and the requests of other libraries go together with forms."""

import subprocess
import sys

import bottle
import falcon
import flask
import pytest
from webob import Request

from kit.forms import Form, field, rows
from kit.testing import call, environ

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}

SNIPPET = """
from datetime import date
from typing import assert_type
from kit.forms import Changeset, Error, File, Form, field, rows
from kit.forms.types import Email

class Row(Form):
    what: str = field(max=3)

class Ask(Form):
    text: str = field(max=3)
    mail: Email
    born: date | None
    photo: File | None
    rows: list[Row] = rows(min=1)

def use(environ: dict[str, object]) -> None:
    form = Ask.bind(environ)
    assert_type(form, Changeset[Ask])
    assert_type(form.value.text, str)
    assert_type(form.value.mail, str)
    assert_type(form.value.born, date | None)
    assert_type(form.value.photo, File | None)
    assert_type(form.value.rows[0].what, str)
    assert_type(form.refuse(ValueError()).errors, tuple[Error, ...])
    Row(what="x")
"""


WRONG = """
    Row(what=3)
    Row(wat="x")
    form.value.nope
    form.value.text = "x"
"""


@pytest.mark.slow
def test_mypy_sees_the_type_of_every_field(tmp_path):
    path = tmp_path / "snippet.py"
    path.write_text(SNIPPET.rstrip() + WRONG)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        str(path),
    ]  # with the settings and the cache of this repository
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    lines = [
        int(line.split(":")[1]) for line in found.splitlines() if "snippet.py:" in line and ": error:" in line
    ]
    count = len((SNIPPET.rstrip() + WRONG).splitlines())
    assert lines == [*range(count - 3, count + 1)], found


class Item(Form):
    what: str = field(max=3)


class Ask(Form):
    text: str = field(max=3)
    items: list[Item] = rows(max=3)


def test_a_fragment_is_one_field_or_one_row():
    form = Ask.bind(environ(method="POST", body="text=long", headers=URLENCODED))
    assert form.text.__html__().startswith('<div class="field invalid">')
    added = Ask.bind(environ(method="POST", body="items.4.what=a&_do=items.add", headers=URLENCODED)).apply_intent()
    *_, row = added.items
    assert 'name="items.5.what"' in row.__html__()
    assert 'value="items.5.remove"' in row.remove_button


def flask_app():
    app = flask.Flask("forms")

    @app.post("/")
    def show():
        form = Ask.bind(flask.request)
        return form.respond(flask.request, lambda form: flask.Response(str(form)))

    return app


def bottle_app():
    app = bottle.Bottle()

    @app.post("/")
    def show():
        form = Ask.bind(bottle.request)
        return form.respond(bottle.request, lambda form: bottle.HTTPResponse(str(form), 200))

    return app


def django_app():
    import django
    from django.conf import settings
    from django.http import HttpResponse
    from django.test import override_settings
    from django.urls import path

    if not settings.configured:
        settings.configure(SECRET_KEY="x" * 50, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)
        django.setup()
    from django.core.wsgi import WSGIHandler

    def show(request):
        return Ask.bind(request).respond(request, lambda form: HttpResponse(str(form)))

    urls = type("Urls", (), {"urlpatterns": [path("", show)]})

    def app(environ, start_response):
        with override_settings(ALLOWED_HOSTS=["*"], ROOT_URLCONF=urls, MIDDLEWARE=[]):
            return WSGIHandler()(environ, start_response)

    return app


def falcon_app():
    app = falcon.App()

    class Show:
        def on_post(self, request, response):
            form = Ask.bind(request)
            response.text, response.status = str(form), 422 if form.errors else 200

    app.add_route("/", Show())
    return app


def webob_app():
    def app(environ, start_response):
        from webob import Response

        request = Request(environ)
        return Ask.bind(request).respond(request, lambda form: Response(str(form)))(environ, start_response)

    return app


@pytest.mark.parametrize("make", [flask_app, bottle_app, django_app, falcon_app, webob_app])
def test_a_form_takes_the_request_of_any_framework(make):
    app = make()
    bad = call(app, "/", method="POST", body="text=long", headers=URLENCODED)
    assert bad.status == 422
    assert "Enter at most 3 characters" in bad.text
    assert call(app, "/", method="POST", body="text=ok", headers=URLENCODED).status == 200
