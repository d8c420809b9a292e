"""A WSGI app for `test_nodes`: the session's keys as JSON; with ?key=value, that key is set and a counter goes up.

gunicorn "tests.sessions.node:make()", with the URL of the store in KIT_STORE.
"""

from __future__ import annotations

import json
import os
from urllib.parse import parse_qsl

from kit.sessions import Sessions, of
from kit.stores import open_store


def inside(environ, start_response):
    session = of(environ)
    for key, value in parse_qsl(environ["QUERY_STRING"]):
        session[key] = value
        session.incr("count")
    body = json.dumps(dict(session)).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def make():
    return Sessions(inside, store=open_store(os.environ["KIT_STORE"], timeout=20))
