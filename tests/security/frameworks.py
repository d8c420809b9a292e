"""The same view below the layers in five ways: bare WSGI, Flask, Django, Bottle and Pyramid.

A view is `view(environ) -> (status, headers, body)`; each maker gives a WSGI app of its framework that answers with it.
"""

import functools

import bottle
import django
import django.conf
import flask
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponse
from django.urls import re_path
from pyramid.config import Configurator
from pyramid.response import Response

METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


def over_wsgi(view):
    def app(environ, start_response):
        status, headers, body = view(environ)
        start_response(f"{status} X", list(headers))
        return [body]

    return app


def over_flask(view):
    app = flask.Flask("below")

    @app.route("/", defaults={"path": ""}, methods=METHODS)
    @app.route("/<path:path>", methods=METHODS)
    def any_page(path):
        status, headers, body = view(flask.request.environ)
        return flask.Response(body, status, list(headers))

    return app


def over_bottle(view):
    app = bottle.Bottle()

    @app.route("/", method=METHODS)
    @app.route("/<path:path>", method=METHODS)
    def any_page(path=""):
        status, headers, body = view(bottle.request.environ)
        return bottle.HTTPResponse(body, status, headers=list(headers))

    return app


def over_pyramid(view):
    def any_page(request):
        status, headers, body = view(request.environ)
        return Response(body, status, headerlist=list(headers))

    with Configurator() as config:
        config.add_route("any", "/*path")
        config.add_view(any_page, route_name="any")
        return config.make_wsgi_app()


def _django_page(request):
    status, headers, body = request.environ["test.view"](request.environ)
    response = HttpResponse(body, status=status)
    for name, value in headers:
        response[name] = value
    return response


urlpatterns = [re_path(r"^.*$", _django_page)]


class _Request(WSGIRequest):
    urlconf = __name__  # other tests of this process may have set up Django with their own pages


@functools.cache
def _django():
    if not django.conf.settings.configured:
        django.conf.settings.configure(
            ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x" * 50, MIDDLEWARE=[], LOGGING_CONFIG=None
        )
        django.setup()
    handler = WSGIHandler()
    handler.request_class = _Request
    return handler


def over_django(view):
    def app(environ, start_response):
        environ["test.view"] = view
        return _django()(environ, start_response)

    return app


EVERY = {maker.__name__[5:]: maker for maker in (over_wsgi, over_flask, over_django, over_bottle, over_pyramid)}
