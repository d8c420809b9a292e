"""Nest layers, outermost first, and let go of them again.

>>> from kit.wsgi import Layer
>>> class Stamp(Layer):
...     provides = ("site.stamp",)
...     def before(self, environ): environ["site.stamp"] = "kit"
>>> def site(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [environ["site.stamp"].encode()]
>>> app = compose(Stamp, site)
>>> from kit.testing import call
>>> call(app).text
'kit'

An item is a layer class, `functools.partial(Thing, option=…)`, or any function of an app; the last is the application.
"""

from __future__ import annotations

from kit.wsgi.check import StackError, check
from kit.wsgi.layer import Layer
from kit.wsgi.tree import chain, described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from wsgiref.types import WSGIApplication

__all__ = ["compose", "shutdown"]


def compose(*layers_then_app: Any, lint: bool = False) -> WSGIApplication:
    """Nest the layers around the application, check the stack, freeze it, and return the outermost app.

    Raises `StackError`, naming every problem, if the stack cannot work. Whatever in it has a `freeze()` (a router)
    refuses changes from here on. With `lint=True` a `kit.wsgi.lint.Lint` stands between every two of them, which is
    for development.
    """
    if not layers_then_app:
        raise StackError(["there is nothing to compose. Give the layers, outermost first, and the application last."])
    *factories, last = layers_then_app
    problems = [problem for at, item in enumerate(factories, 1) for problem in _misfit(at, item)]
    if problems:
        raise StackError(problems)
    app: WSGIApplication = _linted(last) if lint and not isinstance(last, type) else last
    for factory in reversed(factories):
        app = _build(factory, app)
        app = _linted(app) if lint else app
    check(app)
    for node in chain(app).walk():
        freeze = getattr(node.app, "freeze", None)
        if callable(freeze):
            freeze()
    return app


def shutdown(app: Any) -> None:
    """Call `shutdown()` on all in the stack that have one, outermost first; all run, then the first error is raised."""
    first: Exception | None = None
    for node in chain(app).walk():
        release = getattr(node.app, "shutdown", None)
        if callable(release) and not isinstance(node.app, type):
            try:
                release()
            except Exception as exc:
                first = first or exc
    if first is not None:
        raise first


def _misfit(at: int, item: Any) -> list[str]:
    if isinstance(item, Layer):
        name = type(item).__name__
        return [f"item {at}, {name}(…), is built already. Give the class, or partial({name}, option=…)."]
    if not callable(item):
        return [f"item {at}, {item!r}, cannot be called with an app. Give a class, a partial or a function."]
    return []


def _build(factory: Any, app: Any) -> Any:
    try:
        built = factory(app)
    except TypeError as exc:
        name = getattr(factory, "__name__", factory)
        exc.add_note(f"while composing {name!r}: options go in by partial(…, option=…)")
        raise
    return described(built, factory, app)


def _linted(app: Any) -> Any:
    from kit.wsgi.lint import Lint  # a tool of development: not loaded where no one asks for it

    return Lint(app)
