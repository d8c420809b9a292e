"""The rules for a layer, each a function that tries to catch a layer breaking it. SPEC.md is printed from here.

A rule yields what it found wrong. Its text is the rule; its probes run the layer around apps that are built to expose
one fault (`kit.wsgi.bench`).
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from wsgiref.validate import validator

from kit.wsgi.bench import Bench, Inside, Reply, serve
from kit.wsgi.environ import is_routing_args
from kit.wsgi.layer import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Rule = Callable[[Bench], Iterator[str]]

__all__ = ["RULES"]

RULES: list[Rule] = []


def _rule(check: Rule) -> Rule:
    RULES.append(check)
    return check


@_rule
def valid(bench: Bench) -> Iterator[str]:
    """What goes in and what comes out of a layer is valid WSGI (PEP 3333): wsgiref's validator passes on both sides."""
    for method, body in (("GET", b""), ("HEAD", b""), ("POST", b"a=1&b=2"), ("DELETE", b"")):
        for path in bench.paths:
            inside = Inside(read_input=True)
            found: list[str] = []
            bodies: list[Any] = []
            app = _noting(bench.build(_noting(inside, found, bodies)), found, bodies)
            reply = serve(app, bench.environ(method, path, body))
            if isinstance(reply.error, AssertionError):
                found.append(str(reply.error))
            yield from (f"{method} {path}: {problem}" for problem in found)
            for wrapper in bodies:
                wrapper.closed = True  # rule `closes` tells of those left open; wsgiref would complain to stderr


def _noting(app: Any, found: list[str], bodies: list[Any]) -> Any:
    """`app` under wsgiref's validator, its objections noted: a layer that catches everything must not hide them."""
    validated = validator(app)

    def noting(environ: Any, start_response: Any) -> Any:
        try:
            bodies.append(validated(environ, start_response))
        except AssertionError as exc:
            found.append(str(exc))
            raise
        return bodies[-1]

    return noting


@_rule
def closes(bench: Bench) -> Iterator[str]:
    """The body inside is closed exactly once: read to its end, hung up on, never read, or failed midway."""
    for take, what in ((None, "read to its end"), (1, "hung up on after one chunk"), (0, "never read")):
        for lazy, kind in ((False, "text/plain"), (True, "text/plain"), (True, "text/html")):
            inside = Inside(chunks=5, lazy=lazy, kind=kind)
            bench.ask(inside, take=take)
            if inside.calls and inside.closes != 1:
                yield f"a body of {kind} that was {what} was closed {inside.closes} times."
    inside = Inside(chunks=5, lazy=True, fail_at=2)
    bench.ask(inside)
    if inside.calls and inside.closes != 1:
        yield f"a body that raised midway was closed {inside.closes} times."


@_rule
def releases(bench: Bench) -> Iterator[str]:
    """What a layer takes it keeps while the body is read, and gives back when the answer ends, however it ends."""
    if bench.idle is None:
        return
    cases = {
        "was read": Inside(chunks=3, lazy=True),
        "raised in the call": Inside(fail_in_call=True),
        "raised midway": Inside(chunks=3, lazy=True, fail_at=1),
        "raised in close()": Inside(chunks=3, fail_in_close=True),
    }
    for take, hung_up in ((None, ""), (1, ", hung up on")):
        for what, inside in cases.items():
            held: list[bool] = []
            inside.watch = partial(_note, held, bench.idle)
            bench.ask(inside, take=take)
            if held and held[0] and not all(held):
                yield f"it let go before the body was through (the app {what}{hung_up})."
            if not bench.idle():
                yield f"it still holds on after an app that {what}{hung_up}."


def _note(held: list[bool], idle: Callable[[], bool]) -> None:
    held.append(not idle())


@_rule
def streams(bench: Bench) -> Iterator[str]:
    """A layer runs at most one chunk ahead of the server, lists or generators; one that does not says `buffers`."""
    if bench.says("buffers"):
        return
    for lazy, kind in ((False, "text/plain"), (True, "text/plain"), (True, "text/html")):
        inside = Inside(chunks=100, lazy=lazy, kind=kind)
        reply = bench.ask(inside, take=1)
        if inside.calls and not reply.error and inside.pulled > 2:
            made = "generator" if lazy else "iterator"
            yield f"{inside.pulled} of 100 chunks were pulled for the first one ({made} of {kind})."


@_rule
def write(bench: Bench) -> Iterator[str]:
    """The write() that start_response returns takes bytes, and they arrive before the body."""
    inside = Inside(written=b"written,")
    reply = bench.ask(inside)
    if inside.calls and reply.error:
        yield f"write() raised {reply.error!r}."
    elif inside.calls and not bench.rewrites(reply) and not reply.body.startswith(b"written,"):
        yield f"what was written did not arrive in its place: {reply.body[:40]!r}."


