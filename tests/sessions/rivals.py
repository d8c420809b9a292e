"""The rivals, each as a WSGI app that runs `environ["test.act"](session)` on its session; and the probe as a program.

python -m tests.sessions.rivals beaker 20 2        # prints {"lost": …, "revived": …} of 20 sessions x 2 writers
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading

from kit.testing import call


def beaker(folder):
    from beaker.middleware import SessionMiddleware

    def app(environ, start_response):
        session = environ["beaker.session"]
        environ["test.act"](session)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    options = {"type": "file", "data_dir": folder, "auto": True, "data_serializer": "json"}
    options = {f"session.{name}": value for name, value in options.items()}
    return SessionMiddleware(app, options), lambda session: session.delete()


def flask_session(folder):
    import flask
    from cachelib import FileSystemCache
    from flask_session import Session

    app = flask.Flask("probe")
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(folder), SECRET_KEY="x" * 32)
    Session(app)

    @app.route("/")
    def index():
        flask.request.environ["test.act"](flask.session)
        return ""

    return app, lambda session: session.clear()


def django(folder):
    from django.conf import settings

    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"{folder}/d.sqlite",
                "OPTIONS": {"timeout": 20, "init_command": "PRAGMA journal_mode=WAL"},
            }
        },
        INSTALLED_APPS=["django.contrib.sessions"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="x" * 40,
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )
    import django
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import path

    django.setup(set_prefix=False)
    call_command("migrate", verbosity=0)

    def index(request):
        request.environ["test.act"](request.session)
        return HttpResponse("")

    globals()["urlpatterns"] = [path("", index)]
    return get_wsgi_application(), lambda session: session.flush()


RIVALS = {"beaker": beaker, "flask-session": flask_session, "django": django}


def go(app, jar, act):
    """One request with the cookies of `jar`, which is brought up to date."""
    sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
    answer = call(app, headers=sent, environ={"test.act": act})
    for line in answer.headers.get_all("Set-Cookie"):
        name, _, value = line.partition(";")[0].partition("=")
        jar[name] = value
    return answer


def at_once(app, jar, acts):
    """Requests that have all read the session before any of them saves it."""
    barrier = threading.Barrier(len(acts))

    def run(act):
        def inside(session):
            session.get("k0")
            barrier.wait(30)
            act(session)

        go(app, dict(jar), inside)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def probe(app, logout, sessions, writers):
    """How many sessions lose a key that an acknowledged request has set, and how many come back after a logout."""
    lost = revived = 0
    for _ in range(sessions):
        jar, seen = {}, {}
        go(app, jar, lambda session: session.__setitem__("begun", 1))
        at_once(app, jar, [lambda session, n=n: session.__setitem__(f"k{n}", n) for n in range(writers)])
        go(app, jar, lambda session, seen=seen: seen.update({key: session.get(key) for key in _keys(writers)}))
        lost += any(value is None for value in seen.values())
        revived += _comes_back(app, logout)
    return {"lost": lost, "revived": revived}


def _keys(writers):
    return [f"k{number}" for number in range(writers)]


def _comes_back(app, logout):
    jar, loaded, out, seen = {}, threading.Event(), threading.Event(), {}
    go(app, jar, lambda session: session.__setitem__("user", "ann"))

    def slow(session):
        session.get("user")
        loaded.set()
        out.wait(30)
        session["late"] = 1

    late = threading.Thread(target=lambda: go(app, dict(jar), slow))
    late.start()
    loaded.wait(30)
    go(app, dict(jar), logout)
    out.set()
    late.join()
    go(app, dict(jar), lambda session: seen.update(user=session.get("user"), late=session.get("late")))
    return seen.get("user") is not None or seen.get("late") is not None


if __name__ == "__main__":
    name, sessions, writers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(probe(*RIVALS[name](folder), sessions, writers)))
