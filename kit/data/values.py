"""The value gate: every value of a row, a filter or a change passes it, and comes out in one exact form.

>>> kind_of(int).gate(7, Rules())
7
>>> kind_of(int).gate("7", Rules())
Traceback (most recent call last):
kit.data.values.Refuse: type

It is the defence against injection too: a dict never passes for a text, whatever the database would make of it. A
`Kind` knows three forms of a value: what a record holds, what a backend stores (`dump`, `load`), and what a stranger
may write in a URL (`parse`, text only).
"""

from __future__ import annotations

import enum
import json
import math
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from kit.errors import ConfigError

__all__ = ["NO_RULES", "Kind", "Refuse", "Rules", "as_it_is", "fold", "kind_of"]

_FORBIDDEN = re.compile("[\0\ud800-\udfff]")  # PostgreSQL stores no NUL, and nobody stores lone surrogates
_INT = range(-(2**63), 2**63)
_MOST = 18  # digits of a decimal: what a scaled 64-bit integer holds
_MAX_BYTES = 8_000_000  # a row must fit into MongoDB's 16 MB with room to spare
_DEPTH = 32


class Refuse(Exception):
    """A value breaks a rule; `code` and `params` say which, for a message in any language."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(frozen=True, slots=True)
class Rules:
    """The constraints of one field, in the words of `field()`."""

    max: int | None = None
    min: int | None = None
    ge: Any = None
    le: Any = None
    pattern: re.Pattern[str] | None = None
    places: int | None = None


NO_RULES = Rules()


def as_it_is(value: Any) -> Any:
    """What most kinds do to store a value, or to read it: nothing."""
    return value


@dataclass(frozen=True, slots=True)
class Kind:
    """How one Python type is checked and stored: `storage` is the column's kind of `kit.data.schema.KINDS`."""

    storage: str
    gate: Callable[[Any, Rules], Any]
    parse: Callable[[str], Any]
    dump: Callable[[Any], Any] = as_it_is
    load: Callable[[Any], Any] = as_it_is


def fold(text: str) -> str:
    """The form in which a field with `fold=True` is compared and sorted."""
    return text.casefold()


def kind_of(python: Any) -> Kind:
    """The kind that stores `python`, a type; `ConfigError` if there is none."""
    if isinstance(python, type) and issubclass(python, enum.Enum):
        return _enum(python)
    try:
        return _KINDS[python]
    except (KeyError, TypeError):
        names = ", ".join(kind.__name__ for kind in _KINDS if kind not in (dict, list))
        raise ConfigError(f"no field holds {python!r}", hint=f"use {names}, dict, list or an Enum") from None


def _bounds(value: Any, rules: Rules) -> Any:
    if rules.ge is not None and value < rules.ge:
        raise Refuse("ge", ge=rules.ge)
    if rules.le is not None and value > rules.le:
        raise Refuse("le", le=rules.le)
    return value


