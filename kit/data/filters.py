"""Filters from outside: the only way from a URL's query into a condition.

>>> from kit.data import Field, Model, field
>>> class Post(Model):
...     title: Field[str] = field(max=200)
...     hits: Field[int]
>>> allow = {"title": ("eq", "contains"), "hits": ("gt", "lt")}
>>> parse_filter(Post, {"title__contains": "draft", "hits__gt": "3"}, allow=allow)
And(title contains 'draft', hits gt 3)
>>> parse_filter(Post, {"hits": "3; DROP TABLE post", "id": "7"}, allow=allow)
Traceback (most recent call last):
kit.data.errors.Invalid: this filter cannot be used: hits (operator), id (unknown)

A parameter is `field=value` (equal) or `field__operator=value`, with the operators eq, ne, lt, le, gt, ge, in (values
separated by commas), contains, startswith, endswith, none (true or false). What `allow` does not list is refused,
all at once, and so is a value that is none of the field's type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kit.data.errors import Invalid
from kit.data.fields import Field
from kit.data.model import Model
from kit.data.predicate import And, Pred
from kit.errors import ConfigError

__all__ = ["parse_filter"]

_MOST = 50  # conditions
_LONGEST = 1000  # characters of a value

_TESTS: dict[str, Callable[[Field[Any], str], Pred]] = {
    "eq": lambda one, text: one == one.kind.parse(text),
    "ne": lambda one, text: one != one.kind.parse(text),
    "lt": lambda one, text: one < one.kind.parse(text),
    "le": lambda one, text: one <= one.kind.parse(text),
    "gt": lambda one, text: one > one.kind.parse(text),
    "ge": lambda one, text: one >= one.kind.parse(text),
    "in": lambda one, text: one.in_([one.kind.parse(part) for part in text.split(",")]),
    "contains": lambda one, text: one.contains(text),
    "startswith": lambda one, text: one.startswith(text),
    "endswith": lambda one, text: one.endswith(text),
    "none": lambda one, text: one.is_none() if _truth(text) else ~one.is_none(),
}


def parse_filter(
    model: type[Model],
    query: Mapping[str, str] | Iterable[tuple[str, str]],
    *,
    allow: Mapping[str, Iterable[str]],
    ignore: Iterable[str] = (),
) -> Pred:
    """The condition that `query` asks for (a mapping or pairs, such as WebOb's `request.GET`), all parts of it.

    `allow` maps names of fields to their operators; `ignore` names parameters that are no filters, such as a cursor.
    `Invalid` (422) lists everything that is wrong. No parameter at all gives the condition that every row fits.
    """
    operators = {name: frozenset(names) for name, names in allow.items()}
    for name, names in operators.items():
        if name not in model._fields or not names <= _TESTS.keys():
            raise ConfigError(
                f"allow names {name} {sorted(names)}", hint=f"fields of {model.__name__}, and {', '.join(_TESTS)}"
            )
    pairs = list(query.items() if isinstance(query, Mapping) or hasattr(query, "items") else query)
    errors: list[tuple[tuple[str, ...], str, dict[str, Any]]] = []
    parts = []
    skipped = frozenset(ignore)
    for key, text in pairs[: _MOST + 1]:
        if key not in skipped:
            name, _, operator = key.partition("__")
            code, part = _one(model, name, operator or "eq", text, operators)
            if part is None:
                errors.append(((name[:60],), code, {}))
            else:
                parts.append(part)
    if len(parts) > _MOST:
        errors.append(((), "too_many", {"max": _MOST}))
    if errors:
        what = ", ".join(f"{path[0] if path else 'filters'} ({code})" for path, code, _ in errors)
        raise Invalid(f"this filter cannot be used: {what}", errors=tuple(errors))
    return parts[0] if len(parts) == 1 else And(parts)


def _one(
    model: type[Model], name: str, operator: str, text: Any, operators: Mapping[str, frozenset[str]]
) -> tuple[str, Pred | None]:
    if name not in operators:
        return "unknown", None
    if operator not in operators[name]:
        return "operator", None
    if not isinstance(text, str) or len(text) > _LONGEST:
        return "max", None
    try:
        return "", _TESTS[operator](model._fields[name], text)
    except Invalid as exc:
        return (exc.errors[0][1] if exc.errors else "type"), None
    except (ValueError, OverflowError, ArithmeticError):
        return "type", None


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"
