"""The process that serves under `kit run`: it loads the app and answers on a socket that its parent holds.

An app that cannot be loaded does not end the process: a page says what is wrong until a file changes, and the parent
starts a new worker. Waitress is tuned so that a thousand idle connections stall nobody (its defaults stall at 100).
"""

from __future__ import annotations

import multiprocessing
import os
import re
import select
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, TypedDict

from kit.cli.target import load
from kit.cli.terminal import paint
from kit.errors import KitError
from kit.seal import KeyRing

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_LOOPBACK = re.compile(r"(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?::\d+)?")

__all__ = ["Settings", "serve", "work"]


class Settings(TypedDict):
    """What `kit run` hands to its worker."""

    target: str
    data: str
    keys: str
    debug: bool
    lint: bool
    threads: int
    host: str


def work(listening: socket.socket, settings: Settings) -> None:
    """Serve until the parent stops this process; end with the parent, even if that is killed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # even where `kit run … &` made it ignored
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(listening, settings)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def serve(listening: socket.socket, settings: Settings) -> None:
    """Load the app and serve it on `listening` until an interrupt."""
    import waitress

    from kit.wsgi import shutdown

    app = _loaded(settings)
    try:
        waitress.serve(
            app,
            sockets=[listening],
            threads=settings["threads"],
            connection_limit=10_000,
            asyncore_use_poll=hasattr(select, "poll"),
            channel_timeout=60,
            max_request_body_size=1 << 28,  # bytes; waitress gathers the body before the app sees the request
            ident=None,
            server_name=settings["host"],
            _quiet=True,
        )
    finally:
        shutdown(app)


def _loaded(settings: Settings) -> WSGIApplication:
    try:
        keys = KeyRing.load(settings["keys"], create=settings["debug"])
        given = {"data": settings["data"], "keys": keys, "debug": settings["debug"], "lint": settings["lint"]}
        return load(settings["target"], given)
    except KitError as error:
        shown = str(error)
    except (Exception, SystemExit):
        shown = traceback.format_exc()
    print(f"{paint('kit:', 'red', to=sys.stderr)} {settings['target']} does not start\n{shown}", file=sys.stderr)
    return _Broken(shown if settings["debug"] else "The terminal says why.")


class _Broken:
    """Stands in for an app that cannot be loaded."""

    def __init__(self, shown: str) -> None:
        self._body = f"This app does not start. Mend it, and reload this page.\n\n{shown}\n".encode()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # another name for this address may be a stranger's page that reads ours (DNS rebinding)
        known = _LOOPBACK.fullmatch(environ.get("HTTP_HOST", ""))
        body = self._body if known else b"This app does not start. The terminal says why.\n"
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        headers += [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]
        start_response("500 Internal Server Error", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
