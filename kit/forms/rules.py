"""Checks across fields that also run in the browser: a closed set, each said once for Python and once for JavaScript.

>>> from kit.forms import Form, field
>>> class Signup(Form):
...     password: str = field(min=12, widget="password", redisplay=False)
...     again: str = field(widget="password", redisplay=False, stored=False)
...     same = equal("again", "password")
>>> Signup.check({"password": "correct horse", "again": "correct house"}).errors
(Error(path='again', code='mismatch', params={}),)

Any other check is a method with `@rule`, which runs on the server alone. A rule that reads a field which is missing or
wrong is not asked: that field has its own error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from kit.forms.spec import Rule

__all__ = ["RELATIONS", "after", "different", "equal", "required_if", "required_with"]


class Relation(NamedTuple):
    """`holds(value, other, bound)`, and the same in JavaScript over `v`, `o` and `b`."""

    code: str
    holds: Callable[[Any, Any, Any], bool]
    js: str


def _given(value: Any) -> bool:
    return value is not None and value is not False and value != "" and value != []


def _later(value: Any, other: Any) -> bool:
    return value is None or other is None or bool(value > other)


#: relation -> row; the JavaScript module is made from it
RELATIONS: dict[str, Relation] = {
    "equal": Relation("mismatch", lambda v, o, b: v == o, "same(v, o)"),
    "different": Relation("same", lambda v, o, b: v != o or not _given(v), "!same(v, o) || !given(v)"),
    "after": Relation("order", lambda v, o, b: _later(v, o), "v === null || o === null || compare(v, o) > 0"),
    "required_if": Relation("required", lambda v, o, b: o != b or _given(v), "!same(o, b) || given(v)"),
    "required_with": Relation("required", lambda v, o, b: not _given(o) or _given(v), "!given(o) || given(v)"),
}


def equal(field: str, other: str, *, code: str = "") -> Rule:
    """`field` must repeat `other`."""
    return _relation("equal", field, other, code)


def different(field: str, other: str, *, code: str = "") -> Rule:
    """`field`, if it is given, must not be what `other` is."""
    return _relation("different", field, other, code)


def after(field: str, other: str, *, code: str = "") -> Rule:
    """`field` must be later, or more, than `other`, if both are given."""
    return _relation("after", field, other, code)


def required_if(field: str, other: str, value: Any, *, code: str = "") -> Rule:
    """`field` must be given if `other` is `value`."""
    return _relation("required_if", field, other, code, value)


def required_with(field: str, other: str, *, code: str = "") -> Rule:
    """`field` must be given if `other` is."""
    return _relation("required_with", field, other, code)


def _relation(name: str, field: str, other: str, code: str, bound: Any = None) -> Rule:
    row = RELATIONS[name]
    made = Rule(
        field,
        lambda form: row.holds(getattr(form, field), getattr(form, other), bound),
        code=code or row.code,
        when=None,
    )
    made.client = {"rule": name, "field": field, "other": other, "bound": bound, "code": made.code}
    return made
