"""Which parameters does a handler have, and which of them is the request? Answered once, when the app is assembled.

>>> def show(request, id, page=1): ...
>>> Signature(show).request_for(frozenset({"id"}))
'*'
>>> Signature(show).request_for(frozenset({"name"}))  # doctest: +ELLIPSIS
Traceback (most recent call last):
kit.errors.ConfigError: handler show (...) has no parameter for the route variable 'name': add it, or **args

The module `inspect` can do this and more, but importing it takes longer than the rest of a small application.
"""

from __future__ import annotations

from functools import partial
from types import FunctionType, MethodType

from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Signature", "name_of"]

_VAR_POSITIONAL, _VAR_NAMED, _ASYNC = 0x04, 0x08, 0x80 | 0x200  # the flags of a code object


class Signature:
    """The parameters of a function, method, `partial`, decorated function, or object with `__call__`."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        inner, taken, bound = _unwrap(fn)
        code = inner.__code__
        count = code.co_argcount
        names = code.co_varnames
        self.fn = fn
        self.positional = names[taken:count]
        self.named_only = names[count : count + code.co_kwonlyargcount]
        self.starred = bool(code.co_flags & _VAR_POSITIONAL)
        self.open = bool(code.co_flags & _VAR_NAMED)
        #: whether it takes anything at all
        self.any = bool(self.positional or self.named_only or self.starred)
        optional = len(inner.__defaults__ or ())
        self.optional = {*names[count - optional : count], *(inner.__kwdefaults__ or ()), *bound}
        if self.positional[:2] == ("environ", "start_response"):
            hint = "mount it, or mark it with kit.routing.wsgi()"
            raise ConfigError(f"{name_of(fn)} is a WSGI app, no handler", hint=hint)
        if code.co_flags & _ASYNC:
            raise ConfigError(f"{name_of(fn)} is async, which WSGI is not", hint="write def, not async def")

    def request_for(self, variables: frozenset[str]) -> str:
        """How the request is given beside `variables`: "*" as first argument, "name" by that name, "" not at all."""
        names = (*self.positional, *self.named_only)
        unknown = sorted(variables.difference(names))
        if unknown and not self.open:
            what = f"{name_of(self.fn)} has no parameter for the route variable {unknown[0]!r}"
            raise ConfigError(what, hint="add it, or **args")
        free = [name for name in names if name not in variables and name not in self.optional]
        if len(free) > 1:
            given = ", ".join(sorted(variables)) or "none"
            what = f"{name_of(self.fn)} needs {free[1]!r}, which the route does not give (its variables: {given})"
            raise ConfigError(what, hint="add it to the path, or give the parameter a default")
        if not free:
            return "*" if self.starred and not self.positional else ""
        return "*" if self.positional[:1] == (free[0],) else free[0]


def _unwrap(fn: Any) -> tuple[FunctionType, int, set[str]]:
    """The function under `fn`, how many of its first parameters are taken, and the names that are bound."""
    taken, bound, outer = 0, set[str](), fn
    while not isinstance(fn, FunctionType):
        if isinstance(fn, partial):
            taken, bound, fn = taken + len(fn.args), bound | set(fn.keywords), fn.func
        elif isinstance(fn, MethodType):
            taken, fn = taken + 1, fn.__func__
        elif isinstance(fn, type) or not callable(fn) or not isinstance(type(fn).__call__, FunctionType):
            raise ConfigError(f"{fn!r} is no handler", hint="give a function, a method, or an object with __call__")
        else:
            fn = MethodType(type(fn).__call__, fn)
    code, inner = fn.__code__, getattr(fn, "__wrapped__", None)
    passes_all = code.co_flags & _VAR_POSITIONAL and code.co_flags & _VAR_NAMED
    if inner is not None and passes_all and not code.co_argcount and not code.co_kwonlyargcount and outer is not inner:
        below, more, names = _unwrap(inner)
        return below, taken + more, bound | names
    return fn, taken, bound


def name_of(fn: Any) -> str:
    """`handler polls.show (app.py:12)`: what messages call a handler."""
    while isinstance(fn, partial):
        fn = fn.func
    seen = fn if hasattr(fn, "__code__") or hasattr(fn, "__func__") else type(fn).__call__
    while hasattr(seen, "__wrapped__"):
        seen = seen.__wrapped__
    code = getattr(seen, "__code__", None)
    name = getattr(fn, "__qualname__", type(fn).__qualname__)
    return f"handler {name} ({code.co_filename}:{code.co_firstlineno})" if code else f"handler {name}"
