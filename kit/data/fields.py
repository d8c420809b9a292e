"""Fields: what a model is made of, and what conditions, orders and changes are written with.

>>> from kit.data import Model
>>> class Post(Model):
...     title: Field[str] = field(max=200)
...     hits: Field[int] = field(default=0)
>>> (Post.hits > 3) & ~Post.title.contains("draft")
And(hits gt 3, Not(title contains 'draft'))

On the class a field is an expression; on a record it is the value. The annotation gives the type, and `| None` lets it
be None: that is the only place where it is said. Types: str, int (64 bits), float, bool, Decimal (`places=`), datetime
(aware; kept in UTC, in milliseconds), date, timedelta, UUID, bytes, any Enum of str or int, dict, list.
"""

# A field's == takes the field's own type and gives a condition; object's takes anything and gives a bool. That is what
# lets mypy see a wrong type in a filter.
# mypy: disable-error-code="override"

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from kit.data.errors import Invalid
from kit.data.predicate import Cmp, Or, Pred
from kit.data.schema import UNORDERED, Column
from kit.data.values import NO_RULES, Kind, Refuse, Rules, fold, kind_of
from kit.errors import ConfigError

__all__ = ["ID", "Change", "Field", "Order", "field", "version"]

T = TypeVar("T")

#: what an id may be: visible ASCII, at most 64 characters
ID = r"[\x21-\x7e]+"


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order: `Post.hits.desc()`. None comes first ascending and last descending."""

    column: Column
    descending: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an update, made by the database in one step: `set`, `add`, `least` or `most`."""

    column: Column
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class _Options:
    default: Any = ...
    factory: Callable[[], Any] | None = None
    rules: Rules = NO_RULES
    check: Callable[[Any], bool] | None = None
    unique: bool = False
    index: bool = False
    fold: bool = False
    stamp: str = ""
    version: bool = False
    on_delete: str = "restrict"


