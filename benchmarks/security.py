"""What the security layers cost on a GET, against Django's for the same promises: python -m benchmarks.security

The cost of a stack is the time with it less the time of the bare app (for Django: of its handler without middleware).
"The same promises": checked host, https, HSTS, nosniff, referrer, opener and frame headers, CSRF protection; kit adds a
Content-Security-Policy. "Whole" adds isolation, limits of URL, headers and body, which Django has not. Target: the
whole stack at most half of Django's. Measured with a page that draws no CSRF token, and with one that does.
"""

from __future__ import annotations

import io
import sys
import time
from functools import partial

import django.conf
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import path

from benchmarks.timing import measure
from kit.seal import KeyRing, new_key
from kit.security import BodyLimit, Csrf, Headers, Https, Isolation, Limits, TrustedHosts
from kit.wsgi import compose

HEADERS = {
    "HTTP_HOST": "shop.example",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.5",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "HTTP_SEC_FETCH_SITE": "none",
    "HTTP_SEC_FETCH_MODE": "navigate",
    "HTTP_SEC_FETCH_DEST": "document",
}
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


def environ(where):
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": where,
        "QUERY_STRING": "page=2&q=blue+shoes",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        **HEADERS,
    }


def request(app, where, cookie=""):
    """One request as a server does it: a fresh environ, the body read and closed."""
    template = environ(where) | ({"HTTP_COOKIE": cookie} if cookie else {})

    def run():
        body = app(dict(template), lambda status, headers, exc_info=None: None)
        for _ in body:
            pass
        close = getattr(body, "close", None)
        if close is not None:
            close()

    return run


def plain(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"hello"]


def token(environ, start_response):
    text = environ["kit.csrf"]()
    start_response("200 OK", [("Content-Type", "text/html")])
    return [text.encode()]


def cookie_of(app):
    """The cookie that the app sets for its token."""
    found = []
    list(app(environ("/token"), lambda status, headers, exc_info=None: found.extend(headers)))
    values = [value for name, value in found if name == "Set-Cookie"]
    return values[0].partition(";")[0]


SAME = [
    partial(TrustedHosts, hosts=["shop.example"]),
    Https,
    Headers,
    partial(Csrf, keys=KeyRing([new_key()])),
]
WHOLE = [*SAME[:3], Isolation, Limits, partial(BodyLimit, bytes=1_000_000), SAME[3]]


def django_plain(request):
    return HttpResponse(b"hello")


def django_checked(request):
    request.get_host()
    return HttpResponse(b"hello")


def django_token(request):
    request.get_host()
    return HttpResponse(get_token(request))


urlpatterns = [path("plain", django_plain), path("checked", django_checked), path("token", django_token)]


def django_app(middleware):
    settings = django.conf.settings
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__,
            ALLOWED_HOSTS=["shop.example"],
            SECRET_KEY="k" * 50,
            SECURE_SSL_REDIRECT=True,
            SECURE_HSTS_SECONDS=31_536_000,
            SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
            CSRF_COOKIE_SECURE=True,
            LOGGING_CONFIG=None,
        )
        django.setup()
    settings.MIDDLEWARE = middleware
    return WSGIHandler()


def ratios():
    """Cost of kit's stacks, divided by the cost of Django's, for a page without a token and for one with it."""
    bare, guarded = django_app([]), django_app(MIDDLEWARE)
    same, whole = compose(*SAME, plain), compose(*WHOLE, plain)
    same_token, whole_token = compose(*SAME, token), compose(*WHOLE, token)
    kept, theirs = cookie_of(whole_token), cookie_of(guarded)
    best = measure(  # CPU time: other work on the machine must not count
        {
            "app": request(plain, "/"),
            "kit, same promises": request(same, "/"),
            "kit, whole": request(whole, "/"),
            "kit, same promises, token": request(same_token, "/", kept),
            "kit, whole, token": request(whole_token, "/", kept),
            "Django's handler": request(bare, "/plain"),
            "Django": request(guarded, "/checked"),
            "Django, token": request(guarded, "/token", theirs),
        },
        clock=time.process_time,
        rounds=25,
    )
    cost = {name: best[name] - best["app"] for name in best if name.startswith("kit")}
    cost |= {name: best[name] - best["Django's handler"] for name in ("Django", "Django, token")}
    found = {}
    for name, took in cost.items():
        rival = "Django, token" if name.endswith("token") else "Django"
        found[name] = took / cost[rival]
        print(f"  {name:<30} {took * 1e6:8.2f} us   {found[name]:6.2f} of {rival}")
    return found


if __name__ == "__main__":
    print(f"Cost of the security stack per GET; Django {django.__version__}")
    found = ratios()
    print("the whole stack costs at most half of Django's:", found["kit, whole"] <= 0.5)
