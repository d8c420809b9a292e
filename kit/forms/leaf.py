"""Leaf: one input of a form, compiled.

>>> from kit.forms.kinds import Integer
>>> from kit.forms.spec import field
>>> age, run = Leaf("age", Integer(), field(ge=18), optional=False), Run()
>>> age.read("17", "", run), run.errors
(MISSING, [Error(path='age', code='too_small', params={'ge': 18})])
"""

from __future__ import annotations

from typing import Any

from kit.errors import ConfigError
from kit.forms.constraints import Constraint, common
from kit.forms.kinds import SPACE, Kind, Wrong
from kit.forms.node import Node, Reader, Run
from kit.forms.spec import MISSING, FieldSpec

__all__ = ["Leaf"]


class Leaf(Node):
    """One input: a kind, its constraints, and what a blank one means."""

    join = ""

    def __init__(self, attribute: str, kind: Kind, spec: FieldSpec, *, optional: bool) -> None:
        super().__init__(attribute, spec.name, spec.label, spec.hint)
        self.kind, self.spec, self.optional, self.stored = kind, spec, optional, spec.stored
        self.checks: list[tuple[Constraint, Any]] = self._checks()
        self._default = spec.default
        if self._default is MISSING and (optional or kind.blank is not None):
            self._default = None if optional else kind.blank
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
        return not raw.strip(SPACE) or (bool(self._default) and raw == self.kind.show(self.default))

    def bounds(self) -> list[tuple[Constraint, Any]]:
        """The constraints with their bounds as they are now."""
        return [(row, bound() if callable(bound) else bound) for row, bound in self.checks]

    @property
    def default(self) -> Any:
        """What is shown at first, and taken where JSON says nothing; a function without arguments is asked."""
        return self._default() if callable(self._default) else self._default

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
