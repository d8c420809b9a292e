"""Differential fuzzing: random rows and conditions, asked of a backend and of the reference evaluator.

    python -m kit.data.fuzz sqlite:///fuzz.db 4000        # trees; then a seed, to see the same trees again

Each tree is asked as a filter, as a count, and as a walk over sorted pages; an answer that differs from the reference
in any row is a `Mismatch`, which shows the smallest part of the tree that still differs, and the seed.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from kit.data.database import Database, open_db
from kit.data.evaluate import holds, ordered
from kit.data.fields import Field, Order, field
from kit.data.model import Model, row_of
from kit.data.predicate import And, Not, Or, Pred
from kit.data.schema import UNORDERED

__all__ = ["Mismatch", "Sample", "compare", "fill", "tree"]


class Mismatch(AssertionError):
    """A backend and the reference disagree."""


class Sample(Model, table="kit_fuzz"):
    """One field of every kind that can be compared, with None and without."""

    name: Field[str] = field(max=60)
    text: Field[str | None] = field(max=60, index=True)
    word: Field[str | None] = field(max=60, fold=True)
    hits: Field[int] = field()
    rank: Field[int | None] = field(index=True)
    rate: Field[float | None] = field()
    price: Field[Decimal | None] = field(places=4)
    on: Field[bool | None] = field()
    at: Field[datetime | None] = field()
    day: Field[date | None] = field()
    blob: Field[bytes | None] = field(max=40)


_TEXTS = (
    "", "a", "A", "a ", " a", "ab", "abc", "B", "b", "é", "e\u0301", "É", "ß", "ss", "İ", "ı", "%", "_", "a%b", "a_b",
    "\\", "a\\b", "'", '"', "`", "--", ";", "$", "$gt", "a.b", "{", "\n", "a\n", "\t", "\u00a0", "\ue000", "\ud7ff",
    "\uffff", "\U00010000", "😀", "😀😀", "\U0010ffff", "日本", "null", "0", "1", "10", "9", "^a$", "(a|b)", ".*",
    "\\z", "\x7f", "a" * 60,
)  # fmt: skip
_AMOUNTS = ("0", "0.0001", "-0.0001", "1", "1.1", "10", "9.9999", "99999999999999.9999", "-99999999999999.9999")
_POOLS: dict[str, tuple[Any, ...]] = {
    "text": _TEXTS,
    "int": (0, 1, -1, 2, 9, 10, 2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)),
    "float": (0.0, 1.0, -1.0, 0.1, 1 / 3, 1e-300, 1e300, 2.0**53, 5e-324, -1.5, 1.7976931348623157e308),
    "decimal": tuple(map(Decimal, _AMOUNTS)),
    "bool": (True, False),
    "datetime": (
        datetime(1000, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999000, UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, 0, 1000, UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999000, UTC),
    ),
    "date": (date(1000, 1, 1), date(1970, 1, 1), date(2024, 2, 29), date(2026, 3, 1), date(9999, 12, 31)),
    "bytes": (b"", b"\0", b"\0\0", b"a", b"ab", b"\xff", b"\xff\xfe", b"a'b\\c", bytes(range(40))),
}


def fill(db: Database, rng: random.Random, rows: int = 60) -> list[Mapping[str, Any]]:
    """Store random rows; returns them as the reference sees them."""
    fields = [one for name, one in Sample._fields.items() if name != "id"]
    records = [Sample(**{one.name: _value(rng, one) for one in fields}) for _ in range(rows)]
    return [row_of(record) for record in db[Sample].add_many(records, stepwise=True)]


def _value(rng: random.Random, one: Field[Any]) -> Any:
    if one.null and rng.random() < 0.25:
        return None
    return rng.choice(_POOLS[one.column.kind])


def tree(rng: random.Random, depth: int = 4) -> Pred:
    """A random condition, as a user could write it: constants, empty lists and double negations included."""
    roll = rng.random()
    if depth == 0 or roll < 0.35:
        return _leaf(rng)
    if roll < 0.5:
        return Not(tree(rng, depth - 1))
    kind = And if rng.random() < 0.5 else Or
    return kind([tree(rng, depth - 1) for _ in range(rng.choice((0, 1, 2, 2, 2, 3)))])


def _leaf(rng: random.Random) -> Pred:
    one = rng.choice(tuple(Sample._fields.values()))
    if one.name == "id":
        one = Sample.name
    if one.column.kind == "text" and rng.random() < 0.5:
        text = rng.choice(_TEXTS)[: rng.choice((1, 2, 60))]
        return rng.choice((one.contains, one.startswith, one.endswith))(text)
    ordered = ("<", "<=", ">", ">=", "between") if one.column.kind not in UNORDERED else ()
    op = rng.choice(("==", "!=", "in", *ordered))
    if op == "in":
        return one.in_([_value(rng, one) for _ in range(rng.randrange(5))])
    first, second = _value(rng, one), _value(rng, one)
    tests = {
        "==": one.__eq__, "!=": one.__ne__, "<": one.__lt__, "<=": one.__le__, ">": one.__gt__, ">=": one.__ge__,
    }  # fmt: skip
    return one.between(first, second) if op == "between" else tests[op](first)


def compare(db: Database, rows: Sequence[Mapping[str, Any]], condition: Pred, rng: random.Random) -> None:
    """Ask `db` and the reference; `Mismatch` with the smallest part of `condition` that differs."""
    order = _order(rng)
    if _differs(db, rows, condition, order, size := rng.choice((1, 3, 7, 100))):
        while smaller := [part for part in _parts(condition) if _differs(db, rows, part, order, size)]:
            condition = smaller[0]
        raise Mismatch(f"{condition}: {_differs(db, rows, condition, order, size)}")


def _order(rng: random.Random) -> list[Order]:
    fields = rng.sample([one for one in Sample._fields.values() if one.column.kind not in UNORDERED], rng.randrange(4))
    return [one.desc() if rng.random() < 0.5 else one.asc() for one in fields]


def _parts(condition: Pred) -> list[Pred]:
    return [condition.part] if isinstance(condition, Not) else list(getattr(condition, "parts", ()))


def _differs(
    db: Database, rows: Sequence[Mapping[str, Any]], condition: Pred, order: Sequence[Order], size: int
) -> str:
    """What differs, or nothing."""
    keys = [(key.column.name, key.descending) for key in order]
    expected = [row["id"] for row in ordered((row for row in rows if holds(condition, row)), [*keys, ("id", False)])]
    query = db[Sample].where(condition).order(*order)
    if (count := query.count()) != len(expected):
        return f"counts {count}, not {len(expected)}"
    if (found := [record.id for record in query.all()]) != expected:
        return f"finds {_first(found, expected)}, by {keys}"
    walked, cursor = [], None
    while True:
        page = query.page(size=size, after=cursor)
        walked += [record.id for record in page.rows]
        if (cursor := page.next) is None or len(walked) > len(expected):
            break
    return "" if walked == expected else f"walks {_first(walked, expected)}, by {keys} in pages of {size}"


def _first(have: list[str], want: list[str]) -> str:
    at = next((i for i, (one, other) in enumerate(zip(have, want, strict=False)) if one != other), len(want))
    return f"{have[at : at + 1]}, not {want[at : at + 1]}, at {at} of {len(want)}"


def run(db: Database, trees: int, seed: int) -> None:
    """Compare `trees` conditions over fresh rows; the seed says everything."""
    rng = random.Random(seed)
    db.create()
    db[Sample].everything().delete()
    rows = fill(db, rng)
    for number in range(trees):
        try:
            compare(db, rows, tree(rng), rng)
        except Mismatch as exc:
            raise Mismatch(f"seed {seed}, tree {number}: {exc}") from None


def main(url: str, trees: str = "1000", seed: str = "") -> None:
    """Run against the database at `url`, whose table `kit_fuzz` is emptied."""
    number = int(seed) if seed else random.SystemRandom().randrange(2**32)
    db = open_db(url, models=[Sample])
    try:
        run(db, int(trees), number)
    finally:
        db.close()
    print(f"{trees} trees, seed {number}: 0 mismatches")


if __name__ == "__main__":
    main(*sys.argv[1:])
