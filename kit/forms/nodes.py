"""The compiled parts of a form: `Leaf` (one input), `Group` (a form), `Nest` (a form in a form) and `Rows` (a list).

Each part reads its piece of the input, a str for an input and a dict for a group, and says what it is worth:

>>> from kit.forms.kinds import Integer
>>> from kit.forms.spec import field
>>> age, run = Leaf("age", Integer(), field(ge=18), optional=False), Run()
>>> age.read("17", "", run), run.errors
(MISSING, [Error(path='age', code='too_small', params={'ge': 18})])

Nothing here knows about requests or HTML. `MISSING` comes back where there is no good value; the reason is in the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from kit.errors import ConfigError
from kit.forms.constraints import ITEMS, Constraint, common
from kit.forms.kinds import SPACE, Kind, Wrong
from kit.forms.spec import MISSING, Action, FieldSpec, RowsSpec, Rule

__all__ = ["Absent", "Error", "Group", "Leaf", "Nest", "Node", "Rows", "Run", "held"]


class Error(NamedTuple):
    """What is wrong: `path` is the name of the input ("choices.2.text"; "" for the form), the others say why."""

    path: str
    code: str
    params: Mapping[str, Any]


class Absent(AttributeError):
    """A field of a form's value was read that the input gave no good value for."""


Reader = Callable[..., Any]


class Run:
    """One reading of one input: how to read, what was found wrong, and files kept from an earlier post, by path."""

    __slots__ = ("errors", "json", "kept", "partial")

    def __init__(self, *, json: bool = False, partial: bool = False) -> None:
        self.json, self.partial = json, partial
        self.kept: Mapping[str, Any] = {}
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
    """What all parts have in common: a name, texts, and `read(raw, prefix, run, data)`."""

    #: what stands between the path of this part and the names in it
    join = "."

    def __init__(self, attribute: str, name: str | None = None, label: str | None = None, hint: str = "") -> None:
        #: the attribute of the form's value, and the name of the input
        self.attribute, self.name = attribute, name or attribute
        self.label = attribute.replace("_", " ").strip().capitalize() if label is None else label
        self.hint, self.stored = hint, True
        #: HTML of this part, kept by kit.forms.look
        self.drawn: dict[Any, Any] = {}

    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        """The value of `raw`, or MISSING with errors in `run`. `data` is what a partial input is laid over."""
        raise NotImplementedError

    def reader(self, json: bool) -> Reader:
        """`read` for one kind of input."""
        return self.read

    def empty(self, raw: Any) -> bool:
        """Whether the user has left this part empty."""
        raise NotImplementedError


