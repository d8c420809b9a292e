"""Kinds of values: how one type is read from text and from JSON, shown again, and described.

A new type is one small class:

>>> class Even(Integer):
...     def parse(self, text):
...         value = super().parse(text)
...         if value % 2:
...             raise Wrong("odd")
...         return value
>>> Even().parse("4"), Even().show(4)
(4, '4')

It is used as `Annotated[int, Even()]` in a form. `parse` gets stripped, non-empty text; `accept` gets what a JSON
document holds. Both raise `Wrong(code, **params)` for a bad value, and nothing else. Every kind takes the words of
kit.forms.constraints that it names in `words`; any other word is refused when the class is made.
"""

from __future__ import annotations

import re
from decimal import Decimal as _Decimal
from typing import Any, ClassVar

__all__ = ["Boolean", "Decimal", "Float", "Integer", "Kind", "Text", "Wrong"]

_INT = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BREAK = re.compile(r"[\n\t]")
_INT64 = 2**63


class Wrong(ValueError):
    """A value is not of its kind; `code` and `params` become the error of its field."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


class Kind:
    """One type of values. Subclasses say the four readings; instances hold options and never change."""

    #: the words of field() that make sense here
    words: ClassVar[tuple[str, ...]] = ()
    #: the widget a theme draws: input, textarea, checkbox, select, radios, checkboxes, file
    widget: ClassVar[str] = "input"
    #: attributes of the widget
    attributes: ClassVar[dict[str, str]] = {"type": "text"}
    #: JSON Schema of the type alone
    schema: ClassVar[dict[str, Any]] = {}
    #: the reader of the JavaScript module
    js: ClassVar[str] = "text"
    #: whether a blank input is a value: a checkbox that is off is False
    blank_is_value: ClassVar[bool] = False

    def parse(self, text: str) -> Any:
        """The value of a form's text."""
        return text

    def accept(self, data: Any) -> Any:
        """The value of a JSON datum."""
        if isinstance(data, str):
            return self.parse(data)
        raise Wrong("type")

    def show(self, value: Any) -> str:
        """The text that `parse` reads back as `value`."""
        return "" if value is None else str(value)

    def dump(self, value: Any) -> Any:
        """The JSON datum that `accept` reads back as `value`."""
        return self.show(value)


class Text(Kind):
    """Characters. Control characters are refused; line breaks and tabs are too, unless `lines`."""

    words = ("min", "max", "pattern")
    schema: ClassVar[dict[str, Any]] = {"type": "string"}

    def __init__(self, *, lines: bool = False) -> None:
        self.lines = lines

    def parse(self, text: str) -> Any:
        if text.isprintable():
            return text
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if _CONTROL.search(text) or (not self.lines and _BREAK.search(text)):
            raise Wrong("characters")
        return text


class Integer(Kind):
    """Whole numbers of 64 bits, as every database holds them; ASCII digits only."""

    words = ("ge", "gt", "le", "lt", "step")
    attributes: ClassVar[dict[str, str]] = {"type": "number"}
    schema: ClassVar[dict[str, Any]] = {"type": "integer"}
    js = "integer"

    def parse(self, text: str) -> Any:
        if not _INT.fullmatch(text):
            raise Wrong("integer")
        return self._sized(int(text) if len(text) < 30 else _INT64)

    def accept(self, data: Any) -> Any:
        if isinstance(data, float) and data.is_integer():  # JSON Schema: 5.0 is an integer
            return self._sized(int(data))
        if isinstance(data, bool) or not isinstance(data, int):
            raise Wrong("integer")
        return self._sized(data)

    def dump(self, value: Any) -> Any:
        return value

    def _sized(self, value: int) -> int:
        if not -_INT64 <= value < _INT64:
            raise Wrong("integer")
        return value


class Float(Kind):
    """Binary floating-point numbers; no NaN, no infinity."""

    words = Integer.words
    attributes: ClassVar[dict[str, str]] = {"type": "number", "step": "any"}
    schema: ClassVar[dict[str, Any]] = {"type": "number"}
    js = "number"

    def parse(self, text: str) -> Any:
        if len(text) > 400 or not _NUMBER.fullmatch(text):
            raise Wrong("number")
        return self._finite(float(text))

    def accept(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise Wrong("number")
        try:
            return self._finite(float(data))
        except OverflowError:
            raise Wrong("number") from None

    def show(self, value: Any) -> str:
        return "" if value is None else repr(value)

    def dump(self, value: Any) -> Any:
        return value

    def _finite(self, value: float) -> float:
        if value - value != 0:
            raise Wrong("number")
        return value


class Decimal(Kind):
    """Exact decimals of at most `digits` digits, `places` of them after the point."""

    words = Integer.words
    attributes: ClassVar[dict[str, str]] = {"type": "text", "inputmode": "decimal"}
    schema: ClassVar[dict[str, Any]] = {"type": "string", "format": "decimal"}
    js = "decimal"

    def __init__(self, *, places: int = 2, digits: int = 28) -> None:
        self.places, self.digits = places, digits

    def parse(self, text: str) -> Any:
        if len(text) > 400 or not _NUMBER.fullmatch(text):
            raise Wrong("number")
        return self._exact(_Decimal(text))

    def accept(self, data: Any) -> Any:
        if isinstance(data, str):
            return self.parse(data)
        if isinstance(data, bool) or not isinstance(data, int | float) or abs(data) > 10**40:
            raise Wrong("number")
        return self.parse(str(data))

    def show(self, value: Any) -> str:
        return "" if value is None else f"{value:f}"

    def _exact(self, value: _Decimal) -> _Decimal:
        _, digits, exponent = value.as_tuple()
        spare = -int(exponent) - self.places
        if spare > 0 and any(digits[-spare:]):
            raise Wrong("places", places=self.places)
        if value and value.adjusted() >= self.digits - self.places:
            raise Wrong("number")
        return value.quantize(_Decimal(1).scaleb(-self.places))


class Boolean(Kind):
    """A checkbox: off when its input is absent. With `required=True` it must be on (terms to agree to)."""

    widget = "checkbox"
    attributes: ClassVar[dict[str, str]] = {"type": "checkbox"}
    schema: ClassVar[dict[str, Any]] = {"type": "boolean"}
    js = "boolean"
    blank_is_value = True

    def parse(self, text: str) -> Any:
        if text in ("on", "true", "1", "yes"):
            return True
        if text in ("", "off", "false", "0", "no"):
            return False
        raise Wrong("type")

    def accept(self, data: Any) -> Any:
        if isinstance(data, bool):
            return data
        raise Wrong("type")

    def show(self, value: Any) -> str:
        return "on" if value else ""

    def dump(self, value: Any) -> Any:
        return bool(value)
