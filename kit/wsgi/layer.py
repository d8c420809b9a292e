"""Layer: a piece of WSGI middleware as up to four plain methods, and the one correct wrapper around them.

>>> class Stamp(Layer):
...     def head(self, environ, status, headers):
...         return status, [*headers, ("X-Stamp", "kit")]
>>> def hello(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"hello"]
>>> from kit.testing import call
>>> call(Stamp(hello)).headers["X-Stamp"]
'kit'

The hooks, in the order in which they run:

- `before(environ)` prepares. It may return a WSGI app, which then answers in place of the app inside.
- `head(environ, status, headers)` is the one commit point. It gets a list of its own and returns `(status, headers)`,
  or a WSGI app that answers instead (its head is final). It runs again when the app restarts with `exc_info`, so it
  must be idempotent. Everything that leaves through a layer passes `head`: the layer's own answers too.
- `failed(environ, exc)` is asked when the app raised before its head left. It returns a WSGI app, or None to go on
  raising.
- `after(environ)` releases. It runs exactly once if `before` returned: when the body is closed, or when the app raised.

A hook that a class does not define costs nothing: the wrapper is chosen when the class is made. A request that already
carries the first key of `provides` has been through such a layer (an internal sub-request, say) and passes untouched.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
    Headers = list[tuple[str, str]]

__all__ = ["Closing", "Layer"]


class Layer:
    """One concern around a WSGI app; see the module's text for the hooks. The only signature is `Thing(app, *, …)`.

    Keep options in `__init__` and rebind nothing afterwards: one layer serves all threads.
    """

    #: environ keys this layer sets for the layers inside it
    provides: tuple[str, ...] = ()
    #: keys that some layer outside must set
    requires: tuple[str, ...] = ()
    #: keys that must be set outside, if anything sets or rewrites them at all
    wants: tuple[str, ...] = ()
    #: standard keys (`REMOTE_ADDR`, `wsgi.input` …) that this layer corrects for the layers inside
    rewrites: tuple[str, ...] = ()

    _has_head = _has_failed = _has_after = False

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._has_head = cls.head is not Layer.head
        cls._has_failed = cls.failed is not Layer.failed
        cls._has_after = cls.after is not Layer.after
        if cls.__call__ in (Layer.__call__, _call_plain, _call_hooked):
            hooked = cls._has_head or cls._has_failed or cls._has_after
            name = "__call__"  # a variable, since mypy rightly forbids to assign a method by hand
            setattr(cls, name, _call_hooked if hooked else _call_plain)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        return self.app(environ, start_response)

    def before(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Prepare; may return an app that answers instead."""
        return None

    def head(self, environ: WSGIEnvironment, status: str, headers: Headers) -> tuple[str, Headers] | WSGIApplication:
        """Commit: return the status and headers that leave, or an app that answers instead."""
        return status, headers

    def failed(self, environ: WSGIEnvironment, exc: Exception) -> WSGIApplication | None:
        """Return an app that answers for `exc`, or None to go on raising."""
        return None

    def after(self, environ: WSGIEnvironment) -> None:
        """Release what `before` took."""


