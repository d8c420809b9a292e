"""What a session costs per request, against Beaker, Flask-Session and Django: python -m benchmarks.sessions

The same work in one run: an app that does not touch its session, one that reads a key, one that adds 1 to a key (read,
modify, write). The stores are SQLite files with write-ahead logging and synchronous=NORMAL for all. What the framework
around the session costs (Flask, Django: a request without any session) is measured too and taken off. Targets:
untouched at most Werkzeug's ProxyFix; read-modify-write at most half of Django's and of Flask-Session's on SQLAlchemy.

Then overlapping writes: 8 threads add 1 to one session, 25 times each. What is lost, and what one request takes.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
import warnings

from benchmarks.timing import measure

THREADS, TIMES = 8, 25
SEEN = []  # what a request for /count finds


def environ(cookie="", act=""):
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/" + act,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_COOKIE": cookie,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": open(os.devnull, "rb"),
        "wsgi.errors": open(os.devnull, "w"),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def act_on(session, act, incr=None):
    """What the app does: nothing, read, write (a key), begin."""
    if act == "/read":
        session.get("n")
    elif act == "/write":
        if incr is not None:
            incr("n")
        else:
            session["n"] = session.get("n", 0) + 1
    elif act == "/begin":
        session["n"] = 0
    elif act == "/count":
        SEEN.append(session.get("n"))


def plain(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def kit(folder):
    from kit.sessions import Sessions, of
    from kit.stores.sql import SqlStore

    def app(environ, start_response):
        if environ["PATH_INFO"] != "/untouched":
            session = of(environ)
            act_on(session, environ["PATH_INFO"], session.incr)
        return plain(environ, start_response)

    return Sessions(app, store=SqlStore(f"sqlite:///{folder}/kit.db", timeout=30)), plain


def beaker(folder):
    from beaker.middleware import SessionMiddleware

    def app(environ, start_response):
        if environ["PATH_INFO"] != "/untouched":
            act_on(environ["beaker.session"], environ["PATH_INFO"])
        return plain(environ, start_response)

    options = {"type": "ext:database", "url": f"sqlite:///{folder}/beaker.db?timeout=30", "auto": True}
    options = {f"session.{name}": value for name, value in options.items()} | {"session.data_serializer": "json"}
    return SessionMiddleware(app, options), plain


def flask_session(folder):
    import flask
    from flask_session import Session
    from flask_sqlalchemy import SQLAlchemy
    from sqlalchemy import event

    bare, app = flask.Flask("bare"), flask.Flask("bench")
    app.config.update(SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/flask.db?timeout=30", SESSION_TYPE="sqlalchemy")
    db = SQLAlchemy(app)
    app.config["SESSION_SQLALCHEMY"] = db
    with app.app_context():
        event.listen(db.engine, "connect", _wal)
        Session(app)
        db.create_all()

    @app.route("/<act>")
    def index(act):
        if act != "untouched":
            act_on(flask.session, "/" + act)
        return "ok"

    bare.route("/<act>")(lambda act: "ok")
    return app, bare


def _wal(connection, _record):
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def django(folder):
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.management import call_command
    from django.http import HttpResponse
    from django.test.utils import override_settings
    from django.urls import path

    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/django.db"}
    database |= {"OPTIONS": {"timeout": 30, "init_command": pragmas}, "CONN_MAX_AGE": None}
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.sessions"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="x" * 40,
        LOGGING_CONFIG=None,
        SESSION_COOKIE_SECURE=False,
    )
    django.setup(set_prefix=False)
    call_command("migrate", verbosity=0)

    def index(request, act):
        if act != "untouched":
            act_on(request.session, "/" + act)
        return HttpResponse("ok")

    globals()["urlpatterns"] = [path("<act>", index)]
    with override_settings(MIDDLEWARE=[]):
        bare = WSGIHandler()
    return WSGIHandler(), bare


SIDES = {"kit": kit, "Beaker": beaker, "Flask-Session": flask_session, "Django": django}


def serve(app, environ):
    """One request as a server does it; the cookies that it sets."""
    cookies = []

    def start(status, headers, exc_info=None):
        cookies.extend(value.partition(";")[0] for name, value in headers if name.lower() == "set-cookie")

    body = app(dict(environ), start)
    for _ in body:
        pass
    with contextlib.suppress(AttributeError):
        body.close()
    return "; ".join(cookies)


def overlap(app, cookie):
    """Seconds per request, and how many of the additions are there in the end."""
    sent = environ(cookie, "write")

    def run():
        for _ in range(TIMES):
            serve(app, sent)

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - start) / (THREADS * TIMES)


def main():
    warnings.simplefilter("ignore")
    from werkzeug.middleware.proxy_fix import ProxyFix

    forwarded = environ() | {"HTTP_X_FORWARDED_FOR": "192.0.2.7", "HTTP_X_FORWARDED_PROTO": "https"}
    with tempfile.TemporaryDirectory() as folder:
        sides, cookies, ways = {}, {}, {}
        for name, build in SIDES.items():
            app, bare = build(folder)
            sides[name], cookies[name] = app, serve(app, environ("", "begin"))
            ways[name, "bare"] = lambda app=bare: serve(app, environ_of["untouched", ""])
        environ_of = {("untouched", ""): environ("", "untouched")}
        for name, app in sides.items():
            for act in ("untouched", "read", "write"):
                sent = environ(cookies[name], act)
                ways[name, act] = lambda app=app, sent=sent: serve(app, sent)
        proxied = ProxyFix(plain)
        ways["ProxyFix", "untouched"] = lambda: serve(proxied, forwarded)
        best = measure(ways, rounds=15, seconds=0.02)
        report(best)
        print("8 threads x 25 overlapping additions to one session")
        for name, app in sides.items():
            began = counted(app, cookies[name])
            took = overlap(app, cookies[name])
            lost = THREADS * TIMES - (counted(app, cookies[name]) - began)
            print(f"  {name:<16} {took * 1e6:10.0f} us a request   lost {lost:3d} of {THREADS * TIMES}")


def counted(app, cookie):
    """The number in the session, as the next request sees it."""
    serve(app, environ(cookie, "count"))
    return SEEN.pop()


def report(best):
    proxy = best["ProxyFix", "untouched"] - best["kit", "bare"]
    print(f"what a session adds to a request, in us (Werkzeug's ProxyFix adds {proxy * 1e6:.2f})")
    print(f"  {'':<16}{'untouched':>12}{'read':>12}{'write':>12}   write against kit")
    added = {key: took - best[key[0], "bare"] for key, took in best.items() if key[0] in SIDES}
    for name in SIDES:
        row = "".join(f"{added[name, act] * 1e6:12.1f}" for act in ("untouched", "read", "write"))
        print(f"  {name:<16}{row}   {added[name, 'write'] / added['kit', 'write']:.2f} x")
    print(f"  kit untouched / ProxyFix: {added['kit', 'untouched'] / proxy:.2f} (target <= 1)")
    for name in ("Flask-Session", "Django"):
        print(f"  kit write / {name}: {added['kit', 'write'] / added[name, 'write']:.2f} (target <= 0.5)")


if __name__ == "__main__":
    main()
