"""A value that is not there: passed around freely, an error with the cure as soon as anything uses it.

Mako fetches every name of a template at its top, for branches that are not taken too: a plain error would come early.

>>> name = Absent(lambda: NameError("nobody passed name"))
>>> f"hello {name}"
Traceback (most recent call last):
NameError: nobody passed name
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Absent"]


class Absent:
    """Every use raises what `error()` makes."""

    __slots__ = ("_error",)

    def __init__(self, error: Callable[[], Exception]) -> None:
        object.__setattr__(self, "_error", error)

    def _used(self, *args: Any, **named: Any) -> Any:
        raise self._error()

    __str__ = __repr__ = __format__ = __bool__ = __call__ = __iter__ = __len__ = __getitem__ = __contains__ = _used
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __mod__ = __hash__ = __setattr__ = _used

    def __getattr__(self, name: str) -> Any:
        raise self._error()
