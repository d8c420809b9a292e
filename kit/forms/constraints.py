"""The one table of constraints: the Python check, the HTML attribute, the JSON Schema keyword and the JavaScript check.

A word of `field()` or `rows()` that limits values is a row here, and only here, so the four cannot drift apart:

>>> row = TEXT["max"]
>>> row.code, row.holds("abcd", 3), row.html, row.schema, row.js
('too_long', False, 'maxlength', 'maxLength', 'length(v) <= b')

`code` is what an error carries; its parameters are `{word: bound}`, and the sentence is made at render
(kit.forms.messages). A bound may be a function without arguments, which is asked at every check: `le=date.today`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from kit.errors import ConfigError

__all__ = ["FILES", "ITEMS", "NONE", "ORDER", "TEXT", "Constraint", "Table", "common"]


class Constraint(NamedTuple):
    """One row: `holds(value, bound)` and its three other readings ("" where a language has no word for it)."""

    word: str
    code: str
    holds: Callable[[Any, Any], bool]
    html: str
    schema: str
    #: JavaScript over `v` (the value) and `b` (the bound)
    js: str


Table = dict[str, Constraint]


def _table(*rows: Constraint) -> Table:
    return {row.word: row for row in rows}


def _at_least(value: Any, bound: int) -> bool:
    return len(value) >= bound


def _at_most(value: Any, bound: int) -> bool:
    return len(value) <= bound


def _matches(value: str, pattern: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


@cache  # patterns are written by programmers
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.DOTALL)


#: text, counted in characters (code points)
TEXT = _table(
    Constraint("min", "too_short", _at_least, "minlength", "minLength", "length(v) >= b"),
    Constraint("max", "too_long", _at_most, "maxlength", "maxLength", "length(v) <= b"),
    Constraint("pattern", "pattern", _matches, "pattern", "pattern", "new RegExp(b, 'vs').test(v)"),
)
#: what can be compared: numbers, dates, times
ORDER = _table(
    Constraint("ge", "too_small", lambda v, b: bool(v >= b), "min", "minimum", "compare(v, b) >= 0"),
    Constraint("gt", "not_above", lambda v, b: bool(v > b), "", "exclusiveMinimum", "compare(v, b) > 0"),
    Constraint("le", "too_large", lambda v, b: bool(v <= b), "max", "maximum", "compare(v, b) <= 0"),
    Constraint("lt", "not_below", lambda v, b: bool(v < b), "", "exclusiveMaximum", "compare(v, b) < 0"),
    Constraint("step", "step", lambda v, b: bool(v % b == 0), "step", "multipleOf", "multiple(v, b)"),
)
#: lists: rows, and fields with several values
ITEMS = _table(
    Constraint("min", "too_few", _at_least, "", "minItems", "v.length >= b"),
    Constraint("max", "too_many", _at_most, "", "maxItems", "v.length <= b"),
)
#: files; `accept` is judged by kit.forms.uploads
FILES = _table(Constraint("max_bytes", "too_big", lambda v, b: bool(v.size <= b), "", "", ""))
NONE: Table = {}

# The subset of regular expressions that Python (ASCII, dotall) and JavaScript (flag v) read alike.
_IN_CLASS = r"(?:[^\\\[\](){}/\-|^]|\\[dDwWnt.*+?^$(){}\[\]|/\\\-])"
_PIECE = rf"""\((?:\?[:=!]|(?!\?))
    | (?: \) | \| | \\[dDwWbBnt.*+?^$(){{}}\[\]|/\\] | \[\^?(?:{_IN_CLASS}(?:-{_IN_CLASS})?)+\]
      | [^\\\[\](){{}}*+?|^$] ) (?:(?:[*+?]|\{{[0-9]+(?:,[0-9]*)?\}})\??)?"""
_COMMON = re.compile(f"(?:{_PIECE})*", re.VERBOSE)
_DOUBLE = re.compile(r"\[[^\]]*([&!#$%*+,.:;<=>?@^`~])\1")


def common(pattern: str) -> str:
    """`pattern`, if browsers and Python agree on what it means; ConfigError with the cure if not.

    >>> common(r"[0-9]{5}")
    '[0-9]{5}'
    >>> common("^a$")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    kit.errors.ConfigError: the pattern '^a$' is not read alike by Python and browsers: no ^ and $ ...
    """
    if not _COMMON.fullmatch(pattern) or _DOUBLE.search(pattern):
        raise ConfigError(
            f"the pattern {pattern!r} is not read alike by Python and browsers",
            hint=r"no ^ and $ (the whole text is matched), no \s, no named groups; in [] write \- \/ \( \| for - / ( |",
        )
    try:
        _compiled(pattern)
    except re.error as exc:
        raise ConfigError(f"the pattern {pattern!r} is no regular expression", hint=str(exc)) from None
    return pattern
