"""A WSGI app whose every request runs a function on its session, and a browser with a cookie jar."""

from __future__ import annotations

import threading

from kit.sessions import Sessions, of
from kit.testing import call

COOKIE = "__Host-sid"


def text(start_response, body=b"ok", status="200 OK"):
    start_response(status, [("Content-Type", "text/plain")])
    return [body]


class Browser:
    """Calls `fn(session)` inside a request and keeps the cookie, as a browser on https does."""

    def __init__(self, store, *, jar=None, **options):
        self.jar = {} if jar is None else jar
        self.app = Sessions(self._run, store=store, **options)

    def _run(self, environ, start_response):
        environ["test.result"] = environ["test.act"](of(environ))
        return text(start_response, status=environ.get("test.status", "200 OK"))

    def go(self, act, *, status="200 OK", jar=None, scheme="https", headers=None):
        jar = self.jar if jar is None else jar
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in jar.items())} if jar else {}
        answer = call(
            self.app,
            headers={**sent, **(headers or {})},
            environ={"wsgi.url_scheme": scheme, "test.act": act, "test.status": status},
        )
        for line in answer.headers.get_all("Set-Cookie"):
            pair, *attributes = line.split("; ")
            name, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                jar.pop(name, None)
            else:
                jar[name] = value
        self.answer = answer
        return answer.environ.get("test.result")

    def read(self):
        return self.go(dict)

    def overlapping(self, *acts):
        """Run the acts in requests that all read the session before any of them saves."""
        barrier = threading.Barrier(len(acts))
        jar = dict(self.jar)
        jars = [dict(jar) for _ in acts]
        errors = []

        def run(act, own):
            def inside(session):
                len(session)
                barrier.wait(30)
                return act(session)

            try:
                self.go(inside, jar=own)
            except BaseException as exc:
                errors.append(exc)
                barrier.abort()

        threads = [threading.Thread(target=run, args=pair) for pair in zip(acts, jars, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return jars


def put(**values):
    """An act that sets these keys."""
    return lambda session: session.update(values)


class Counting:
    """A store that counts how often it is asked."""

    def __init__(self, store):
        self.store, self.calls = store, []

    def __getattr__(self, name):
        def counted(*args, **options):
            self.calls.append(name)
            return getattr(self.store, name)(*args, **options)

        return counted


READS = {
    "[]": lambda s: s["a"],
    "get": lambda s: s.get("a"),
    "in": lambda s: "a" in s,
    "len": lambda s: len(s),
    "bool": lambda s: bool(s),
    "iter": lambda s: list(s),
    "keys": lambda s: s.keys() and None,
    "items": lambda s: list(s.items()),
    "==": lambda s: s == {},
    "owner": lambda s: s.owner,
    "created": lambda s: s.created,
    "renewed": lambda s: s.renewed,
    "new": lambda s: s.new,
    "tag": lambda s: s.tag,
    "take_flashes": lambda s: s.take_flashes(),
    "devices": lambda s: s.devices(),
}
WRITES = {
    "set": lambda s: s.__setitem__("a", 2),
    "del": lambda s: s.__delitem__("a"),
    "pop": lambda s: s.pop("a"),
    "update": lambda s: s.update(b=1),
    "clear": lambda s: s.clear(),
    "incr": lambda s: s.incr("a"),
    "push": lambda s: s.push("l", 1),
    "alter": lambda s: s.alter("a", lambda n: n + 1),
    "flash": lambda s: s.flash("hi"),
    "inside": lambda s: s["inner"].append(1),
}
IDS = {"rotate": lambda s: s.rotate(), "revoke": lambda s: s.revoke()}
