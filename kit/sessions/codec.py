"""The values that a session keeps, and their JSON: typed, exact, and never executable.

>>> from datetime import date
>>> pack({"day": date(2026, 11, 22), "ids": (1, 2)})
{'day': {'~D': '2026-11-22'}, 'ids': {'~t': [1, 2]}}
>>> unpack(pack({"day": date(2026, 11, 22), "ids": (1, 2)})) == {"day": date(2026, 11, 22), "ids": (1, 2)}
True
>>> pack({"who": object()}, "cart")
Traceback (most recent call last):
TypeError: cart['who'] is of type object, which a session does not keep: store an id, or str, int, float, bool, None, \
bytes, datetime, date, Decimal, UUID, and list, tuple, dict of them

What comes back equals what went in, type and all; so subclasses, keys that are no str, NaN and infinities are refused.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from uuid import UUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["pack", "unpack"]

_PLAIN = frozenset((str, int, bool, type(None)))
_DEPTH = 64
_KEPT = "str, int, float, bool, None, bytes, datetime, date, Decimal, UUID, and list, tuple, dict of them"
_TAGGED: dict[type, tuple[str, Callable[[Any], str]]] = {
    datetime: ("~d", datetime.isoformat),
    date: ("~D", date.isoformat),
    Decimal: ("~n", str),
    UUID: ("~u", str),
    bytes: ("~b", lambda value: b64encode(value).decode("ascii")),
}
_UNTAGGED: dict[str, Callable[[Any], Any]] = {
    "~d": datetime.fromisoformat,
    "~D": date.fromisoformat,
    "~n": Decimal,
    "~u": UUID,
    "~b": b64decode,
    "~t": lambda items: tuple(unpack(item) for item in items),
    "~m": lambda items: {key: unpack(value) for key, value in items.items()},
}


def pack(value: Any, path: str = "the value", depth: int = 0) -> Any:
    """`value` as what `json.dumps` takes; TypeError names the place of what a session does not keep."""
    kind = type(value)
    if kind in _PLAIN or (kind is float and isfinite(value)):
        return value
    if depth >= _DEPTH:
        raise TypeError(f"{path} is nested deeper than {_DEPTH} levels, or holds itself")
    if kind is list or kind is tuple:
        items = [pack(item, f"{path}[{number}]", depth + 1) for number, item in enumerate(value)]
        return items if kind is list else {"~t": items}
    if kind is dict:
        return _pack_dict(value, path, depth)
    if kind in _TAGGED:
        tag, text = _TAGGED[kind]
        return {tag: text(value)}
    what = f"{value!r}" if kind is float else f"of type {kind.__name__}"
    raise TypeError(f"{path} is {what}, which a session does not keep: store an id, or {_KEPT}")


def _pack_dict(value: dict[Any, Any], path: str, depth: int) -> dict[str, Any]:
    packed = {}
    for key, item in value.items():
        if type(key) is not str:
            raise TypeError(f"{path} has the key {key!r}, which is no str: a session would give it back as one")
        packed[key] = pack(item, f"{path}[{key!r}]", depth + 1)
    # a dict that looks like one of our own tags is wrapped
    return {"~m": packed} if len(packed) == 1 and next(iter(packed))[:1] == "~" else packed


def unpack(packed: Any) -> Any:
    """The value that `pack` was given, in new containers."""
    kind = type(packed)
    if kind is list:
        return [unpack(item) for item in packed]
    if kind is not dict:
        return packed
    if len(packed) == 1:
        ((tag, inner),) = packed.items()
        if tag in _UNTAGGED:
            return _UNTAGGED[tag](inner)
    return {key: unpack(value) for key, value in packed.items()}
