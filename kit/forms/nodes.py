"""The compiled parts that are made of others: `Group` (a form), `Nest` (a form in a form), `Rows` and `Either`.

Each part reads its piece of the input, a str for an input and a dict for a group, and says what it is worth. Nothing
here knows about requests or HTML. `MISSING` comes back where there is no good value; the reason is in the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from kit.forms.constraints import ITEMS
from kit.forms.leaf import Leaf
from kit.forms.node import Absent, Node, Run, held
from kit.forms.spec import MISSING, Action, FieldSpec, RowsSpec, Rule

__all__ = ["Either", "Group", "Nest", "Rows"]

_DEPTH = 64  # names of levels in a path; kit.http.body refuses more by itself
_STRANGERS = 20  # unknown names of one form that are reported: the answer should not be longer than the question


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
        if len(prefix) > 2 * _DEPTH and prefix.count(".") > _DEPTH:
            run.wrong(prefix[:80], "too_deep")
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
            strangers = [name for name in raw if name not in self.names and name[:1] != "_"]
            for name in strangers[:_STRANGERS]:
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
            for item in (getattr(part, "item", None) for part in group.parts):
                inner = item.kinds.values() if isinstance(item, Either) else [item]
                groups += [one for one in inner if isinstance(one, Group) and one not in groups]
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


class Either(Node):
    """Rows of several forms: `list[Card | Bank]`. The input `_kind` of a row says which, by the name of its class."""

    def __init__(self, items: Iterable[Callable[[], Group]], names: Iterable[str]) -> None:
        super().__init__("", label="")
        self._items = dict(zip(names, items, strict=True))

    @property
    def kinds(self) -> dict[str, Group]:
        """The forms by their `_kind`."""
        return {name: item() for name, item in self._items.items()}

    def pick(self, raw: Any, data: Any = MISSING) -> Group | None:
        """The form of one row: by what was posted, else by the class of what is stored; None if it is not known."""
        source = raw if isinstance(raw, dict) else data
        said = source.get("_kind") if isinstance(source, Mapping) else type(data).__name__
        item = self._items.get(said) if isinstance(said, str) else None
        return item() if item else None

    def read(self, raw: Any, prefix: str, run: Run, data: Any = MISSING) -> Any:
        group = self.pick(raw)
        return run.wrong(prefix + "_kind", "choice") if group is None else group.read(raw, prefix, run)

    def empty(self, raw: Any) -> bool:
        group = self.pick(raw)
        return group is not None and group.empty(raw)


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

    def row(self, raw: Any, data: Any = MISSING) -> Node:
        """The part of one row."""
        item = self.item
        return (item.pick(raw, data) or next(iter(item.kinds.values()))) if isinstance(item, Either) else item

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
