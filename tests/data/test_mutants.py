"""The differential fuzz bites: each of these faults in a compiler of conditions is found by it.

These are the faults that query compilers really have (research of issue trackers: lost null rows, regular expressions
from data, half-negated trees). A fault is planted by changing one place of the source.
"""

from __future__ import annotations

import inspect
import random
import types
from collections.abc import Callable
from types import ModuleType

import pytest

from kit.data import Database, fuzz, memory, mongo, mongoforms, predicate, query, sql, sqlite, statements
from kit.data.errors import DataError

Opened = Callable[..., Database]
USERS = (sql, mongo, query, memory, statements, sqlite)

SQL = {
    "negation forgets the rows with None": (statements, ' OR {name} IS NULL)"', ')"'),
    "the opposite of < forgets the equal ones": (statements, '"lt": ">=", "le"', '"lt": ">", "le"'),
    "is None and is not None are swapped": (statements, "NULL\" if cmp.negated else", "NULL\" if not cmp.negated else"),
    "and becomes or": (statements, '" AND " if isinstance(pred, And)', '" AND " if isinstance(pred, Or)'),
    "not in becomes in": (statements, "'NOT ' * cmp.negated", "'NOT ' * 0"),
    "not contains becomes contains": (statements, 'text = f"NOT ({text})" if cmp.negated else text', "text = text"),
    "descending is ascending": (statements, "' DESC' if down else ''", "'' if down else ''"),
    "no parentheses": (statements, '"(" + glue.join', '"" + (glue + " ").join'),
    "an order without the last key": (query, 'else (*keys, ("id", False))', "else keys"),
    "None is lost from in": (predicate, "and None in values:", "and None not in values:"),
    "a prefix range includes its end": (predicate, '"lt", end, negated', '"le", end, negated'),
    "double negation is single": (predicate, "_push(pred.part, not negated)", "_push(pred.part, True)"),
}  # fmt: skip
MONGO = {
    "not in becomes in": (mongoforms, '{"$nin": values}', '{"$in": values}'),
    "not < becomes >=": (mongoforms, 'return {"$not": test} if cmp.negated else test',
                         'return {"$gte": value} if cmp.negated and op == "lt" else test'),
    "text is a regular expression": (mongoforms, "re.escape(cmp.value)", "cmp.value"),
    "case does not count": (mongoforms, ', "s")', ', "is")'),
}  # fmt: skip


def plant(patch: pytest.MonkeyPatch, module: ModuleType, right: str, wrong: str) -> None:
    """Put the functions of a changed copy of `module` in the place of its own, wherever they are used."""
    source = inspect.getsource(module)
    assert right in source, "the mutant no longer fits the source: write it anew"
    changed = types.ModuleType(module.__name__)
    exec(compile(source.replace(right, wrong, 1), module.__file__ or "", "exec"), vars(changed))
    for name, value in vars(changed).items():
        if inspect.isfunction(value) and value.__module__ == module.__name__:
            for user in (*USERS, module):
                if hasattr(user, name):
                    patch.setattr(user, name, value)
    if module is query:
        patch.setattr(query.Rows, "_keys", changed.Rows._keys)


def found(db: Database, trees: int) -> bool:
    for seed in range(3):
        try:
            fuzz.run(db, trees, seed)
        except (fuzz.Mismatch, DataError, TypeError):
            return True
    return False


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_unchanged_compiler_passes(opened: Opened) -> None:
    assert not found(opened(fuzz.Sample), 100)


@pytest.mark.parametrize("fault", SQL)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_fuzz_finds_that_in_sql(opened: Opened, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    db = opened(fuzz.Sample)
    plant(monkeypatch, *SQL[fault])
    assert found(db, 300)


@pytest.mark.parametrize("fault", MONGO)
@pytest.mark.parametrize("backend", ["mongodb"], indirect=True)
def test_the_fuzz_finds_that_in_mongodb(opened: Opened, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    db = opened(fuzz.Sample)
    plant(monkeypatch, *MONGO[fault])
    assert found(db, 150)


def test_a_mismatch_shows_the_smallest_part_and_the_seed() -> None:
    from kit.data import open_db

    db = open_db("memory:", models=[fuzz.Sample])
    rows = fuzz.fill(db, random.Random(1))
    db[fuzz.Sample].where(fuzz.Sample.on == True).delete()  # noqa: E712
    with pytest.raises(fuzz.Mismatch, match=r"^on eq True: counts 0"):
        condition = (fuzz.Sample.on == True) & (fuzz.Sample.name >= "")  # noqa: E712
        fuzz.compare(db, rows, condition, random.Random(1))