class Leaf(Node):
    """One input: a kind, its constraints, and what a blank one means."""

    join = ""

    def __init__(self, attribute: str, kind: Kind, spec: FieldSpec, *, optional: bool) -> None:
        super().__init__(attribute, spec.name, spec.label, spec.hint)
        self.kind, self.spec, self.optional, self.stored = kind, spec, optional, spec.stored
        self.checks: list[tuple[Constraint, Any]] = self._checks()
        #: what is shown at first, and taken where JSON says nothing
        self.default = spec.default
        if self.default is MISSING and (optional or kind.blank is not None):
            self.default = None if optional else kind.blank
        self.required = spec.required if spec.required is not None else not (optional or self._blank_is_fine())
        self.widget = spec.widget or kind.widget
        self.strip = self.widget != "password"
        #: sentences of this field instead of the usual, by code
        self.messages = {**kind.messages, **spec.messages}
        #: whether what is posted is shown again as it is
        self.plain = spec.redisplay and not kind.takes and self.widget not in ("checkbox", "file", "select", "radios")
        self._read_text = self._text_reader()

    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        return self.reader(run.json)(raw, prefix, run, data)

    def reader(self, json: bool) -> Reader:
        return self._read_json if json else self._read_text

    def _text_reader(self) -> Reader:
        """`read` for what forms post, with everything that it needs in its hands: it runs for every field."""
        name, strip, parse, takes, nothing = self.name, self.strip, self.kind.parse, self.kind.takes, self._nothing
        checks = [(row.holds, bound, row) for row, bound in self.checks]

        def read(raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
            if raw.__class__ is not str:
                if raw is None and run.partial:
                    return MISSING
                if raw is not None and not isinstance(raw, takes):
                    return run.wrong(prefix + name, "duplicate" if isinstance(raw, list) else "type")
            elif strip:
                raw = raw.strip(SPACE)
            if not raw:
                raw = run.kept.get(prefix + name)
                if raw is None:
                    return nothing(prefix, run)
            try:
                value = parse(raw)
            except Wrong as wrong:
                return run.wrong(prefix + name, wrong.code, **wrong.params)
            if value is False and self.required:
                return nothing(prefix, run)
            for holds, bound, row in checks:
                if not holds(value, bound() if callable(bound) else bound):
                    return self._broken(row, bound, prefix, run)
            return value

        return read

    def empty(self, raw: Any) -> bool:
        if raw.__class__ is not str:
            return raw is None
        return not raw.strip(SPACE) or (bool(self.default) and raw == self.kind.show(self.default))

    def bounds(self) -> list[tuple[Constraint, Any]]:
        """The constraints with their bounds as they are now."""
        return [(row, bound() if callable(bound) else bound) for row, bound in self.checks]

    @property
    def fixed(self) -> bool:
        """Whether this field is the same at every request."""
        return not any(callable(bound) for _, bound in self.checks)

    def _read_json(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        if raw is MISSING and run.partial:
            return MISSING
        if raw is MISSING and self.spec.default is not MISSING:
            return self.default
        if raw is MISSING or (raw is None and not self.optional) or (raw == "" and not self._blank_is_fine()):
            return self._nothing(prefix, run)
        if raw is None:
            return None
        try:
            value = self.kind.accept(raw)
        except Wrong as wrong:
            return run.wrong(prefix + self.name, wrong.code, **wrong.params)
        if self.required and (value == "" or value is False):
            return self._nothing(prefix, run)
        for row, bound in self.checks:
            if not row.holds(value, bound() if callable(bound) else bound):
                return self._broken(row, bound, prefix, run)
        return value

    def _nothing(self, prefix: str, run: Run) -> Any:
        """The worth of a blank input."""
        if self.required:
            return run.wrong(prefix + self.name, "required")
        if self.optional:
            return None
        blank = self.kind.blank if self.kind.blank is not None else self.default
        value = list(blank) if isinstance(blank, tuple) else "" if blank is MISSING else blank
        for row, bound in self.checks if value == [] else ():
            if not row.holds(value, bound):
                return self._broken(row, bound, prefix, run)
        return value

    def _broken(self, row: Constraint, bound: Any, prefix: str, run: Run) -> Any:
        return run.wrong(prefix + self.name, row.code, **{row.word: bound() if callable(bound) else bound})

    def _blank_is_fine(self) -> bool:
        return self.kind.blank is not None or self.spec.default == ""

    def _checks(self) -> list[tuple[Constraint, Any]]:
        words, table = self.spec.words, self.kind.table
        for word in words:
            if word not in table:
                kind = type(self.kind).__name__
                what = f"{word}= means nothing for {self.attribute!r}, a {kind}"
                raise ConfigError(what, hint=f"it takes: {', '.join(table) or 'none'}")
        if "pattern" in words:
            common(words["pattern"])
        return [(table[word], words[word]) for word in table if word in words]


class Group(Node):
    """A form class, compiled: its parts in order, its rules and its actions."""

    def __init__(self, make: type, parts: list[Node], rules: Iterable[Rule], actions: Iterable[Action]) -> None:
        super().__init__("", label="")
        self.make, self.parts, self.rules = make, parts, list(rules)
        self.names = frozenset(part.name for part in parts)
        self.by_name = {part.name: part for part in parts}
        self.by_attribute = {part.attribute: part for part in parts}
        self.actions = {action.name: action for action in actions}
        self._text_steps = [(part.attribute, part.name, part.reader(False)) for part in parts]
        self._json_steps = [(part.attribute, part.name, part.reader(True)) for part in parts]

    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        before = len(run.errors)
        values = self.cast(raw, prefix, run, data)
        if len(run.errors) != before:
            return MISSING
        return self.build(values if data is MISSING else self.over(values, data))

    def cast(
        self, raw: Any, prefix: str, run: Run, data: Any = MISSING, permit: frozenset[str] | None = None
    ) -> dict[str, Any]:
        """The good values by attribute, after all rules; only those in `permit`, if it is given."""
        if raw.__class__ is not dict:
            run.wrong(prefix[:-1], "type")
            return {}
        values: dict[str, Any] = {}
        absent, before = MISSING if run.json else None, MISSING
        for attribute, name, read in self._json_steps if run.json else self._text_steps:
            if permit is not None and attribute not in permit:
                continue
            if data is not MISSING:
                before = held(data, attribute)
            value = read(raw.get(name, absent), prefix, run, before)
            if value is not MISSING:
                values[attribute] = value
        if not raw.keys() <= self.names:
            for name in raw:
                if name not in self.names and name[:1] != "_":
                    run.wrong(prefix + name, "unknown")
        if self.rules:
            self._judge(values if data is MISSING else self.over(values, data), prefix, run)
        return values

    @cached_property
    def all_parts(self) -> list[Node]:
        """The parts of this form and of those within, each form once, for a form may contain itself."""
        groups: list[Group] = [self]
        found: list[Node] = []
        for group in groups:  # it grows on the way
            found += group.parts
            inner = [getattr(part, "item", None) for part in group.parts]
            groups += [item for item in inner if isinstance(item, Group) and item not in groups]
        return found

    @cached_property
    def has_rows(self) -> bool:
        """Whether there are lists in this form."""
        return any(isinstance(part, Rows) for part in self.all_parts)

    @cached_property
    def has_files(self) -> bool:
        """Whether there are file inputs in this form."""
        return any(isinstance(part, Leaf) and part.widget == "file" for part in self.all_parts)

    def over(self, values: dict[str, Any], data: Any) -> dict[str, Any]:
        """`values` laid over what `data` has for the other fields."""
        kept = {part.attribute: held(data, part.attribute) for part in self.parts}
        return {**{name: value for name, value in kept.items() if value is not MISSING}, **values}

    def build(self, values: dict[str, Any]) -> Any:
        """The form's value made of `values`."""
        form: Any = object.__new__(self.make)
        form.__dict__.update(values)
        return form

    def empty(self, raw: Any) -> bool:
        if not isinstance(raw, dict):
            return False
        for part in self.parts:  # noqa: SIM110  (it runs for every row: a generator would cost as much as the rest)
            if not part.empty(raw.get(part.name)):
                return False
        return True

    def _judge(self, values: dict[str, Any], prefix: str, run: Run) -> None:
        form = self.build(values)
        for rule in self.rules:
            try:
                if rule.when is not None and not rule.when(form):
                    continue
                verdict = rule.check(form)
            except Absent:
                continue
            if verdict is not True:
                path = prefix + self.by_attribute[rule.field].name if rule.field else prefix[:-1]
                run.wrong(path, verdict if isinstance(verdict, str) else rule.code)


class Nest(Node):
    """A form as a field of another: `home: Address`, or `home: Address | None`, which is None when left blank."""

    def __init__(self, attribute: str, item: Callable[[], Group], spec: FieldSpec, *, optional: bool) -> None:
        super().__init__(attribute, spec.name, spec.label, spec.hint)
        self._item, self.stored, self.optional = item, spec.stored, optional

    @property
    def item(self) -> Group:
        """The part within; found late, so that a form may contain itself."""
        return self._item()

    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        if raw is None or raw is MISSING:
            if run.partial and (raw is MISSING or not run.json):
                return MISSING
            if self.optional:
                return None
            raw = {}
        if self.optional and not run.json and self.item.empty(raw):
            return None
        return self.item.read(raw, f"{prefix}{self.name}.", run, data if run.partial else MISSING)

    def empty(self, raw: Any) -> bool:
        return raw is None or self.item.empty(raw)


class Rows(Node):
    """A list of subforms or of single inputs. In a form's input it is a dict of rows by key, in JSON a list."""

    def __init__(self, attribute: str, item: Callable[[], Node], spec: RowsSpec) -> None:
        super().__init__(attribute, spec.name, spec.label, spec.hint)
        self._item, self.spec, self.stored = item, spec, spec.stored
        self.each, self.min, self.max = spec.each or self.label, spec.min, spec.max

    @property
    def item(self) -> Node:
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
        count, item = len(raw), self.item
        if isinstance(raw, list):
            found: Iterable[tuple[str, Any]] = ((str(i), row) for i, row in enumerate(raw))
        else:
            filled = self._filled(raw, item)
            count, found = len(filled), filled.items()
        if count > self.max:
            return run.wrong(path, "too_many", max=self.max)
        before = len(run.errors)
        values = [item.read(row, f"{path}.{key}{item.join}", run) for key, row in found if _keyed(key, path, run)]
        if count < self.min:
            run.wrong(path, ITEMS["min"].code, min=self.min)
        return values if len(run.errors) == before else MISSING

    def empty(self, raw: Any) -> bool:
        return not raw or (isinstance(raw, dict) and all(map(self.item.empty, raw.values())))

    def _filled(self, raw: dict[str, Any], item: Node) -> dict[str, Any]:
        """The rows without those left blank, as long as `min` of them are left."""
        blank = [key for key, row in raw.items() if item.empty(row)]
        if not blank:
            return raw
        spare = set(blank[max(0, self.min - (len(raw) - len(blank))) :])
        return {key: row for key, row in raw.items() if key not in spare}


def _keyed(key: str, path: str, run: Run) -> bool:
    if key.isdecimal() and key.isascii() and len(key) < 10:
        return True
    run.wrong(f"{path}.{key}", "unknown")
    return False
