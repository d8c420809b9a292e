"""Typed variables of a path: what text fits, what value it stands for, and how the value is written back into a URL.

>>> number = converter("int(min=1)")
>>> number.parse("42"), number.build(42)
(42, '42')
>>> number.parse("0")
Traceback (most recent call last):
ValueError: 0 is less than 1

A converter of your own is a subclass, or any object with the same three members; a router takes it by name:
`Router(converters={"year": Year()})`, used as `{y:year}`. `parse` raises ValueError for text that fits `pattern` and
yet is no value: the route then does not match. `build` raises ValueError for a value that `parse` could not give back.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    import enum
    import uuid
    from typing import Any

__all__ = ["Converter", "converter", "enum_of"]


class Converter:
    """Text of one whole segment, never empty; the root of all converters and the one of a bare `{name}`.

    `build` refuses what would not come back as it was: an empty text, `/`, control characters and the segments `.` and
    `..`, which clients remove before they send the URL (RFC 3986, 5.2.4).
    """

    #: what the text must match as a whole, without named groups
    pattern: str = "[^/]+"

    def parse(self, text: str) -> Any:
        """The value that `text`, which matches `pattern`, stands for; never None."""
        return text

    def build(self, value: Any) -> str:
        """The text, not yet percent-encoded, that stands for `value`."""
        return self._fits(str(value))

    def _fits(self, text: str) -> str:
        # a lone surrogate is not printable either, and no UTF-8 could carry it
        if not re.fullmatch(self.pattern, text) or _CONTROL.search(text) or _DOTS.search(text):
            raise ValueError(f"{text!r} does not fit {self.pattern}")
        return text


_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_DOTS = re.compile(r"(?:^|/)\.\.?(?:/|\Z)")


class _Regex(Converter):
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        try:
            compiled = re.compile(pattern)
        except re.error as exc:
            raise ConfigError(
                f"{pattern!r} is no regular expression ({exc})", hint="mend it, or name a converter"
            ) from None
        from kit.routing.patterns import refers  # not loaded for a table without expressions of its own

        if compiled.groupindex or (compiled.groups and refers(pattern)):
            raise ConfigError(f"{pattern!r} names a group or refers to one", hint="write (?:…) and no \\1")


class _Int(Converter):
    pattern = "[0-9]+"

    def __init__(self, min: int | None = None, max: int | None = None) -> None:
        self.min, self.max = min, max

    def parse(self, text: str) -> Any:
        return self._bounded(int(text))

    def build(self, value: Any) -> str:
        if isinstance(value, str):
            value = self.parse(self._fits(value))
        if isinstance(value, bool) or value != int(value):
            raise ValueError(f"{value!r} is no whole number")
        return self._fits(str(self._bounded(int(value))))

    def _bounded(self, value: Any) -> Any:
        if self.min is not None and value < self.min:
            raise ValueError(f"{value} is less than {self.min}")
        if self.max is not None and value > self.max:
            raise ValueError(f"{value} is more than {self.max}")
        return value


class _Float(_Int):
    pattern = r"-?[0-9]+(?:\.[0-9]+)?"

    def parse(self, text: str) -> Any:
        value = float(text)
        if value in (_INFINITE, -_INFINITE):
            raise ValueError("more digits than a float holds")
        return self._bounded(value)

    def build(self, value: Any) -> str:
        text = repr(self._bounded(float(value)))
        if "e" in text:  # 1e+16: the same number without an exponent
            from decimal import Decimal

            text = format(Decimal(text), "f")
        return self._fits(text)


_INFINITE = float("inf")


class _Uuid(Converter):
    pattern = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"

    def parse(self, text: str) -> uuid.UUID:
        from uuid import UUID

        return UUID(text)

    def build(self, value: Any) -> str:
        return str(self.parse(self._fits(str(value))))


class _Date(Converter):
    pattern = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def parse(self, text: str) -> datetime.date:
        from datetime import date

        return date.fromisoformat(text)

    def build(self, value: Any) -> str:
        text = value if isinstance(value, str) else value.strftime("%Y-%m-%d").zfill(10)
        return self.parse(self._fits(text)).isoformat()


class _Slug(Converter):
    pattern = "[-a-zA-Z0-9_]+"


class _Path(Converter):
    """One or more segments; the first is not empty, so that the text never looks like an absolute path."""

    pattern = "[^/].*?"


class _Rest(Converter):
    """Whatever is left, also nothing: what lies below a mount."""

    pattern = ".*"


class _Any(Converter):
    def __init__(self, *words: str) -> None:
        if not words:
            raise ConfigError("any() allows nothing", hint="name the words: {kind:any(posts,pages)}")
        self.words = words
        self.pattern = "|".join(re.escape(word) for word in words)


class _Enum(Converter):
    def __init__(self, kind: type[enum.Enum]) -> None:
        self._members = {str(member.value): member for member in kind}
        self.pattern = "|".join(re.escape(word) for word in self._members)

    def parse(self, text: str) -> Any:
        return self._members[text]

    def build(self, value: Any) -> str:
        return self._fits(str(getattr(value, "value", value)))


def enum_of(kind: type[enum.Enum]) -> Converter:
    """A converter between the values of an `enum.Enum`, as text, and its members.

    >>> import enum
    >>> class Colour(enum.Enum):
    ...     RED = "red"
    >>> enum_of(Colour).parse("red")
    <Colour.RED: 'red'>
    """
    return _Enum(kind)


_KINDS: dict[str, Any] = {
    "str": Converter, "int": _Int, "float": _Float, "uuid": _Uuid, "date": _Date, "slug": _Slug, "path": _Path, "rest":
    _Rest, "any": _Any,
}  # fmt: skip
_PLAIN = Converter()
_CALL = re.compile(r"(?s)([a-zA-Z_]\w*)(?:\((.*)\))?\Z")


def converter(text: str, own: dict[str, Any] | None = None) -> Any:
    """The converter that `text` names, as it stands behind the colon of `{name:text}`.

    `text` is a name (`int`), a name with arguments (`int(min=1)`, `any(a,b)`), or else a regular expression. `own` are
    the router's own converters by name. Raises `ConfigError` for a word that is no name of a converter, and for a
    regular expression that is none.
    """
    if not text:
        return _PLAIN
    called = _CALL.match(text)
    if called is not None:
        name, arguments = called.groups()
        if own and name in own:
            found = own[name]
            return found
        if name not in _KINDS and arguments is None:
            known = ", ".join(sorted({**_KINDS, **(own or {})}))
            raise ConfigError(f"no converter is called {name!r}", hint=f"there are {known}; a regex goes into ({name})")
    return _made(text)


@lru_cache(512)
def _made(text: str) -> Any:
    """One object for one text, so that equal variables of many routes are seen to be equal."""
    called = _CALL.match(text)
    if called is None or called[1] not in _KINDS:
        return _Regex(text)
    name, arguments = called[1], _split(called[2] or "")
    if name == "any":
        return _Any(*arguments)
    cast = {"int": int, "float": float}.get(name, str)
    try:
        pairs = [pair.partition("=")[::2] for pair in arguments]
        return _KINDS[name](**{key.strip(): cast(value) for key, value in pairs})
    except (TypeError, ValueError):
        raise ConfigError(
            f"{text!r} has arguments that {name} does not take", hint="int and float take min= and max="
        ) from None


def _split(arguments: str) -> list[str]:
    return [word.strip() for word in arguments.split(",") if word.strip()]
