"""What the contract tries on every backend: models with every type, edge values, wrong values, hostile values."""

from __future__ import annotations

import enum
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from kit.data.database import Database
from kit.data.errors import Unsupported
from kit.data.fields import Field, field, version
from kit.data.model import Model, unique
from kit.data.relations import Ref, many, ref
from kit.errors import needs

with needs("pytest", extra="test", by=__name__):
    import pytest

__all__ = ["EDGES", "INJECTIONS", "NOT_TEXT", "WRONG", "Account", "Everything", "Owner", "accounts", "race", "refused"]


class Colour(enum.Enum):
    """Of a pen."""

    RED = "red"
    BLUE = "blue"


class Everything(Model, table="kit_everything"):
    """One field of every type."""

    text: Field[str | None] = field(max=300)
    long: Field[str | None] = field()
    number: Field[int | None] = field()
    rate: Field[float | None] = field()
    on: Field[bool | None] = field()
    price: Field[Decimal | None] = field(places=2)
    exact: Field[Decimal | None] = field(places=17)
    at: Field[datetime | None] = field()
    day: Field[date | None] = field()
    took: Field[timedelta | None] = field()
    key: Field[uuid.UUID | None] = field()
    colour: Field[Colour | None] = field()
    blob: Field[bytes | None] = field()
    tree: Field[dict[str, Any] | None] = field()
    items: Field[list[Any] | None] = field()


class Owner(Model, table="kit_owner"):
    """Has accounts."""

    name: Field[str] = field(max=80)
    email: Field[str | None] = field(max=80, unique=True, fold=True)
    accounts = many("Account.owner")


class Account(Model, table="kit_account"):
    """Has money."""

    owner: Ref[Owner] = ref()
    kind: Field[str] = field(max=20)
    cents: Field[int] = field(default=0, ge=-1000)
    bonus: Field[int | None] = field()
    most: Field[Decimal | None] = field(places=2, le=Decimal(100))
    changed: Field[datetime] = field(stamp="save")
    version: Field[int] = version()
    indexes = (unique("owner", "kind"),)


#: values that mean something to some database or template: each must be refused or kept as it is
INJECTIONS: tuple[str, ...] = (
    "' OR '1'='1", '" OR ""="', "'; DROP TABLE kit_owner; --", "1) OR (1=1", "/* */", "#", "\\", "\\'", "%", "_", "%s",
    "%(a)s", "?", ":1", "$1", "{0}", "$where", "$gt", '{"$gt": ""}', "$name", "$$ROOT", "a.b", "__proto__", "--", ";",
    "`", "constructor", "\r\n\t", "\x1a", "\u2028", "é\u0301", "😀", "{{7*7}}", "${7*7}", "<script>", "0x41", "NULL",
    "true", "CHAR(65)", "``",
)  # fmt: skip
NOT_TEXT: tuple[Any, ...] = ({"$gt": ""}, {"$where": "1"}, ["a"], ("a",), 1, True, b"a", object(), float("nan"))


def accounts(db: Database, number: int) -> list[Account]:
    """Ann, and so many accounts of hers."""
    owner = db[Owner].add(Owner(name="ann"))
    return [db[Account].add(Account(owner=owner.id, kind=str(at))) for at in range(number)]


def refused(db: Database) -> bool:
    """Whether the backend claims no transactions; then it must refuse them."""
    if "transactions" in db.capabilities:
        return False
    with pytest.raises(Unsupported), db.transaction():
        raise AssertionError("a transaction began where there is none")
    return True


def race(threads: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work` in all threads at once; the results, or the first error."""
    gate, results, errors = threading.Barrier(threads), [], []

    def one(number: int) -> None:
        gate.wait()
        try:
            results.append(work(number))
        except BaseException as exc:
            errors.append(exc)

    running = [threading.Thread(target=one, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if errors:
        raise errors[0]
    return results


EDGES: dict[str, tuple[Any, ...]] = {
    "text": ("", " ", "a" * 300, "😀" * 300, "e\u0301", "é", "\n", "\x01", "\U0010ffff"),
    "long": ("", "x" * 100_000, "日本" * 20_000),
    "number": (0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)),
    "rate": (0.0, 0.1, -1 / 3, 1e300, 5e-324, 2.0**53),
    "on": (True, False),
    "price": tuple(map(Decimal, ("0.00", "-0.01", "1.10", "9999999999999999.99", "-9999999999999999.99"))),
    "exact": tuple(map(Decimal, ("0.00000000000000001", "9.99999999999999999"))),
    "at": (
        datetime(1000, 1, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, 0, 1000, UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999000, UTC),
    ),
    "day": (date(1000, 1, 1), date(2024, 2, 29), date(9999, 12, 31)),
    "took": (timedelta(0), timedelta(days=-1, milliseconds=1), timedelta(days=100_000)),
    "key": (uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)),
    "colour": tuple(Colour),
    "blob": (b"", b"\0", bytes(range(256)), b"x" * 100_000),
    "tree": ({}, {"": None, "a": {"b": [1, 1.5, True, None, "😀", 2**63 - 1]}, "Z": -1}, {"x": {"x": {"x": [[[{}]]]}}}),
    "items": ([], [None], [[], {}, "a", 0.1, False]),
}  # fmt: skip
WRONG: dict[str, tuple[Any, ...]] = {
    "text": (1, b"a", "a\0", "\ud800", "a" * 301, ["a"], {"$gt": ""}, True),
    "long": (1, "a\0", "x" * 3_000_000),
    "number": ("1", 1.0, True, 2**63, -(2**63) - 1, Decimal(1)),
    "rate": ("1", float("nan"), float("inf"), True, 10**400),
    "on": (1, 0, "true", None.__class__),
    "price": ("1.00", 1.0, Decimal("0.001"), Decimal("NaN"), Decimal("10000000000000000"), True),
    "exact": (Decimal(10), Decimal("1e-18")),
    "at": (datetime(2026, 1, 1), date(2026, 1, 1), "2026-01-01", datetime(999, 1, 1, tzinfo=UTC), 0),
    "day": (datetime(2026, 1, 1, tzinfo=UTC), date(999, 1, 1), "2026-01-01"),
    "took": (1, "1", 1.5),
    "key": ("00000000-0000-0000-0000-000000000000", 0),
    "colour": ("red", "green", 1),
    "blob": ("a", 1, [1]),
    "tree": ([], "{}", {"a": object()}, {1: 2}, {"a": float("nan")}, {"a": 2**63}, {"a": b"x"}),
    "items": ({}, "[]", {1, 2}, [object()]),
}
