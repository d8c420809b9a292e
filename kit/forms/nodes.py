"""The compiled parts of a form: `Leaf` (one input), `Group` (a form) and `Rows` (a list of either).

Each part reads its piece of the input, a str for an input and a dict for a group, and says what it is worth:

>>> from kit.forms.kinds import Integer
>>> from kit.forms.spec import field
>>> age, run = Leaf("age", Integer(), field(ge=18), optional=False), Run()
>>> age.read("17", "", run), run.errors
(MISSING, [Error(path='age', code='too_small', params={'ge': 18})])

Nothing here knows about requests or HTML. `MISSING` comes back where there is no good value; the reason is in the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kit.errors import ConfigError
from kit.forms.constraints import TABLE, Constraint
from kit.forms.kinds import Kind, Wrong
from kit.forms.spec import MISSING, Action, FieldSpec, RowsSpec, Rule

__all__ = ["Absent", "Error", "Group", "Leaf", "Node", "Rows", "Run", "held"]


class Error(NamedTuple):
    """What is wrong: `path` is the name of the input ("choices.2.text"; "" for the form), the others say why."""

    path: str
    code: str
    params: Mapping[str, Any]


class Absent(AttributeError):
    """A field of a form's value was read that the input gave no good value for."""


class Run:
    """One reading of one input: how to read, and what was found wrong."""

    __slots__ = ("errors", "json", "partial")

    def __init__(self, *, json: bool = False, partial: bool = False) -> None:
        self.json, self.partial = json, partial
        self.errors: list[Error] = []

    def wrong(self, path: str, code: str, **params: Any) -> Any:
        """Note an error; the answer is MISSING."""
        self.errors.append(Error(path, code, params))
        return MISSING


def held(data: Any, attribute: str) -> Any:
    """What a stored thing (a record, a form's value, a mapping) has for an attribute; MISSING if nothing."""
    if data is None or data is MISSING:
        return MISSING
    return data.get(attribute, MISSING) if isinstance(data, Mapping) else getattr(data, attribute, MISSING)


class Node:
    """What the three parts have in common: a name, texts, and `read(raw, prefix, run, data)`."""

    name: str
    #: the attribute of the form's value
    attribute: str
    label: str
    hint: str = ""
    stored: bool = True

    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        """The value of `raw`, or MISSING with errors in `run`. `data` is what a partial input is laid over."""
        raise NotImplementedError

    def blank(self, raw: Any) -> bool:
        """Whether the user has left this part empty."""
        raise NotImplementedError


class Leaf(Node):
    """One input: a kind, its constraints, and what a blank one means."""

    def __init__(self, attribute: str, kind: Kind, spec: FieldSpec, *, optional: bool) -> None:
        self.attribute, self.kind, self.spec = attribute, kind, spec
        self.name = spec.name or attribute
        self.label = attribute.replace("_", " ").strip().capitalize() if spec.label is None else spec.label
        self.hint, self.stored = spec.hint, spec.stored
        self.checks: list[tuple[Constraint, Any]] = self._checks()
        self.default = spec.default
        if self.default is MISSING:
            self.default = None if optional else False if kind.blank_is_value else MISSING
        self.required = spec.required if spec.required is not None else self._must(optional)
        self.optional = optional
        self.strip = (spec.widget or kind.widget) != "password"

    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        if run.json:
            return self._read_json(raw, prefix, run)
        if raw.__class__ is not str:
            if raw is not None:
                return run.wrong(prefix + self.name, "duplicate" if isinstance(raw, list) else "type")
            if run.partial:
                return MISSING
            raw = ""
        elif self.strip:
            raw = raw.strip()
        if not raw and not self.kind.blank_is_value:
            return self._empty(prefix, run)
        try:
            value = self.kind.parse(raw)
        except Wrong as wrong:
            return run.wrong(prefix + self.name, wrong.code, **wrong.params)
        return self._checked(value, prefix, run)

    def blank(self, raw: Any) -> bool:
        if not isinstance(raw, str):
            return raw is None
        return not raw.strip() or (self.default is not MISSING and raw == self.kind.show(self.default))

    def bounds(self) -> list[tuple[Constraint, Any]]:
        """The constraints with their bounds as they are now."""
        return [(row, bound() if callable(bound) else bound) for row, bound in self.checks]

    def _read_json(self, raw: Any, prefix: str, run: Run) -> Any:
        if raw is MISSING:
            if run.partial:
                return MISSING
            return self.default if self.default is not MISSING else self._empty(prefix, run)
        if raw is None:
            return None if self.optional else run.wrong(prefix + self.name, "required")
        try:
            value = self.kind.accept(raw)
        except Wrong as wrong:
            return run.wrong(prefix + self.name, wrong.code, **wrong.params)
        if value == "" and self.required:
            return self._empty(prefix, run)
        return self._checked(value, prefix, run)

    def _checked(self, value: Any, prefix: str, run: Run) -> Any:
        for row, bound in self.checks:
            if callable(bound):
                bound = bound()
            if not row.holds(value, bound):
                return run.wrong(prefix + self.name, row.code, **{row.word: bound})
        if self.required and value is False:
            return self._empty(prefix, run)
        return value

    def _empty(self, prefix: str, run: Run) -> Any:
        if self.required:
            return run.wrong(prefix + self.name, "required")
        return None if self.optional or self.default is MISSING else self.default

    def _must(self, optional: bool) -> bool:
        return not (optional or self.kind.blank_is_value or self.default == "")

    def _checks(self) -> list[tuple[Constraint, Any]]:
        for word in self.spec.words:
            if word not in self.kind.words:
                known = ", ".join(self.kind.words) or "none"
                kind = type(self.kind).__name__
                raise ConfigError(f"{word}= means nothing for {self.attribute!r}, a {kind}", hint=f"it takes: {known}")
        return [(TABLE[word], self.spec.words[word]) for word in TABLE if word in self.spec.words]


