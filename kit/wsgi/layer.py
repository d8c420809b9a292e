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

    __slots__ = ("_body", "_closed", "_environ", "_instead", "_layer", "_recovered", "_restart", "_start")

    def __init__(self, layer: Layer, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._layer, self._environ, self._start = layer, environ, start_response
        self._body: Iterable[bytes] = ()
        self._recovered = self._closed = False  # `failed` has been asked; the body has been closed
        self._instead: WSGIApplication | None = None  # what `head` answers with instead
        self._restart: ExcInfo | None = None  # why the answer of `failed` starts over

    def run(self, app: WSGIApplication) -> Iterable[bytes]:
        """Call `app`; return its own body if nothing is left to watch, else this exchange as the body."""
        layer = self._layer
        if not (layer._has_failed or layer._has_after):
            self._body = app(self._environ, self.start)
            body = self._replace()
            # a body that is made while it is read may start, or start over, late
            return body if type(body) is list or self._is_file(body) else self
        try:
            try:
                self._body = app(self._environ, self.start if layer._has_head else self._start)
            except Exception as exc:
                self._recover(exc)
            self._replace()
        except BaseException:
            self._finish()
            raise
        return self

    def start(self, status: str, headers: Headers, exc_info: ExcInfo | None = None, /) -> Callable[[bytes], object]:
        """The start_response that the app inside is given."""
        exc_info = exc_info or self._restart
        if self._layer._has_head:
            answer = self._layer.head(self._environ, status, list(headers))
            if not isinstance(answer, tuple):
                return self._take(answer, status, headers, exc_info)
            self._instead = None
            status, headers = answer
        return self._start(status, headers) if exc_info is None else self._start(status, headers, exc_info)

    def _take(self, app: Any, status: str, headers: Headers, exc_info: ExcInfo | None) -> Callable[[bytes], object]:
        """Remember that `head` answers with `app` instead."""
        if not callable(app):
            name = type(self._layer).__name__
            raise TypeError(f"{name}.head returned {app!r}: return (status, headers), or a WSGI app that answers")
        if exc_info is not None:  # too late if the head has left: then the server raises the error again
            self._start(status, list(headers), exc_info)
        self._instead, self._restart = app, exc_info
        return _discard

    def _replace(self) -> Iterable[bytes]:
        """The body; if `head` gave an app that answers instead, close the one inside and take that app's."""
        app, self._instead = self._instead, None
        if app is None:
            return self._body
        restart, server = self._restart, self._start

        def start(status: str, headers: Headers, exc_info: ExcInfo | None = None, /) -> Callable[[bytes], object]:
            exc_info = exc_info or restart
            return server(status, headers) if exc_info is None else server(status, headers, exc_info)

        self._drop()
        self._body = app(self._environ, start)
        return self._body

    def _recover(self, exc: Exception) -> None:
        """Ask `failed` for an answer to `exc`, once; without one, `exc` goes on."""
        answer = None
        if self._layer._has_failed and not self._recovered:
            self._recovered = True
            answer = self._layer.failed(self._environ, exc)
        if answer is None:
            raise exc
        self._drop()
        self._instead = None
        # a server whose head has left raises the error again, as PEP 3333 asks ("The start_response() Callable")
        self._restart = sys.exc_info()
        self._body = answer(self._environ, self.start)

    def _drop(self) -> None:
        """Close the body inside, which another takes the place of."""
        body, self._body = self._body, ()
        _close(body)

    def _is_file(self, body: Iterable[bytes]) -> bool:
        """Whether the server must get `body` as it is, to send a file its own way."""
        wrapper = self._environ.get("wsgi.file_wrapper")
        return isinstance(wrapper, type) and isinstance(body, wrapper)

    def __iter__(self) -> Iterator[bytes]:
        watched = self._layer._has_head or self._layer._has_failed
        # of a list, nothing can start or fail late
        return self._watched() if watched and type(self._body) is not list else iter(self._body)

    def _watched(self) -> Iterator[bytes]:
        """The body, watched until its head has left: until then `head` or `failed` may answer in its place."""
        chunks: Iterator[bytes] = iter(())
        left = failed = True
        while failed:
            left = failed = False
            try:
                chunks = iter(self._body)
                for chunk in chunks:
                    if self._instead is not None:
                        break
                    left = bool(chunk)
                    yield chunk
                    if left:
                        break
            except Exception as exc:
                self._recover(exc)
                failed = True  # watch the answer likewise
        if left:
            yield from chunks
        elif self._instead is not None:
            yield from self._replace()

    def close(self) -> None:
        """Close the body inside, then release; doing it twice does it once."""
        try:
            if not self._closed:
                self._drop()
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

    __slots__ = ("_after", "_body")

    def __init__(self, body: Iterable[bytes], after: Callable[[], object]) -> None:
        self._body = body
        self._after: Callable[[], object] | None = after

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

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
