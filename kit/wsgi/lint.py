"""Hold any WSGI app, and above all any layer, to the contract: `Lint` while it runs, `check_layer` in its tests.

>>> from kit.wsgi import Layer
>>> class Stamp(Layer):
...     def head(self, environ, status, headers):
...         headers.append(("X-Stamp", "kit"))
...         return status, headers
>>> check_layer(Stamp)                       # nothing to say
>>> class Careless(Layer):
...     provides = ("site.stamp",)
>>> check_layer(Careless)
Traceback (most recent call last):
kit.wsgi.lint.LintError: Careless breaks 1 rule
- provides: 'site.stamp' is declared in provides but was not set.

`check_layer(factory, environ=…, paths=…, idle=…)`: `factory(app)` builds the layer; `environ` holds the keys that
layers outside it would have set (or a function that makes them afresh for each request); `paths` are the paths to
probe, of which the first must reach the app; `idle()` says whether all that the layer takes (connections, files,
locks) has been given back.
"""

from __future__ import annotations

import re

from kit.errors import KitError
from kit.wsgi.environ import is_routing_args

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any, NoReturn
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Lint", "LintError", "check_layer"]


class LintError(KitError, AssertionError):
    """An app or a layer broke the contract; `.problems` lists every rule that was broken, as `rule: what happened`."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        title = f"{name} breaks {count} rule{'s' if count > 1 else ''}"
        self.name = name
        super().__init__("\n".join([title, *(f"- {problem}" for problem in self.problems)]))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.problems)


def check_layer(
    factory: Callable[[WSGIApplication], WSGIApplication],
    *,
    environ: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = {},  # noqa: B006  never written
    paths: Sequence[str] = ("/",),
    idle: Callable[[], bool] | None = None,
) -> None:
    """Run every rule of SPEC.md on the layers that `factory(app)` makes; raise `LintError` listing all that broke."""
    from kit.wsgi.bench import Bench
    from kit.wsgi.rules import RULES

    bench = Bench(factory, environ, paths, idle)
    problems = [f"{rule.__name__}: {problem}" for rule in RULES for problem in dict.fromkeys(rule(bench))]
    if not bench.passed:
        problems.append("reach: no probe reached the app inside. Give environ=… with what lets a request through.")
    if problems:
        raise LintError(bench.name, problems)


class Lint:
    """Watch every request to an app, and raise `LintError` at the first breach of PEP 3333 or of SPEC.md.

    Put between two layers it judges the one inside; `compose(…, lint=True)` puts it everywhere. It changes nothing that
    passes, and costs some microseconds per request: for development and tests.
    """

    transparent = True  # `check` leaves it out of the orders that it prints

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request, watched."""
        watch = _Watch(self.app, environ, start_response)
        if type(environ) is not dict:
            watch.fail("environ", f"environ must be a plain dict, not {type(environ).__name__}.")
        return watch.over(self.app(environ, watch.start))


class _Watch:
    """One watched request: the start_response that the app is given, and the body that it gave."""

    def __init__(self, app: Any, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._name = getattr(app, "__name__", type(app).__name__)
        self._environ, self._start = environ, start_response
        self._method = environ.get("REQUEST_METHOD", "GET")
        self._status = ""
        self._length: int | None = None  # what Content-Length promises
        self._sent = 0
        self._body: Iterable[bytes] = ()
        self._chunks: Iterator[bytes] | None = None
        self._closed = False

    def fail(self, rule: str, problem: str) -> NoReturn:
        """Say what is wrong, and where."""
        where = f"{self._method} {self._environ.get('PATH_INFO', '')}"
        raise LintError(self._name, [f"{rule}: {problem} ({where})"])

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
        """The start_response that the app is given."""
        if self._status and exc_info is None:
            self.fail("head", "start_response was called twice without exc_info.")
        for problem in head_problems(status, headers):
            self.fail("head", problem)
        self._status = status
        lengths = [value for name, value in headers if name.lower() == "content-length"]
        self._length = int(lengths[0]) if lengths else None
        passed = list(headers)  # what the layers outside do to the list must not reach the app's own
        write = self._start(status, passed) if exc_info is None else self._start(status, passed, exc_info)

        def counted(data: bytes) -> object:
            self._count(data)
            return write(data)

        return counted

    def over(self, body: Any) -> Iterable[bytes]:
        """Watch `body`, unless the server must recognise it as its own file wrapper."""
        if isinstance(body, (str, bytes)) or not hasattr(body, "__iter__"):
            self.fail("body", f"the body must be an iterable of bytes, not {type(body).__name__}.")
        args = self._environ.get("wsgiorg.routing_args")
        if args is not None and not is_routing_args(args):
            self.fail("routing_args", "'wsgiorg.routing_args' must be ((positional, …), {name: value}).")
        wrapper = self._environ.get("wsgi.file_wrapper")
        self._body = body
        return self._body if isinstance(wrapper, type) and isinstance(body, wrapper) else self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._closed:
            self.fail("close", "the body was read after it was closed.")
        if self._chunks is None:
            self._chunks = iter(self._body)
        for chunk in self._chunks:
            self._count(chunk)
            return chunk
        if not self._status:
            self.fail("head", "the body ended and start_response was never called.")
        if self._length is not None and self._sent < self._length and not self._bodiless():
            self.fail("length", f"the body has {self._sent} bytes, its Content-Length says {self._length}.")
        raise StopIteration

    def close(self) -> None:
        """Close the body inside; a second call is a breach by whoever is outside."""
        if self._closed:
            self.fail("close", "close() was called twice.")
        self._closed = True
        close = getattr(self._body, "close", None)
        if close is not None:
            close()

    def _bodiless(self) -> bool:
        return self._method == "HEAD" or self._status[:3] in ("204", "304")

    def _count(self, chunk: bytes) -> None:
        if not isinstance(chunk, bytes):
            self.fail("body", f"a chunk must be bytes, not {type(chunk).__name__}.")
        if not self._status:
            self.fail("head", "a chunk came before start_response was called.")
        self._sent += len(chunk)
        if chunk and self._bodiless():
            self.fail("HEAD", f"an answer {self._status[:3]} to {self._method} has no body.")
        if self._length is not None and self._sent > self._length:
            self.fail("length", f"the body is longer than its Content-Length of {self._length}.")


def head_problems(status: object, headers: object) -> Iterator[str]:
    """What PEP 3333 ("The start_response() Callable") and RFC 9110, 5.5 have against this head."""
    if type(status) is not str or not re.fullmatch(r"[1-9]\d\d [\t\x20-\x7e\x80-\xff]*", status):
        yield f"the status must be a str like '200 OK', not {status!r}."
    if type(headers) is not list:
        yield f"the headers must be a list, not {type(headers).__name__}."
        return
    for item in headers:
        if type(item) is not tuple or len(item) != 2 or not all(type(part) is str for part in item):
            yield f"a header must be a tuple of two str, not {item!r}."
        elif not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", item[0]):
            yield f"{item[0]!r} is no header name."
        elif not re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", item[1]):
            yield f"the value of {item[0]} holds a control character or is not latin-1: {item[1]!r}."
        elif item[0].lower() in _HOP_BY_HOP:
            yield f'{item[0]} is for the server alone (PEP 3333, "Other HTTP Features").'
        elif item[0].lower() == "content-length" and not item[1].isdecimal():
            yield f"Content-Length must be a number, not {item[1]!r}."


_HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
    *("te", "trailer", "transfer-encoding", "upgrade"),
}