@_rule
def exc_info(bench: Bench) -> Iterator[str]:
    """exc_info is passed on: before the head has left the second head counts, afterwards the error is raised again."""
    for inside in (Inside(restart=True), Inside(restart_in_body=True)):
        reply = bench.ask(inside)
        lost = reply.status.startswith("500 R") and b"restarted" not in reply.body and not bench.rewrites(reply)
        if inside.calls and (reply.error or reply.status < "400" or lost):
            yield f"an app's own 500 page became {reply.error or reply.status!r}."
    inside = Inside(chunks=2, lazy=True, restart_late=True)
    reply = bench.ask(inside)
    if inside.calls and not bench.says("buffers") and not isinstance(reply.error, Inside.Failure):
        yield f"an error after the head had left became {reply.error!r}."


@_rule
def exceptions(bench: Bench) -> Iterator[str]:
    """An error of the app goes on as it is, or becomes a whole answer of 4xx or 5xx; it never vanishes."""
    for inside in (Inside(fail_in_call=True), Inside(chunks=3, lazy=True, fail_at=0)):
        reply = bench.ask(inside)
        answered = not reply.error and reply.status[:1] in ("4", "5")
        if inside.calls and not answered and not isinstance(reply.error, Inside.Failure):
            yield f"the app raised, and out came {reply.error or reply.status!r}."
    inside = Inside(chunks=3, lazy=True, fail_at=2)
    reply = bench.ask(inside)
    if inside.calls and not reply.error and reply.status.startswith("2"):
        yield "the app raised midway, and the answer ended as if it were whole."


@_rule
def wsgi_input(bench: Bench) -> Iterator[str]:
    """The app inside reads the body whole: a layer leaves wsgi.input alone, rewinds it, or says `rewrites`."""
    if "wsgi.input" in bench.declared("rewrites"):
        return
    fields, parts = b"_method=DELETE&a=1", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
    bodies = {
        "application/x-www-form-urlencoded": fields,
        "multipart/form-data; boundary=x": parts,
        "application/json": b'{"a": 1}',
        "text/plain": b"a",
    }
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for kind, body in bodies.items():
            inside = Inside(read_input=True)
            bench.ask(inside, method=method, body=body, CONTENT_TYPE=kind)
            if inside.calls and inside.input != body:
                yield f"of a {method} of {kind} the app could read {inside.input!r} instead of {body!r}."


@_rule
def rebinds(bench: Bench) -> Iterator[str]:
    """No attribute of a layer is rebound after __init__: nothing of a request is kept on `self`."""
    inside = Inside(chunks=2, lazy=True)
    layer = bench.build(inside)
    before = dict(getattr(layer, "__dict__", {}))
    changed: set[str] = set()

    def compare() -> None:
        now = getattr(layer, "__dict__", {})
        changed.update(name for name in {*before, *now} if before.get(name, Bench) is not now.get(name, Bench))

    inside.watch = compare  # while a request is inside
    for method in ("GET", "POST"):
        serve(layer, bench.environ(method, bench.paths[0], b""))
        compare()
    yield from (f"self.{name} was bound anew while requests ran." for name in sorted(changed))


@_rule
def provides(bench: Bench) -> Iterator[str]:
    """A layer sets exactly the keys that it `provides`, and changes of the others only those that it `rewrites`."""
    inside = Inside()
    environ = bench.environ("GET", bench.paths[0], b"")
    before = dict(environ)
    serve(bench.build(inside), environ)
    if not inside.calls:
        return
    declared, rewrites = bench.declared("provides"), bench.declared("rewrites")
    for key in declared:
        if key not in inside.environ:
            yield f"{key!r} is declared in provides but was not set."
    for key, value in inside.environ.items():
        if key not in before and key not in declared and key not in rewrites:
            yield f"{key!r} was set and is not declared in provides."
        if key in before and before[key] is not value and key not in rewrites and key not in declared:
            yield f"{key!r} was changed and is not declared in rewrites."
    for key in before:
        if key not in inside.environ and key not in rewrites:
            yield f"{key!r} was removed and is not declared in rewrites."


@_rule
def context(bench: Bench) -> Iterator[str]:
    """What a layer provides stays in environ while the body is read: a lazy body may need it."""
    inside = Inside(chunks=3, lazy=True)
    bench.ask(inside)
    for key in bench.declared("provides"):
        if key in inside.environ and inside.late.get(key, Bench) is not inside.environ[key]:
            yield f"{key!r} was gone or another when the body was read."


