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
document holds. Both raise `Wrong(code, **params)` for a bad value, and nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal as _Decimal
from typing import Any, ClassVar
from uuid import UUID

from kit.forms.constraints import NONE, ORDER, TEXT, Table
from kit.http import json as codec

__all__ = ["Boolean", "Decimal", "Email", "Float", "Integer", "Json", "Kind", "Slug", "Text", "Url", "Uuid", "Wrong"]

_INT = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BREAK = re.compile(r"[\n\t]")
_INT64 = 2**63

#: what is cut off at both ends of a text: white space as JavaScript's trim() has it, so that both sides agree
SPACE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))


class Wrong(ValueError):
    """A value is not of its kind; `code` and `params` become the error of its field."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


class Kind:
    """One type of values. Subclasses say the readings; instances hold options and never change."""

    #: the constraints that make sense here
    table: Table = NONE
    #: the widget a theme draws: input, textarea, checkbox, select, radios, checkboxes, file
    widget: str = "input"
    #: attributes of the widget
    attributes: dict[str, str] = {"type": "text"}
    #: JSON Schema of the type alone; its `format` names the reader of the JavaScript module
    schema: dict[str, Any] = {}
    #: what an empty input is worth, where that is a value: a checkbox that is off is False
    blank: Any = None
    #: sentences of this kind instead of the usual, by code
    messages: Mapping[str, str | tuple[str, str, str]] = {}
    #: what may be posted besides text
    takes: tuple[type, ...] = ()

    def parse(self, text: Any) -> Any:
        """The value of a form's text (or of what else it `takes`)."""
        return text

    def accept(self, data: Any) -> Any:
        """The value of a JSON datum."""
        if isinstance(data, str):
            return self.parse(data.strip(SPACE))
        raise Wrong("type")

    def show(self, value: Any) -> str:
        """The text that `parse` reads back as `value`."""
        return str(value)

    def dump(self, value: Any) -> Any:
        """The JSON datum that `accept` reads back as `value`."""
        return self.show(value)


class Text(Kind):
    """Characters. Control characters are refused; line breaks and tabs are too, unless `lines`."""

    table = TEXT
    schema = {"type": "string"}

    def __init__(self, *, lines: bool = False) -> None:
        self.lines = lines
        if lines:
            self.widget = "textarea"
            self.schema = {"type": "string", "format": "lines"}

    def parse(self, text: str) -> Any:
        if text.isprintable():
            return text
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if _CONTROL.search(text) or (not self.lines and _BREAK.search(text)):
            raise Wrong("characters")
        return text


class _Shaped(Text):
    """Text of one shape that browsers know, too."""

    #: read alike by Python and JavaScript
    shape: ClassVar[str]
    longest: ClassVar[int] = 2000

    def __init__(self) -> None:
        self._match = re.compile(self.shape, re.ASCII).fullmatch

    def parse(self, text: str) -> Any:
        if len(text) > self.longest or not self._match(text):
            raise Wrong(self.schema["format"])
        return text


_NAME = "[A-Za-z0-9](?:[A-Za-z0-9\\-]{0,61}[A-Za-z0-9])?"


class Email(_Shaped):
    """An address as browsers check it (WHATWG HTML, "valid e-mail address"), of at most 254 characters (RFC 5321)."""

    attributes = {"type": "email"}
    schema = {"type": "string", "format": "email"}
    shape = rf"[A-Za-z0-9.!#$%&'*+\/=?^_`{{|}}~\-]+@{_NAME}(?:\.{_NAME})*"
    longest = 254


class Url(_Shaped):
    """An absolute http or https URL without user and password."""

    attributes = {"type": "url"}
    schema = {"type": "string", "format": "url"}
    shape = r'https?:\/\/[^\x00-\x20\x7f"<>\\^`{|}\/?#@]+(?:[\/?#][^\x00-\x20\x7f"<>\\^`{|}]*)?'


class Slug(_Shaped):
    """Lower-case words with hyphens between them, as they stand in a URL."""

    schema = {"type": "string", "format": "slug"}
    shape = "[a-z0-9]+(?:-[a-z0-9]+)*"
    longest = 200


class Uuid(_Shaped):
    """A UUID in its usual form."""

    table = NONE
    schema = {"type": "string", "format": "uuid"}
    shape = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

    def parse(self, text: str) -> Any:
        return UUID(super().parse(text))


class Integer(Kind):
    """Whole numbers of 64 bits, as every database holds them; ASCII digits only."""

    table = ORDER
    attributes = {"type": "number"}
    schema = {"type": "integer"}

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

    table = ORDER
    attributes = {"type": "number", "step": "any"}
    schema = {"type": "number"}

    def parse(self, text: str) -> Any:
        if len(text) > 400 or not _NUMBER.fullmatch(text):
            raise Wrong("number")
        return self._finite(float(text))

    def accept(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise Wrong("number")
        try:
            return self._finite(float(data))
        except OverflowError:  # a whole number of 400 digits
            raise Wrong("number") from None

    def show(self, value: Any) -> str:
        return repr(value)

    def dump(self, value: Any) -> Any:
        return value

    def _finite(self, value: float) -> float:
        if not math.isfinite(value):
            raise Wrong("number")
        return value


class Decimal(Kind):
    """Exact decimals with `places` digits after the point, and at most `digits` in all."""

    table = ORDER

    def __init__(self, *, places: int = 2, digits: int = 28) -> None:
        self.places, self.digits = places, digits
        self.attributes = {"type": "number", "step": f"{_Decimal(1).scaleb(-places):f}"}
        self.schema = {"type": "string", "format": "decimal", "x-places": places, "x-digits": digits}

    def parse(self, text: str) -> Any:
        if len(text) > 400 or not _NUMBER.fullmatch(text):
            raise Wrong("number")
        value = _Decimal(text)
        _, digits, exponent = value.as_tuple()
        spare = -int(exponent) - self.places
        if spare > 0 and any(digits[-spare:]):
            raise Wrong("places", places=self.places)
        if not value:
            return _Decimal(0).scaleb(-self.places)
        if value.adjusted() >= self.digits - self.places:
            raise Wrong("number")
        return value.quantize(_Decimal(1).scaleb(-self.places))

    def accept(self, data: Any) -> Any:
        if isinstance(data, int | float) and not isinstance(data, bool) and abs(data) < 10**self.digits:
            return self.parse(repr(data))
        return super().accept(data)

    def show(self, value: Any) -> str:
        return f"{value:f}"


class Boolean(Kind):
    """A checkbox: off when its input is absent. With `required=True` it must be on (terms to agree to)."""

    widget = "checkbox"
    attributes = {"type": "checkbox"}
    schema = {"type": "boolean"}
    blank = False
    messages = {"required": "Tick this to go on"}

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


class Json(Kind):
    """Any JSON value; in HTML as text."""

    widget = "textarea"

    def parse(self, text: str) -> Any:
        try:
            return codec.loads(text)
        except ValueError:
            raise Wrong("json") from None

    def accept(self, data: Any) -> Any:
        return data

    def show(self, value: Any) -> str:
        return codec.dumps(value).decode()

    def dump(self, value: Any) -> Any:
        return value
