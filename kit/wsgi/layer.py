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

    __slots__ = ("_body", "_closed", "_environ", "_instead", "_layer", "_restart", "_start", "_started")

    def __init__(self, layer: Layer, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._layer, self._environ, self._start = layer, environ, start_response
        self._body: Iterable[bytes] = ()
        self._started = self._closed = False  # the app has called start_response; the body has been closed
        self._instead: WSGIApplication | None = None  # what `head` answers with instead
        self._restart: ExcInfo | None = None  # why the answer of `failed` starts over

    def run(self, app: WSGIApplication) -> Iterable[bytes]:
        """Call `app`; return its own body if nothing is left to watch, else this exchange as the body."""
        layer = self._layer
        if not (layer._has_failed or layer._has_after):
            self._body = app(self._environ, self.start)
            return self._replace() if self._started else self  # a generator may not have started yet
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
        self._started = True
        exc_info = exc_info or self._restart
        if self._layer._has_head:
            answer = self._layer.head(self._environ, status, list(headers))
            if not isinstance(answer, tuple):
                self._instead, self._restart = answer, exc_info
                return _discard
            self._instead = None
            status, headers = answer
        return self._start(status, headers) if exc_info is None else self._start(status, headers, exc_info)

    def _replace(self) -> Iterable[bytes]:
        """The body; if `head` gave an app that answers instead, close the one inside and take that app's."""
        app, self._instead = self._instead, None
        if app is None:
            return self._body
        _close(self._body)
        self._body = ()
        restart, server = self._restart, self._start

        def start(status: str, headers: Headers, exc_info: ExcInfo | None = None, /) -> Callable[[bytes], object]:
            exc_info = exc_info or restart
            return server(status, headers) if exc_info is None else server(status, headers, exc_info)

        self._body = app(self._environ, start)
        return self._body

    def _recover(self, exc: Exception) -> None:
        """Ask `failed` for an answer to `exc`; without one, `exc` goes on."""
        answer = self._layer.failed(self._environ, exc) if self._layer._has_failed else None
        if answer is None:
            raise exc
        _close(self._body)
        self._body, self._instead = (), None
        # a server whose head has left raises the error again, as PEP 3333 asks ("The start_response() Callable")
        self._restart = sys.exc_info()
        self._body = answer(self._environ, self.start)

    def __iter__(self) -> Iterator[bytes]:
        if type(self._body) is list:  # nothing can start or fail late
            return iter(self._body)
        late = self._layer._has_head and not self._started
        return self._watched() if late or self._layer._has_failed else iter(self._body)

    def _watched(self) -> Iterator[bytes]:
        """The body, watched until its head has left: until then `head` or `failed` may answer in its place."""
        chunks, left = iter(self._body), False
        try:
            for chunk in chunks:
                if self._instead is not None:
                    break
                left = bool(chunk)
                yield chunk
                if left:
                    break
        except Exception as exc:
            self._recover(exc)
            yield from self._replace()
        else:
            yield from chunks if left or self._instead is None else self._replace()

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