def _length(value: Any, rules: Rules) -> None:
    if rules.max is not None and len(value) > rules.max:
        raise Refuse("max", max=rules.max)
    if rules.min is not None and len(value) < rules.min:
        raise Refuse("min", min=rules.min)
    if len(value) > _MAX_BYTES // 4:
        raise Refuse("max", max=_MAX_BYTES // 4)


def _text(value: Any, rules: Rules) -> str:
    if not isinstance(value, str):
        raise Refuse("type")
    text = value if type(value) is str else str.__str__(value)  # a subclass may carry anything; plain text goes on
    if rules.max is None or rules.min is not None or len(text) > rules.max:
        _length(text, rules)
    if ("\0" in text or not text.isascii()) and _FORBIDDEN.search(text):
        raise Refuse("characters")
    if rules.pattern is not None and not rules.pattern.fullmatch(text):
        raise Refuse("pattern", pattern=rules.pattern.pattern)
    return text


def _bytes(value: Any, rules: Rules) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise Refuse("type")
    plain = bytes(value)
    _length(plain, rules)
    return plain


def _int(value: Any, rules: Rules) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refuse("type")
    if value not in _INT:
        raise Refuse("range")
    return int(_bounds(value, rules))


def _float(value: Any, rules: Rules) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Refuse("type")
    try:
        value = float(value) + 0.0  # -0.0 becomes 0.0, since not every server keeps it
    except OverflowError:
        raise Refuse("range") from None
    if not math.isfinite(value):
        raise Refuse("finite")
    return float(_bounds(value, rules))


def _bool(value: Any, rules: Rules) -> bool:
    if not isinstance(value, bool):
        raise Refuse("type")
    return value


def _decimal(value: Any, rules: Rules) -> Decimal:
    """Exactly `places` digits; more of them are refused, never rounded away."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise Refuse("type")
    places = rules.places or 0
    value = Decimal(value)
    if not value.is_finite():
        raise Refuse("finite")
    if value.adjusted() >= _MOST - places and value:
        raise Refuse("range")
    exact = value.quantize(Decimal(1).scaleb(-places)) + 0  # + 0: no negative zero
    if exact != value:
        raise Refuse("places", places=places)
    return Decimal(_bounds(exact, rules))


def _datetime(value: Any, rules: Rules) -> datetime:
    if not isinstance(value, datetime):
        raise Refuse("type")
    if value.tzinfo is None or value.utcoffset() is None:
        raise Refuse("timezone")
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        raise Refuse("range") from None
    if value.year < 1000:
        raise Refuse("range")
    value = datetime(value.year, value.month, value.day, value.hour, value.minute, value.second,
                     value.microsecond // 1000 * 1000, UTC)  # fmt: skip
    kept: datetime = _bounds(value, rules)
    return kept


def _date(value: Any, rules: Rules) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Refuse("type")
    if value.year < 1000:
        raise Refuse("range")
    return date.fromordinal(_bounds(value, rules).toordinal())


def _delta(value: Any, rules: Rules) -> timedelta:
    if not isinstance(value, timedelta):
        raise Refuse("type")
    return timedelta(milliseconds=_bounds(value, rules) // timedelta(milliseconds=1))


def _uuid(value: Any, rules: Rules) -> uuid.UUID:
    if not isinstance(value, uuid.UUID):
        raise Refuse("type")
    return value


def _json(value: Any, rules: Rules) -> Any:
    """A copy of plain JSON values: what the caller changes later in his own dict is not in the row."""
    copy = _json_copy(value, _DEPTH)
    if len(json.dumps(copy, ensure_ascii=False)) > (rules.max or _MAX_BYTES // 4):
        raise Refuse("max", max=rules.max or _MAX_BYTES // 4)
    return copy


def _dict(value: Any, rules: Rules) -> Any:
    if not isinstance(value, dict):
        raise Refuse("type")
    return _json(value, rules)


def _list(value: Any, rules: Rules) -> Any:
    if not isinstance(value, list | tuple):
        raise Refuse("type")
    return _json(value, rules)


def _json_copy(value: Any, depth: int) -> Any:
    if depth == 0:
        raise Refuse("depth", depth=_DEPTH)
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _text(value, NO_RULES)
    if isinstance(value, int):
        return _int(value, NO_RULES)
    if isinstance(value, float):
        return _float(value, NO_RULES)
    if isinstance(value, list | tuple):
        return [_json_copy(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {_json_key(key): _json_copy(item, depth - 1) for key, item in value.items()}
    raise Refuse("type")


def _json_key(key: Any) -> str:
    """MongoDB gives a meaning to dots and to a leading $: they are refused everywhere, so that data can move."""
    text = _text(key, NO_RULES)
    if "." in text or text.startswith("$"):
        raise Refuse("key")
    return text


def _enum(python: type[enum.Enum]) -> Kind:
    values = [member.value for member in python]
    types = {type(value) for value in values}
    if types not in ({str}, {int}):
        raise ConfigError(f"{python.__name__} has values that are not all str or all int")

    def gate(value: Any, rules: Rules) -> enum.Enum:
        if not isinstance(value, python):
            raise Refuse("type")
        return value

    def parse(text: str) -> enum.Enum:
        return python(int(text) if types == {int} else text)

    return Kind("int" if types == {int} else "text", gate, parse, lambda member: member.value, python)


def _parse_bool(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _parse_decimal(text: str) -> Decimal:
    if len(text) > 40:
        raise ValueError("too long")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None


def _parse_json(text: str) -> Any:
    raise ValueError("no filter over JSON")


_MS = timedelta(milliseconds=1)
_KINDS: dict[Any, Kind] = {
    str: Kind("text", _text, str),
    int: Kind("int", _int, lambda text: int(text[:40])),
    float: Kind("float", _float, lambda text: float(text[:40])),
    bool: Kind("bool", _bool, _parse_bool),
    bytes: Kind("bytes", _bytes, bytes.fromhex),
    Decimal: Kind("decimal", _decimal, _parse_decimal),
    datetime: Kind("datetime", _datetime, datetime.fromisoformat),
    date: Kind("date", _date, date.fromisoformat),
    timedelta: Kind(
        "int", _delta, lambda text: timedelta(seconds=float(text[:40])), lambda v: v // _MS, lambda v: v * _MS
    ),
    uuid.UUID: Kind("text", _uuid, uuid.UUID, str, uuid.UUID),
    dict: Kind("json", _dict, _parse_json),
    list: Kind("json", _list, _parse_json),
    Any: Kind("json", _json, _parse_json),
}
