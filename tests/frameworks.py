"""One small app in each framework: GET /keys names the kit keys that its request object sees, POST /echo echoes.

>>> from kit.testing import call
>>> call(APPS["werkzeug"](), "/keys").text
''
"""

from __future__ import annotations

from kit.wsgi import environ_of

__all__ = ["APPS"]


def keys(request) -> str:
    """The kit keys in the environ of a request object of any framework."""
    return " ".join(sorted(key for key in environ_of(request) if key.startswith("kit.")))


def flask():
    """Flask."""
    from flask import Flask, request

    app = Flask("mounted")
    app.get("/keys")(lambda: keys(request))
    app.post("/echo", endpoint="echo")(lambda: request.get_data())
    return app


def django():
    """Django, configured in code. A process has one configuration: what is ours is the table of URLs."""
    import django as framework
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
    from django.http import HttpResponse
    from django.urls import path

    if not settings.configured:
        settings.configure(SECRET_KEY="x" * 50, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)
        framework.setup()
    globals()["urlpatterns"] = [
        path("keys", lambda request: HttpResponse(keys(request))),
        path("echo", lambda request: HttpResponse(request.body)),
    ]
    handler = WSGIHandler()
    handler.request_class = type("Request", (WSGIRequest,), {"urlconf": __name__})
    return handler


def bottle():
    """Bottle."""
    from bottle import Bottle, request

    app = Bottle()
    app.get("/keys", callback=lambda: keys(request))
    app.post("/echo", callback=lambda: request.body.read())
    return app


def falcon():
    """Falcon."""
    import falcon as framework

    class Keys:
        def on_get(self, req, resp):
            resp.content_type = "text/html; charset=utf-8"
            resp.text = keys(req)

    class Echo:
        def on_post(self, req, resp):
            resp.data = req.bounded_stream.read()

    app = framework.App()
    app.add_route("/keys", Keys())
    app.add_route("/echo", Echo())
    return app


def pyramid():
    """Pyramid."""
    from pyramid.config import Configurator
    from pyramid.response import Response

    with Configurator() as config:
        config.add_route("keys", "/keys")
        config.add_route("echo", "/echo")
        config.add_view(lambda request: Response(keys(request)), route_name="keys")
        config.add_view(lambda request: Response(request.body), route_name="echo", request_method="POST")
        return config.make_wsgi_app()


def turbogears():
    """TurboGears, in its minimal configuration."""
    from tg import MinimalApplicationConfigurator, TGController, expose, request

    class Root(TGController):
        @expose(content_type="text/html")
        def keys(self):
            return keys(request)

        @expose(content_type="text/plain")
        def echo(self, **fields):
            return request.body

    config = MinimalApplicationConfigurator()
    config.update_blueprint({"root_controller": Root()})
    return config.make_wsgi_app()


def morepath():
    """Morepath."""
    import morepath as framework
    from webob import Response

    class App(framework.App):
        pass

    class Keys:
        pass

    class Echo:
        pass

    App.path(path="/keys", model=Keys)(lambda: Keys())
    App.path(path="/echo", model=Echo)(lambda: Echo())
    App.view(model=Keys)(lambda self, request: Response(keys(request)))
    App.view(model=Echo, request_method="POST")(lambda self, request: Response(request.body))
    App.commit()
    return App()


def werkzeug():
    """Werkzeug alone."""
    from werkzeug.wrappers import Request, Response

    @Request.application
    def app(request):
        if request.path == "/keys":
            return Response(keys(request), mimetype="text/html")
        if request.path == "/echo":
            return Response(request.get_data())
        return Response("not here", status=404)

    return app


#: name -> a function that makes the app
APPS = {each.__name__: each for each in (flask, django, bottle, falcon, pyramid, turbogears, morepath, werkzeug)}
