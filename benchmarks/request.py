"""A routed JSON answer, through kit and its peers, in one process: python -m benchmarks.request

Every app knows the same 300 routes (benchmarks.routing_table) and answers the same requests with the same JSON: a page
without variables, one with three, one found by its method among four. Nothing but routing, a handler and its answer is
measured: no server, no middleware. Targets (issue 3): kit at most half of Falcon's time, and at most twice that of a
WSGI function that does the same by hand, with one regular expression for the few URLs that are asked for.
"""

from __future__ import annotations

import json
import re
import sys
import warnings

from benchmarks.routing_table import ROUTES
from benchmarks.timing import measure

REQUESTS = [
    ("GET", "/user/repos", {}),
    ("GET", "/repos/ann/kit/issues/7", {"owner": "ann", "repo": "kit", "number": "7"}),
    ("DELETE", "/repos/ann/kit/issues/7/labels", {"owner": "ann", "repo": "kit", "number": "7"}),
]


def answer(args):
    """What every app sends."""
    return {"args": args, "title": "an answer", "tags": ["a", "b"]}


def by_hand():
    pattern = re.compile(r"/user/repos|/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)/issues/(?P<number>[^/]+)(?:/labels)?")

    def app(environ, start_response):
        found = pattern.fullmatch(environ["PATH_INFO"])
        if found is None or environ["REQUEST_METHOD"] not in ("GET", "DELETE"):
            start_response("404 Not Found", [("Content-Length", "0")])
            return []
        args = {name: value for name, value in found.groupdict().items() if value is not None}
        body = json.dumps(answer(args)).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return app


def kit(taking_a_request):
    from kit.routing import Router

    router = Router()
    for method, path in ROUTES:
        if taking_a_request:
            getattr(router, method.lower())(path, lambda request, **args: answer(args))
        else:
            getattr(router, method.lower())(path, lambda **args: answer(args))
    router.freeze()
    return router


def _paths():
    """Path -> its methods: most frameworks register by path."""
    made = {}
    for method, path in ROUTES:
        made.setdefault(path, []).append(method)
    return made


def falcon():
    import falcon

    def responder(self, request, response, **args):
        response.media = answer(args)

    app = falcon.App()
    for path, methods in _paths().items():
        resource = type("Resource", (), {f"on_{method.lower()}": responder for method in methods})
        app.add_route(path, resource())
    return app


def bottle():
    import bottle

    app = bottle.Bottle()
    for method, path in ROUTES:
        rule = re.sub(r"\{(\w+)(:path)?\}", lambda m: f"<{m[1]}{m[2] or ''}>", path)
        app.route(rule, method, lambda **args: answer(args))
    return app


def flask():
    import flask

    app = flask.Flask(__name__)
    for number, (method, path) in enumerate(ROUTES):
        rule = re.sub(r"\{(\w+):path\}", r"<path:\1>", path).replace("{", "<").replace("}", ">")
        app.add_url_rule(rule, str(number), lambda **args: answer(args), methods=[method])
    return app


def pyramid():
    from pyramid.config import Configurator

    config = Configurator()
    for number, (path, methods) in enumerate(_paths().items()):
        config.add_route(str(number), re.sub(r"\{(\w+):path\}", r"{\1:.*}", path))
        for method in methods:
            config.add_view(
                lambda request: answer(request.matchdict),
                route_name=str(number),
                request_method=method,
                renderer="json",
            )
    return config.make_wsgi_app()


def django():
    from types import ModuleType

    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponseNotAllowed, JsonResponse
    from django.urls import path as rule

    def view(methods):
        def respond(request, **args):
            return JsonResponse(answer(args)) if request.method in methods else HttpResponseNotAllowed(methods)

        return respond

    urls = ModuleType("benchmarks._urls")
    urls.urlpatterns = [
        rule(re.sub(r"\{(\w+)\}", r"<str:\1>", path.replace(":path}", "}"))[1:], view(methods))
        for path, methods in _paths().items()
    ]
    sys.modules[urls.__name__] = urls
    settings.configure(ROOT_URLCONF=urls.__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[], LOGGING_CONFIG=None)
    django.setup()
    return WSGIHandler()


def turbogears():
    """Dispatched by objects, which is TurboGears' way; its tree of three controllers stands for the 300 routes."""
    from tg import MinimalApplicationConfigurator, TGController, expose

    class Issue(TGController):
        def __init__(self, **args):
            self._args = args

        @expose("json")
        def index(self):
            return answer(self._args)

        @expose("json")
        def labels(self):
            return answer(self._args)

    class Repos(TGController):
        @expose()
        def _lookup(self, owner, repo, kind, number, *rest):
            return Issue(owner=owner, repo=repo, number=number), list(rest)

    class User(TGController):
        @expose("json")
        def repos(self):
            return answer({})

    class Root(TGController):
        repos, user = Repos(), User()

    config = MinimalApplicationConfigurator()
    config.update_blueprint({"root_controller": Root(), "renderers": ["json"]})
    return config.make_wsgi_app()


def morepath():
    import morepath

    class App(morepath.App):
        pass

    for path, methods in _paths().items():
        names = re.findall(r"\{(\w+)", path)
        model = type("Model", (), {"__init__": lambda self, **args: setattr(self, "args", args)})
        source = f"lambda {', '.join(names)}: model({', '.join(f'{name}={name}' for name in names)})"
        rule = re.sub(r"/\{(\w+):path\}", r"/{\1}", path)
        App.path(path=rule, model=model)(eval(source, {"model": model}))
        for method in methods:
            App.json(model=model, request_method=method)(lambda self, request: answer(self.args))
    morepath.commit(App)
    return App()


def request(app, method, path):
    """One request as a server does it: a fresh environ, the body read and closed."""
    from kit.testing import environ

    template = environ(path, method=method)

    def run():
        body = app(dict(template), start)
        got = b"".join(body)
        close = getattr(body, "close", None)
        if close is not None:
            close()
        return got

    def start(status, headers, exc_info=None):
        if status[:3] != "200":
            raise RuntimeError(status)

    return run


def main():
    warnings.simplefilter("ignore")
    apps = {
        "a WSGI function by hand": by_hand(),
        "kit": kit(taking_a_request=False),
        "kit, with a request object": kit(taking_a_request=True),
        "Falcon": falcon(),
        "Bottle": bottle(),
        "Flask": flask(),
        "Pyramid": pyramid(),
        "Django": django(),
        "TurboGears": turbogears(),
        "Morepath": morepath(),
    }
    total = dict.fromkeys(apps, 0.0)
    for method, path, args in REQUESTS:
        ways = {name: request(app, method, path) for name, app in apps.items()}
        for name, way in ways.items():
            if json.loads(way()) != answer(args):
                raise SystemExit(f"{name} answers {method} {path} with {way()!r}")
        for name, took in measure(ways, rounds=25, seconds=0.02).items():
            total[name] += took / len(REQUESTS)
    print(f"a routed JSON answer, mean of {len(REQUESTS)} requests, {len(ROUTES)} routes")
    bare, rival = total["a WSGI function by hand"], total["Falcon"]
    for name, took in total.items():
        print(f"  {name:<28} {took * 1e6:8.2f} us   {took / bare:6.2f} x by hand   {took / rival:5.2f} x Falcon")


if __name__ == "__main__":
    main()
