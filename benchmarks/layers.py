"""What a layer of kit costs per request, against the smallest middleware of the field: python -m benchmarks.layers

The cost of a layer is the time of the stack with it less the time of the app without it. Targets: a layer with one hook
at most what Werkzeug's ProxyFix costs in the same run, one with all hooks at most twice that. ProxyFix is measured with
forwarded headers to apply, which is what it is for, and without any, which is its cheapest case.
"""

from __future__ import annotations

from benchmarks.timing import measure
from kit.wsgi import Layer

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost",
    "wsgi.url_scheme": "http",
}
FORWARDED = {"HTTP_X_FORWARDED_FOR": "192.0.2.7", "HTTP_X_FORWARDED_PROTO": "https"}


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


class Before(Layer):
    def before(self, environ):
        environ["site.key"] = "value"


class Head(Layer):
    def head(self, environ, status, headers):
        headers.append(("X-Key", "value"))
        return status, headers


class After(Layer):
    def after(self, environ):
        environ.pop("site.key", None)


class Failed(Layer):
    def failed(self, environ, exc):
        return None


class All(Before, Head, After, Failed):
    provides = ("site.other",)


def request(app, environ):
    """One request as a server does it: a fresh environ, the body read and closed."""

    def run():
        body = app(dict(environ), start)
        for _ in body:
            pass
        close = getattr(body, "close", None)
        if close is not None:
            close()

    def start(status, headers, exc_info=None):
        return None

    return run


def main():
    from beaker.middleware import SessionMiddleware
    from werkzeug.middleware.proxy_fix import ProxyFix

    stacks = {
        "no layer": app,
        "Werkzeug ProxyFix": ProxyFix(app),
        "Beaker SessionMiddleware, untouched": SessionMiddleware(app, {"session.type": "memory"}),
        "kit: no hook": Layer(app),
        "kit: before": Before(app),
        "kit: head": Head(app),
        "kit: after": After(app),
        "kit: failed": Failed(app),
        "kit: all hooks": All(app),
    }
    for title, environ in (("with forwarded headers", {**ENVIRON, **FORWARDED}), ("without", ENVIRON)):
        best = measure({name: request(stack, environ) for name, stack in stacks.items()}, rounds=15)
        bare = best.pop("no layer")
        proxy_fix = best["Werkzeug ProxyFix"] - bare
        print(f"cost of a layer per request, {title} (the app alone: {bare * 1e6:.2f} us)")
        for name, took in best.items():
            print(f"  {name:<40} {(took - bare) * 1e6:8.2f} us   {(took - bare) / proxy_fix:6.2f} x ProxyFix")


if __name__ == "__main__":
    main()