class Field(Generic[T]):
    """One field of a model; made by `field()`, `ref()` or `version()`, or by the bare annotation."""

    # no __set__ at run time: a record keeps its values in its __dict__, and reading one costs no call
    if TYPE_CHECKING:

        def __set__(self, record: object, value: T) -> None: ...

    def __init__(self, options: _Options | None = None) -> None:
        self.options = options or _Options()
        self.name = ""
        self.owner: Any = None

    def __set_name__(self, owner: Any, name: str) -> None:
        self.owner, self.name = owner, name

    @overload
    def __get__(self, record: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, record: object, owner: Any) -> T: ...
    def __get__(self, record: object | None, owner: Any) -> Any:
        return self if record is None else None

    def bind(self, python: Any, null: bool) -> None:
        """Fix the type, once the model's annotations are read: `kind`, `column` and, with `fold`, `shadow`."""
        options = self.options
        self.null = null
        self.plain = type(self) is Field and options.check is None
        self.kind: Kind = kind_of(python)
        self.column = self._column()
        self.compared = self.column
        if options.fold:
            if self.kind.storage != "text":
                raise ConfigError(f"{self} cannot fold", hint="fold=True is for str")
            most = options.rules.max and options.rules.max * 3  # ß folds to ss, and three is the most (U+0390)
            self.compared = Column(self.name + "_fold", "text", null=null, max=most, shadow=self.name)
        self._filter_rules = Rules(places=options.rules.places)

    def _column(self) -> Column:
        rules, storage = self.options.rules, self.kind.storage
        low, high = rules.ge, rules.le
        if storage == "decimal":
            if rules.places is None:
                raise ConfigError(f"{self} does not say how exact it is", hint="field(places=2)")
            most = (10**18 - 1) * Decimal(1).scaleb(-rules.places)
            low, high = (-most if low is None else Decimal(low)), (most if high is None else Decimal(high))
        if self.kind is not kind_of(int) and storage not in ("float", "decimal"):
            low = high = None  # the server checks numbers alone; what is stored of a timedelta or an Enum is no number
        return Column(self.name, storage, null=self.null, max=rules.max, places=rules.places or 0, low=low, high=high)

    def __str__(self) -> str:
        return f"{self.owner.__name__}.{self.name}" if self.owner else "a field"

    def __hash__(self) -> int:
        return id(self)

    # -- values ------------------------------------------------------------------------------------------------------

    def gate(self, value: Any) -> Any:
        """`value` as a record holds it; raises `Refuse`."""
        if value is None:
            if not self.null:
                raise Refuse("required")
            return None
        value = self.kind.gate(value, self.options.rules)
        if self.options.check is not None and not self.options.check(value):
            raise Refuse("check")
        return value

    def _stored(self, value: Any, *, rules: Rules | None = None) -> Any:
        """`value` of a filter or a change as the column compares it; raises `Invalid`."""
        try:
            if value is None or rules is not None:
                value = None if value is None else self.kind.gate(value, rules or self._filter_rules)
            else:
                value = self.gate(value)
        except Refuse as refused:
            raise self.invalid(refused, value) from None
        return None if value is None else self.kind.dump(value)

    def _compared(self, value: Any) -> Any:
        value = self._stored(value, rules=self._filter_rules)
        return fold(value) if value is not None and self.options.fold else value

    def invalid(self, refused: Refuse, value: Any) -> Invalid:
        """The error for a refused value: it names the field and the rule, not the value, which may be a secret."""
        what = f"{self} refuses a value of type {type(value).__name__}: {refused.code}"
        params = ", ".join(f"{name} is {limit}" for name, limit in refused.params.items())
        return Invalid(what, hint=params, errors=(((self.name,), refused.code, refused.params),))

    # -- conditions --------------------------------------------------------------------------------------------------

    def _cmp(self, op: str, value: Any) -> Pred:
        if self.kind.storage in UNORDERED and (op != "eq" or self.kind.storage == "json") and value is not None:
            raise Invalid(f"{self} is {self.kind.storage}, which has no {op}", hint="keep what you look for in a field")
        return Cmp(self.compared, op, self._compared(value))

    def __eq__(self, value: T) -> Pred:
        return self._cmp("eq", value)

    def __ne__(self, value: T) -> Pred:
        return ~self._cmp("eq", value)

    def __lt__(self, value: T) -> Pred:
        return self._cmp("lt", value)

    def __le__(self, value: T) -> Pred:
        return self._cmp("le", value)

    def __gt__(self, value: T) -> Pred:
        return self._cmp("gt", value)

    def __ge__(self, value: T) -> Pred:
        return self._cmp("ge", value)

    def between(self, low: T, high: T) -> Pred:
        """From `low` to `high`, both included."""
        return (self >= low) & (self <= high)

    def in_(self, values: Iterable[T]) -> Pred:
        """Equal to one of `values`, which may hold None; no value, no row."""
        found = tuple(self._compared(value) for value in values)
        if self.kind.storage == "json":
            raise Invalid(f"{self} is json, which has no in")
        return Cmp(self.compared, "in", found) if found else Or()

    def is_none(self) -> Pred:
        """None, in a field that may be None."""
        return self._cmp("eq", None)

    def contains(self, text: str) -> Pred:
        """Has `text` in it, character by character: nothing in it has a meaning of its own, and case counts."""
        return self._text("contains", text)

    def startswith(self, text: str) -> Pred:
        """Begins with `text`; an index serves it."""
        return self._text("startswith", text)

    def endswith(self, text: str) -> Pred:
        """Ends with `text`."""
        return self._text("endswith", text)

    def _text(self, op: str, text: str) -> Pred:
        if self.kind.storage != "text" or self.kind.gate is not kind_of(str).gate:
            raise Invalid(f"{self} holds no text, so {op} makes no sense")
        if text is None:
            raise Invalid(f"{self}.{op} takes a text, not None")
        return self._cmp(op, text)

    # -- orders and changes ------------------------------------------------------------------------------------------

    def asc(self) -> Order:
        """Ascending: None, then small to large; text by code points (with `fold=True`, by the folded text)."""
        return Order(self.compared, False)

    def desc(self) -> Order:
        """Descending, None last."""
        return Order(self.compared, True)

    def to(self, value: T) -> Change:
        """Set to `value`."""
        return Change(self.column, "set", self._stored(value))

    def add(self, value: T) -> Change:
        """Add `value` to what is there, in the database; None stays None, and leaving the range is `Invalid`."""
        return self._number("add", value)

    def at_least(self, value: T) -> Change:
        """Raise to `value` where it is less; None stays None."""
        return self._number("least", value)

    def at_most(self, value: T) -> Change:
        """Lower to `value` where it is more; None stays None."""
        return self._number("most", value)

    def _number(self, op: str, value: Any) -> Change:
        if self.kind.storage not in ("int", "float", "decimal") or value is None:
            raise Invalid(f"{self} cannot {op} {type(value).__name__}", hint="numbers only; use .to(value)")
        return Change(self.column, op, self._stored(value, rules=self._filter_rules))


def field(
    *,
    default: Any = ...,
    factory: Callable[[], Any] | None = None,
    max: int | None = None,
    min: int | None = None,
    ge: Any = None,
    le: Any = None,
    pattern: str | None = None,
    places: int | None = None,
    check: Callable[[Any], bool] | None = None,
    unique: bool = False,
    index: bool = False,
    fold: bool = False,
    stamp: str = "",
) -> Any:
    """A field: `title: Field[str] = field(max=200)`.

    - `default` is a value, `factory` makes one; a field that may be None has None, any other one is required.
    - `max`, `min` bound the length of text (characters), bytes and JSON (characters); `ge`, `le` bound a value, also
      after `.add(…)`; `pattern` must fit the whole text; `places` are a Decimal's digits behind the point;
      `check(value)` is a rule of your own: False refuses.
    - `unique` and `index` make an index (of text: `max` of at most 700); `fold` compares text without case.
    - `stamp="add"` is the time of adding, `stamp="save"` of the last change; both are set by the database's clock.
    """
    if stamp not in ("", "add", "save"):
        raise ConfigError(f"no stamp {stamp!r}", hint='stamp="add" or stamp="save"')
    if places is not None and not 0 <= places <= 17:
        raise ConfigError(f"{places} places", hint="0 to 17: a decimal has 18 digits in all")
    if isinstance(default, dict | list):
        raise ConfigError("a default that could be changed", hint=f"factory={type(default).__name__}")
    rules = Rules(max, min, ge, le, re.compile(pattern) if pattern is not None else None, places)
    return Field(_Options(default, factory, rules, check, unique, index, fold, stamp))


def version() -> Any:
    """`version: Field[int] = version()`: counts the changes of a row; `save` of a record that is behind is `Stale`."""
    return Field(_Options(default=1, version=True))
