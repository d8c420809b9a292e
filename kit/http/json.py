"""The one JSON codec: strict, bounded, and fit for the values that applications have.

>>> from datetime import date; from decimal import Decimal
>>> dumps({"day": date(2026, 1, 2), "price": Decimal("9.90")})
b'{"day":"2026-01-02","price":"9.90"}'
>>> loads(b'{"a": 1, "a": 2}')
Traceback (most recent call last):
kit.errors.Malformed: the JSON names 'a' twice in one object

What goes out, beyond JSON's own types: aware datetimes (RFC 3339), dates, times, Decimal (as a string: a number would
be rounded by its readers), UUID, Enum (its value), sets and iterators (lists), mappings, dataclasses, and any object
with `__json__()` or `_asdict()`. NaN and infinity are refused both ways, for JSON has neither.

`encoder(extra)` makes a `dumps` that knows more types; give it to `handler(fn, encode=…)`.
"""

from __future__ import annotations

import json
import re
from itertools import islice, pairwise
from math import isfinite

from kit.errors import Malformed, TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

__all__ = ["dumps", "encoder", "loads"]


def encoder(extra: Callable[[Any], Any] | None = None) -> Callable[[Any], bytes]:
    """A function like `dumps` that first asks `extra(value)` about every value that JSON has no type for.

    `extra` returns a value that can be encoded, or NotImplemented to leave it to kit.

    >>> dumps = encoder(lambda value: f"{value} EUR" if isinstance(value, complex) else NotImplemented)
    >>> dumps([1j])
    b'["1j EUR"]'
    """

    def default(value: Any) -> Any:
        if extra is not None:
            known = extra(value)
            if known is not NotImplemented:
                return known
        return _plain(value)

    chunks = _chunks(default)

    def dumps(value: Any) -> bytes:
        try:
            return "".join(chunks(value, 0)).encode()
        except RecursionError:
            raise ValueError("the value is nested too deeply for JSON, or contains itself") from None
        except UnicodeEncodeError as exc:
            raise ValueError(f"the text {exc.object[exc.start : exc.end]!r} is half a character: no Unicode") from None

    return dumps


def _chunks(default: Callable[[Any], Any]) -> Callable[[Any, int], Any]:
    """The encoding function, made once: json.dumps with options makes one for every call (a third of its time)."""
    plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default)
    fast: Any = getattr(json.encoder, "c_make_encoder", None)
    if fast is None:  # pragma: no cover - another Python
        return lambda value, _level: plain.iterencode(value)
    # no dict of markers: it would be shared by all threads; a circle ends in RecursionError
    quote = json.encoder.encode_basestring
    made: Callable[[Any, int], Any] = fast(None, default, quote, None, ":", ",", False, False, False)
    return made


def _plain(value: Any) -> Any:
    """`value` in types that JSON has."""
    from datetime import date, datetime, time
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    own = getattr(value, "__json__", None)
    if own is not None and not isinstance(value, type):
        return own()
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"JSON has no number {value}")
        return str(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    return _structure(value)


def _instant(value: Any) -> str:
    """RFC 3339, 5.6: with an offset, Z for UTC; fractions of a second only as many as there are."""
    if value.utcoffset() is None:
        raise ValueError(f"{value!r} has no time zone, so it names no instant: use datetime.now(UTC)")
    short = value.microsecond and value.microsecond % 1000 == 0
    text: str = value.isoformat(timespec="milliseconds" if short else "auto")
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _structure(value: Any) -> Any:
    from collections.abc import Iterator, Mapping, Set

    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set | Iterator):
        return list(value)
    if not isinstance(value, type):
        if hasattr(value, "__dataclass_fields__"):
            return {name: getattr(value, name) for name in value.__dataclass_fields__}
        if hasattr(value, "_asdict"):
            return value._asdict()
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    raise TypeError(f"JSON has no type for {kind}: give it a __json__(), or use encoder()")


#: JSON as UTF-8 bytes, without spaces; ValueError or TypeError for what JSON cannot say.
dumps = encoder()


def loads(data: bytes | str, *, size: int = 16 << 20, depth: int = 64, items: int = 100_000) -> Any:
    """The value of a JSON text (RFC 8259) from outside.

    At most `size` bytes (`TooLarge`), `depth` brackets in each other, `items` lists, objects and commas. `Malformed`
    for what is no JSON or breaks a limit, for a name twice in one object (RFC 8259, 4: receivers differ, which
    attackers use), for NaN, Infinity and numbers that become infinite, for half a surrogate pair, and for integers of
    more than 4,300 digits.
    """
    if len(data) > size:
        raise TooLarge(f"the JSON has {len(data)} bytes", hint=f"send at most {size}")
    try:
        text = data if isinstance(data, str) else data.decode()
        _check_shape(text, depth, items)
        value = _decode(text)
        if "\\u" in text:
            dumps(value)  # raises for half a surrogate pair, which no later encoder would take
    except UnicodeDecodeError:
        raise Malformed("the JSON is not in UTF-8") from None
    except json.JSONDecodeError as exc:
        raise Malformed(f"no JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}") from None
    except RecursionError:
        raise Malformed("the JSON is nested too deeply") from None
    except Malformed:
        raise
    except ValueError as exc:
        raise Malformed(f"no JSON: {exc}") from None
    return value


_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # the closing quote is optional: never a second try, so linear
_ITEM = re.compile(r'(?:[^"\[{,]++|"(?:[^"\\]|\\.)*+"?)*+(?:([\[{,])|\Z)', re.DOTALL)  # to an item, or the end
_BRACKET = re.compile(r"[\[{\]}]")


def _check_shape(text: str, depth: int, items: int) -> None:
    """Refuse deep or long JSON before a single object is made of it."""
    if (opened := text.count("[") + text.count("{")) <= depth and opened + text.count(",") <= items:
        return
    beyond = next(islice(_ITEM.finditer(text), items, None), None)  # reads no further than that item
    if beyond is not None and beyond.lastindex:
        raise Malformed(f"the JSON has more than {items} items")
    bare = _STRING.sub("", text)
    level = 0
    for bracket in _BRACKET.findall(bare):
        level += 1 if bracket in "[{" else -1
        if level > depth:
            raise Malformed(f"the JSON is nested more than {depth} deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = sorted(name for name, _ in pairs)
        twice = next(name for name, following in pairwise(names) if name == following)
        raise Malformed(f"the JSON names {twice[:80]!r} twice in one object")
    return made


def _float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise Malformed(f"the JSON has a number too large to keep: {text[:80]}")
    return value


def _constant(text: str) -> NoReturn:
    raise Malformed(f"JSON has no number {text}")


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant).decode