class Group(Node):
    """A form class, compiled: its parts in order, its rules and its actions."""

    def __init__(self, make: type, parts: list[Node], rules: list[Rule], actions: list[Action]) -> None:
        self.make, self.parts, self.rules = make, parts, rules
        self.names = frozenset(part.name for part in parts)
        self.by_name = {part.name: part for part in parts}
        self.actions = {action.name: action for action in actions}
        self.name = self.attribute = self.label = ""

    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        before = len(run.errors)
        values = self.cast(raw, prefix, run, data)
        return self.build(values) if len(run.errors) == before else MISSING

    def cast(
        self, raw: Any, prefix: str, run: Run, data: Any = MISSING, permit: frozenset[str] | None = None
    ) -> dict[str, Any]:
        """The good values by attribute, after all rules; only those in `permit`, if it is given."""
        if raw.__class__ is not dict:
            run.wrong(prefix[:-1], "type")
            return {}
        values, absent = {}, MISSING if run.json else None
        for part in self.parts:
            if permit is not None and part.attribute not in permit:
                continue
            before = MISSING if data is MISSING else held(data, part.attribute)
            value = part.read(raw.get(part.name, absent), prefix, run, before)
            if value is not MISSING:
                values[part.attribute] = value
        if not raw.keys() <= self.names:
            self._unknown(raw, prefix, run)
        self._judge(values if data is MISSING else self.over(values, data), prefix, run)
        return values

    def over(self, values: dict[str, Any], data: Any) -> dict[str, Any]:
        """`values` laid over what `data` has for the other fields."""
        kept = {part.attribute: held(data, part.attribute) for part in self.parts}
        return {**{name: value for name, value in kept.items() if value is not MISSING}, **values}

    def build(self, values: dict[str, Any]) -> Any:
        """The form's value made of `values`."""
        form: Any = object.__new__(self.make)
        form.__dict__.update(values)
        return form

    def blank(self, raw: Any) -> bool:
        return isinstance(raw, dict) and all(part.blank(raw.get(part.name)) for part in self.parts)

    def _unknown(self, raw: dict[str, Any], prefix: str, run: Run) -> None:
        for name in raw:
            if name not in self.names and not name.startswith("_"):
                run.wrong(prefix + name, "unknown")

    def _judge(self, values: dict[str, Any], prefix: str, run: Run) -> None:
        if not self.rules:
            return
        form = self.build(values)
        for rule in self.rules:
            try:
                if rule.when is not None and not rule.when(form):
                    continue
                verdict = rule.check(form)
            except Absent:
                continue
            if verdict is not True:
                path = prefix + rule.field if rule.field else prefix[:-1]
                run.wrong(path, verdict if isinstance(verdict, str) else rule.code)


class Rows(Node):
    """A list of subforms. In a form's input it is a dict of rows by key, in JSON a list."""

    def __init__(self, attribute: str, item: Callable[[], Group], spec: RowsSpec) -> None:
        self.attribute, self._item, self.spec = attribute, item, spec
        self.name = spec.name or attribute
        self.label = attribute.replace("_", " ").strip().capitalize() if spec.label is None else spec.label
        self.each, self.hint, self.stored = spec.each or self.label, spec.hint, spec.stored
        self.min, self.max = spec.min, spec.max

    @property
    def item(self) -> Group:
        """The part of one row; found late, so that a form may contain itself."""
        return self._item()

    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        path = prefix + self.name
        if raw is None or raw is MISSING:
            if run.partial:
                return MISSING
            raw = [] if run.json else {}
        if not isinstance(raw, list if run.json else dict):
            return run.wrong(path, "type")
        found = {str(i): row for i, row in enumerate(raw)} if isinstance(raw, list) else self._filled(raw)
        if len(found) > self.max:
            return run.wrong(path, "too_many", max=self.max)
        before, item, inner = len(run.errors), self.item, path + "."
        values = [item.read(row, f"{inner}{key}.", run) for key, row in found.items() if self._keyed(key, inner, run)]
        if len(found) < self.min:
            run.wrong(path, "too_few", min=self.min)
        return values if len(run.errors) == before else MISSING

    def blank(self, raw: Any) -> bool:
        return not raw or (isinstance(raw, dict) and all(self.item.blank(row) for row in raw.values()))

    def _filled(self, raw: dict[str, Any]) -> dict[str, Any]:
        """The rows without those left blank, as long as `min` of them are left."""
        blank = [key for key, row in raw.items() if self.item.blank(row)]
        spare = set(blank[max(0, self.min - (len(raw) - len(blank))) :])
        return {key: row for key, row in raw.items() if key not in spare} if spare else raw

    def _keyed(self, key: str, inner: str, run: Run) -> bool:
        if key.isascii() and key.isdecimal() and len(key) < 10:
            return True
        run.wrong(inner + key, "unknown")
        return False
