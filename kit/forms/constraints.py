"""The one table of constraints: the Python check, the HTML attribute, the JSON Schema keyword and the JavaScript check.

A word of `field()` that limits values is a row here, and only here, so the four readings cannot drift apart:

>>> row = TABLE["max"]
>>> row.code, row.holds("abcd", 3), row.html, row.schema, row.js
('too_long', False, 'maxlength', 'maxLength', 'length(v) <= b')

`code` is what an error carries; its parameters are `{word: bound}`, and the text is made at render
(kit.forms.messages). A bound may be a function without arguments, which is asked at every check: `le=date.today`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["TABLE", "Constraint", "full"]


class Constraint(NamedTuple):
    """One row: `holds(value, bound)` and its three other readings ("" where a language has no word for it)."""

    word: str
    code: str
    holds: Callable[[Any, Any], bool]
    html: str
    schema: str
    #: JavaScript over `v` (the parsed value) and `b` (the bound)
    js: str
    #: the keyword of JSON Schema when the value is a list
    items: str = ""


def full(pattern: str) -> re.Pattern[str]:
    """`pattern` compiled as a browser reads it: ASCII classes, and always matched against the whole text."""
    return re.compile(pattern, re.ASCII)


def _matches(value: str, pattern: Any) -> bool:
    return full(pattern).fullmatch(value) is not None


def _multiple(value: Any, step: Any) -> bool:
    return bool(value % step == 0)


_ROWS = (
    Constraint("min", "too_short", lambda v, b: len(v) >= b, "minlength", "minLength", "length(v) >= b", "minItems"),
    Constraint("max", "too_long", lambda v, b: len(v) <= b, "maxlength", "maxLength", "length(v) <= b", "maxItems"),
    Constraint("pattern", "pattern", _matches, "pattern", "pattern", "matches(v, b)"),
    Constraint("ge", "too_small", lambda v, b: bool(v >= b), "min", "minimum", "v >= b"),
    Constraint("gt", "not_above", lambda v, b: bool(v > b), "", "exclusiveMinimum", "v > b"),
    Constraint("le", "too_large", lambda v, b: bool(v <= b), "max", "maximum", "v <= b"),
    Constraint("lt", "not_below", lambda v, b: bool(v < b), "", "exclusiveMaximum", "v < b"),
    Constraint("step", "step", _multiple, "step", "multipleOf", "multiple(v, b)"),
)

#: word -> row, in the order in which they are checked
TABLE: dict[str, Constraint] = {row.word: row for row in _ROWS}