@_rule
def outside(bench: Bench) -> Iterator[str]:
    """The layers outside find SCRIPT_NAME, PATH_INFO and the rest as they were: a mount works on a copy."""
    for path in bench.paths:
        environ = bench.environ("GET", path, b"")
        before = dict(environ)
        serve(bench.build(Inside()), environ)
        for key in before:
            changed = environ.get(key, Bench) is not before[key]
            if changed and key.isupper() and key not in bench.declared("rewrites"):
                yield f"{key} was {before[key]!r} and is {environ.get(key)!r} for the layers outside."


@_rule
def routing_args(bench: Bench) -> Iterator[str]:
    """'wsgiorg.routing_args', if a layer sets it, is ((positional, …), {name: value})."""
    for path in bench.paths:
        inside = Inside()
        environ = bench.environ("GET", path, b"")
        environ.pop("wsgiorg.routing_args", None)
        serve(bench.build(inside), environ)
        args = inside.environ.get("wsgiorg.routing_args")
        if args is not None and not is_routing_args(args):
            yield f"it was set to ({', '.join(type(part).__name__ for part in args)})."


@_rule
def aliases(bench: Bench) -> Iterator[str]:
    """The app's own list of headers is never changed: apps keep one for all requests."""
    inside = Inside()
    layer = bench.build(inside)
    for _ in range(2):
        serve(layer, bench.environ("GET", bench.paths[0], b""))
    if inside.headers != inside.own_headers():
        yield f"the app's list of headers grew to {inside.headers!r}."


@_rule
def head_requests(bench: Bench) -> Iterator[str]:
    """An answer to HEAD has no body."""
    inside = Inside(chunks=0)
    reply = bench.ask(inside, method="HEAD")
    if reply.body:
        yield f"{len(reply.body)} bytes were sent."


@_rule
def passes(bench: Bench) -> Iterator[str]:
    """A layer of kit passes a request through untouched when the first key that it provides is there already."""
    keys = bench.declared("provides")
    if not keys or not isinstance(bench.build(Inside()), Layer):
        return
    inside, there = Inside(), object()
    environ = {**bench.environ("GET", bench.paths[0], b""), keys[0]: there}
    serve(bench.build(inside), environ)
    if inside.calls != 1 or inside.environ.get(keys[0]) is not there:
        yield f"{keys[0]!r} was there and was set again."


@_rule
def file_wrapper(bench: Bench) -> Iterator[str]:
    """A layer with nothing to release returns the server's file wrapper as it is; one that wraps says `streams`."""
    layer = bench.build(Inside())
    kind = type(layer)
    hooked = isinstance(layer, Layer) and (kind.after is not Layer.after or kind.failed is not Layer.failed)
    if hooked or bench.says("streams") or bench.says("buffers"):
        return
    inside = Inside(file=True)
    reply = bench.ask(inside)
    if inside.calls and reply.raw is not inside.wrapped:
        yield f"the server was given a {type(reply.raw).__name__} instead."


@_rule
def leaks(bench: Bench) -> Iterator[str]:
    """An error answer tells no path of the machine."""
    layer = bench.build(Inside())
    kept = [Path(value) for value in getattr(layer, "__dict__", {}).values() if isinstance(value, (str, Path))]
    folders = [path for path in {Path.cwd(), Path.home(), Path(sys.prefix), *kept} if path.is_absolute()]
    for path in (*bench.paths, *(f"{path.rstrip('/')}/no-such-thing" for path in bench.paths)):
        reply = serve(layer, bench.environ("GET", path, b""))
        for folder in folders:
            if len(folder.parts) > 1 and reply.status[:1] in ("4", "5") and str(folder).encode() in reply.body:
                yield f"the answer {reply.status} to {path} names {folder}."


@_rule
def threads(bench: Bench) -> Iterator[str]:
    """One layer serves eight requests at once, all of them inside at the same time, and each gets its own answer."""
    inside = Inside(echo=True)
    together = threading.Barrier(8)
    inside.watch = partial(_meet, together)
    layer = bench.build(inside)
    mixed: list[str] = []

    def client(name: str) -> None:
        for _ in range(10):
            reply: Reply = serve(layer, {**bench.environ("GET", bench.paths[0], b""), "HTTP_X_KIT_LINT": name})
            refused = reply.status[:1] == "4"  # a limit that was reached is an answer too
            if inside.calls and not refused and not bench.rewrites(reply) and name.encode() not in reply.body:
                mixed.append(f"{name} was answered {reply.error or reply.body[:40]!r}.")

    workers = [threading.Thread(target=client, args=(f"client-{at}",)) for at in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    yield from mixed[:1]


def _meet(together: threading.Barrier) -> None:
    """Wait for the others; whoever lets only one in at a time keeps them from meeting, which is no fault."""
    with suppress(threading.BrokenBarrierError):
        together.wait(0.5)