def _call_plain(self: Layer, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if self.provides and self.provides[0] in environ:
        return self.app(environ, start_response)
    answer = self.before(environ)
    return (self.app if answer is None else answer)(environ, start_response)


def _call_hooked(self: Layer, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if self.provides and self.provides[0] in environ:
        return self.app(environ, start_response)
    answer = self.before(environ)
    return _Exchange(self, environ, start_response).run(self.app if answer is None else answer)


class _Exchange:
    """One request on its way through a layer with hooks; also its body, where the body must be watched."""

    __slots__ = (
        "_body", "_chunks", "_closed", "_environ", "_instead", "_layer", "_left", "_restart", "_start", "_started",
    )  # fmt: skip

    def __init__(self, layer: Layer, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._layer = layer
        self._environ = environ
        self._start = start_response
        self._started = False  # the app has called start_response
        self._left = False  # a chunk has been handed out, so the head has left
        self._instead: WSGIApplication | None = None  # what `head` answers with instead
        self._restart: ExcInfo | None = None
        self._chunks: Iterator[bytes] | None = None
        self._closed = False

    def run(self, app: WSGIApplication) -> Iterable[bytes]:
        """Call `app`; return its own body if nothing is left to watch, else this exchange as the body."""
        layer = self._layer
        if not (layer._has_failed or layer._has_after):
            self._body = body = app(self._environ, self.start)
            if self._instead is not None:
                return self._replace(self._instead)
            return body if self._started else self  # a generator may not have started yet
        try:
            self._enter(app)
        except BaseException:
            self._finish()
            raise
        return self

    def start(self, status: str, headers: Headers, exc_info: ExcInfo | None = None, /) -> Callable[[bytes], object]:
        """The start_response that the app inside is given."""
        self._started = True
        if exc_info is None:
            exc_info = self._restart
        if self._layer._has_head:
            answer = self._layer.head(self._environ, status, list(headers))
            if not isinstance(answer, tuple):
                self._instead, self._restart = answer, exc_info
                return _discard
            self._instead = None
            status, headers = answer
        if exc_info is None:
            return self._start(status, headers)
        return self._start(status, headers, exc_info)

    def _enter(self, app: WSGIApplication) -> None:
        self._body = ()
        try:
            self._body = app(self._environ, self.start)
        except Exception as exc:
            self._recover(exc)
        if self._instead is not None:
            self._body = self._replace(self._instead)

    def _replace(self, app: WSGIApplication) -> Iterable[bytes]:
        """Close the body inside and answer with `app`, whose head is final."""
        self._instead = None
        _close(self._body)
        self._body = ()
        restart = self._restart

        def start(status: str, headers: Headers, exc_info: ExcInfo | None = None, /) -> Callable[[bytes], object]:
            exc_info = exc_info or restart
            return self._start(status, headers) if exc_info is None else self._start(status, headers, exc_info)

        return app(self._environ, start)

    def _recover(self, exc: Exception) -> None:
        """Ask `failed` for an answer to `exc`; without one, `exc` goes on."""
        answer = self._layer.failed(self._environ, exc) if self._layer._has_failed else None
        if answer is None:
            raise exc
        _close(self._body)
        self._body, self._chunks, self._instead = (), None, None
        # a server whose head has left raises the error again, as PEP 3333 asks ("The start_response() Callable")
        self._restart = sys.exc_info()
        self._body = answer(self._environ, self.start)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._chunks is None:
            self._chunks = iter(self._body)
        if self._left:
            return next(self._chunks)
        try:
            chunk = next(self._chunks, None)
        except Exception as exc:
            self._recover(exc)
            return self._after_switch()
        if self._instead is not None:
            self._body = self._replace(self._instead)
            return self._after_switch()
        if chunk is None:
            raise StopIteration
        if chunk:
            self._left = True
        return chunk

    def _after_switch(self) -> bytes:
        if self._instead is not None:
            self._body = self._replace(self._instead)
        self._chunks = iter(self._body)
        self._left = True  # only one switch in an exchange: what fails from here on goes on raising
        return next(self._chunks)

    def close(self) -> None:
        """Close the body inside, then release; doing it twice does it once."""
        try:
            if not self._closed:
                _close(self._body)
        finally:
            self._finish()

    def _finish(self) -> None:
        if not self._closed:
            self._closed = True
            self._restart = None  # no reference cycle through the traceback
            self._layer.after(self._environ)


class Closing:
    """A body that runs `after` exactly once when it is closed, whatever the body inside does.

    For layers that write their own `__call__`: `return Closing(body, release)`.

    >>> body = Closing([b"x"], lambda: print("released"))
    >>> list(body), body.close(), body.close()
    released
    ([b'x'], None, None)
    """

    __slots__ = ("_after", "_body", "_chunks")

    def __init__(self, body: Iterable[bytes], after: Callable[[], object]) -> None:
        self._body = body
        self._chunks: Iterator[bytes] | None = None
        self._after: Callable[[], object] | None = after

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._chunks is None:
            self._chunks = iter(self._body)
        return next(self._chunks)

    def close(self) -> None:
        """Close the body inside, then run `after`."""
        after, self._after = self._after, None
        if after is None:
            return
        try:
            _close(self._body)
        finally:
            after()


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _discard(_data: bytes) -> None:
    """The write() of an answer that a layer has replaced: nothing of it may reach the client."""
