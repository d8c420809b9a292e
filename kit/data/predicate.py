"""Conditions on rows: a small tree of values, put into normal form once, before any backend sees it.

>>> hits = Column("hits", "int", null=True)
>>> normal(~(Cmp(hits, "gt", 3) | Cmp(hits, "eq", None)))
And(hits not gt 3, hits not eq None)

The logic has two values: None is an ordinary value that equals None alone, is neither less nor greater than anything,
and contains nothing. So `~` is exact: a row fits either a condition or its negation.

What a user writes may hold every operator of `OPERATORS`, constants and `Not`. `normal` gives None (every row fits),
`NOTHING`, or a tree of `And`, `Or` and `Cmp` where each `Cmp` has an operator of `LEAVES` and carries its own negation:

    eq  value, or None       lt le gt ge  value, never None       in  a tuple of 1 to `CHUNK` values without None
    contains, endswith  non-empty text
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kit.data.errors import Invalid
from kit.data.schema import Column

__all__ = ["CHUNK", "LEAVES", "NOTHING", "OPERATORS", "And", "Cmp", "Not", "Or", "Pred", "columns", "normal"]

LEAVES = ("eq", "lt", "le", "gt", "ge", "in", "contains", "endswith")
OPERATORS = (*LEAVES, "startswith")
#: the most values in one `in`; longer lists become several, since servers limit the parameters of a statement
CHUNK = 1000


class Pred:
    """A condition: combine with `&`, `|` and `~`."""

    __slots__ = ()

    def __and__(self, other: Pred) -> Pred:
        return And((self, other))

    def __or__(self, other: Pred) -> Pred:
        return Or((self, other))

    def __invert__(self) -> Pred:
        return Not(self)

    def __bool__(self) -> bool:
        raise TypeError(
            "a condition has no truth value: combine conditions with & | ~ and parentheses, not and/or/not/in"
        )


class Cmp(Pred):
    """One column against one value."""

    __slots__ = ("column", "negated", "op", "value")

    def __init__(self, column: Column, op: str, value: Any, negated: bool = False) -> None:
        self.column, self.op, self.value, self.negated = column, op, value, negated

    def __repr__(self) -> str:
        return f"{self.column.name} {'not ' * self.negated}{self.op} {self.value!r}"


class And(Pred):
    """All of its parts; without parts: every row."""

    __slots__ = ("parts",)

    def __init__(self, parts: Iterable[Pred] = ()) -> None:
        self.parts = tuple(parts)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.parts))})"


class Or(Pred):
    """At least one of its parts; without parts: no row."""

    __slots__ = ("parts",)

    def __init__(self, parts: Iterable[Pred] = ()) -> None:
        self.parts = tuple(parts)

    __repr__ = And.__repr__


class Not(Pred):
    """The rows that its part leaves out."""

    __slots__ = ("part",)

    def __init__(self, part: Pred) -> None:
        self.part = part

    def __repr__(self) -> str:
        return f"Not({self.part!r})"


#: no row fits: the core answers without asking the backend
NOTHING = Or()
_ALL = And()


def columns(pred: Pred) -> Iterator[Column]:
    """The columns that `pred` is about; `Invalid` if it is no condition at all."""
    if isinstance(pred, Cmp):
        yield pred.column
    elif isinstance(pred, And | Or):
        for part in pred.parts:
            yield from columns(part)
    elif isinstance(pred, Not):
        yield from columns(pred.part)
    else:
        raise Invalid(f"{type(pred).__name__} is no condition", hint="compare fields: Post.hits > 3")


def normal(pred: Pred | None) -> Pred | None:
    """`pred` in normal form; None where every row fits, `NOTHING` where none does."""
    if pred is None:
        return None
    done = _push(pred, False)
    return None if done is _ALL else done


def _push(pred: Pred, negated: bool) -> Pred:
    if isinstance(pred, Cmp):
        return _leaf(pred.column, pred.op, pred.value, pred.negated != negated)
    if isinstance(pred, Not):
        return _push(pred.part, not negated)
    if isinstance(pred, And | Or):
        parts = [_push(part, negated) for part in pred.parts]
        return _join(parts, isinstance(pred, And) != negated)
    raise Invalid(f"{type(pred).__name__} is no condition")


def _join(parts: Iterable[Pred], every: bool) -> Pred:
    """And (`every`) or Or of normal parts, without constants and without nesting of the same kind."""
    unit, zero, kind = (_ALL, NOTHING, And) if every else (NOTHING, _ALL, Or)
    flat: list[Pred] = []
    for part in parts:
        if part is zero:
            return zero
        if isinstance(part, kind):
            flat += part.parts
        elif part is not unit:
            flat.append(part)
    return flat[0] if len(flat) == 1 else kind(flat) if flat else unit


def _leaf(column: Column, op: str, value: Any, negated: bool) -> Pred:
    rule = _RULES.get(op)
    if rule is not None:
        return rule(column, op, value, negated)
    if value is None:
        if op == "eq" and column.null:
            return Cmp(column, "eq", None, negated)
        return _constant(negated)  # a column without None never equals it, and nothing is before or after None
    return Cmp(column, op, value, negated)


def _constant(truth: bool) -> Pred:
    return _ALL if truth else NOTHING


def _in(column: Column, op: str, values: Any, negated: bool) -> Pred:
    rest = tuple(dict.fromkeys(value for value in values if value is not None))
    parts: list[Pred] = [Cmp(column, "in", rest[at : at + CHUNK], negated) for at in range(0, len(rest), CHUNK)]
    if len(rest) < len(tuple(values)) and None in values:
        parts.append(_leaf(column, "eq", None, negated))
    return _join(parts, negated)


def _text(column: Column, op: str, value: str, negated: bool) -> Pred:
    """Every text but None contains the empty one."""
    return Cmp(column, op, value, negated) if value else _leaf(column, "eq", None, not negated)


def _startswith(column: Column, op: str, value: str, negated: bool) -> Pred:
    """A prefix is a range, so that an index serves it: from the prefix up to the next text that lacks it."""
    if not value:
        return _text(column, op, value, negated)
    parts: list[Pred] = [Cmp(column, "ge", value, negated)]
    end = _successor(value)
    if end:
        parts.append(Cmp(column, "lt", end, negated))
    return _join(parts, not negated)


def _successor(prefix: str) -> str:
    """The least text above every text that starts with `prefix`, in code point order; "" if there is none."""
    prefix = prefix.rstrip("\U0010ffff")
    if not prefix:
        return ""
    last = ord(prefix[-1]) + 1
    return prefix[:-1] + chr(0xE000 if 0xD800 <= last <= 0xDFFF else last)  # surrogates are no characters


_RULES: dict[str, Callable[[Column, str, Any, bool], Pred]] = {
    "in": _in,
    "contains": _text,
    "endswith": _text,
    "startswith": _startswith,
}
