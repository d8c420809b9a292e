"""The contract's questions about answers: values, conditions, orders, pages, groups, changes."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from kit.data import fuzz
from kit.data.database import Database
from kit.data.errors import Invalid, Missing, Stale, UniqueViolation, WrongCursor
from kit.data.evaluate import grouped, holds
from kit.data.groups import count, greatest, least, mean, total
from kit.data.protocol import Group
from kit.data.specimens import EDGES, INJECTIONS, WRONG, Account, Everything, Owner, accounts
from kit.errors import needs

with needs("pytest", extra="test", by=__name__):
    import pytest

__all__ = ["Answers"]

_AGGREGATES = {
    "n": count(),
    "ranks": count(fuzz.Sample.rank),
    "first": least(fuzz.Sample.name),
    "last": greatest(fuzz.Sample.day),
    "cheap": least(fuzz.Sample.price),
    "late": greatest(fuzz.Sample.at),
}


class Answers:
    """The first part of `kit.data.contract.BackendContract`."""

    fuzz_trees = 150

    # --- values ------------------------------------------------------------------------------------------------------

    def test_every_value_comes_back_as_it_was(self, db: Database) -> None:
        for name, values in EDGES.items():
            one = Everything._fields[name]
            for value in (*values, None):
                record = db[Everything].add(Everything(**{name: value}))
                found = db[Everything].get(record.id)
                assert found == record
                assert getattr(found, name) == value
                assert type(getattr(found, name)) is type(value)
                if one.column.kind != "json":
                    assert db[Everything].where(one == value, Everything.id == record.id).exists(), value

    def test_a_wrong_value_is_refused_before_the_database_sees_it(self, db: Database) -> None:
        for name, values in WRONG.items():
            for value in values:
                with pytest.raises(Invalid):
                    Everything(**{name: value})
        assert db[Everything].count() == 0

    def test_a_row_that_does_not_fit_everywhere_is_refused(self, db: Database) -> None:
        row = db[Everything].add(Everything(long="é" * 1_900_000))
        with pytest.raises(Invalid, match="bytes"):
            db[Everything].add(Everything(long="é" * 1_900_000, blob=b"x" * 1_900_000, items=["😀" * 900_000]))
        with pytest.raises(Invalid, match="bytes"):
            db[Everything].save(row.replace(blob=b"x" * 1_900_000, items=["😀" * 900_000]))
        assert db[Everything].get(row.id) == row

    def test_times_are_cut_to_milliseconds_and_turned_to_utc(self, db: Database) -> None:
        there = timezone(timedelta(hours=5, minutes=30))
        record = db[Everything].add(Everything(at=datetime(2026, 3, 1, 12, 0, 0, 123999, there)))
        assert db[Everything].get(record.id).at == datetime(2026, 3, 1, 6, 30, 0, 123000, UTC)
        same = datetime(2026, 3, 1, 7, 30, 0, 123000, timezone(timedelta(hours=1)))
        assert db[Everything].where(Everything.at == same).count() == 1

    # --- questions ---------------------------------------------------------------------------------------------------

    def test_the_same_answers_as_the_reference(self, db: Database) -> None:
        trees = int(os.environ.get("KIT_FUZZ", self.fuzz_trees))
        fuzz.run(db, trees, int(os.environ.get("KIT_FUZZ_SEED", random.SystemRandom().randrange(2**32))))

    def test_none_is_an_ordinary_value(self, db: Database) -> None:
        for value in (2, None, 1):
            db[Everything].add(Everything(number=value))
        number, rows = Everything.number, db[Everything]
        assert rows.where(number != 1).count() == 2
        assert rows.where(~number.in_([1, None])).count() == 1
        assert rows.where(number < 9).count() == 2
        assert rows.where(~(number < 2)).count() == 2
        assert rows.where(number.in_([])).count() == 0
        assert [row.number for row in rows.order(number).all()] == [None, 1, 2]
        assert [row.number for row in rows.order(number.desc()).all()] == [2, 1, None]

    def test_text_is_compared_character_by_character(self, db: Database) -> None:
        texts = ["a", "A", "a ", "á", "B", "_", "é", "e\u0301", "Z"]
        for text in texts:
            db[Everything].add(Everything(text=text))
        rows = db[Everything]
        assert [row.text for row in rows.order(Everything.text).all()] == sorted(texts)
        assert rows.where(Everything.text == "a").count() == 1
        assert rows.where(Everything.text.contains("_")).count() == 1
        assert rows.where(Everything.text.startswith("a")).count() == 2

    def test_folded_text_ignores_case(self, db: Database) -> None:
        db[Owner].add(Owner(name="Ann", email="Ann@Straße.example"))
        assert db[Owner].where(Owner.email == "ann@STRASSE.example").one().email == "Ann@Straße.example"
        assert db[Owner].where(Owner.email.startswith("ANN@")).count() == 1
        with pytest.raises(UniqueViolation) as violated:
            db[Owner].add(Owner(name="Eve", email="ANN@strasse.example"))
        assert violated.value.fields == ("email",)
        assert "strasse" not in str(violated.value)

    def test_pages_meet_every_row_once_while_rows_come_and_go(self, db: Database) -> None:
        for number in range(30):
            db[Everything].add(Everything(number=number % 4 or None))
        query, seen, cursor = db[Everything].order(Everything.number.desc()), [], None
        while True:
            page = query.page(size=7, after=cursor)
            seen += [row.id for row in page.rows]
            db[Everything].add(Everything(number=9))
            if (cursor := page.next) is None:
                break
        assert len(seen) == len(set(seen)) == 30
        assert [
            row.id
            for row in db[Everything].where(Everything.id.in_(seen)).order(Everything.number.desc()).iter(chunk=4)
        ] == seen

    def test_a_forged_cursor_is_refused(self, db: Database) -> None:
        for cursor in (
            "x",
            "[]",
            "e30",
            "W10",
            "bnVsbA",
            "a" * 5000,
            "\0",
            "é",
            "W1siaWQiXSwge31d",
            *map(str, INJECTIONS),
        ):
            with pytest.raises(WrongCursor):
                db[Everything].page(after=cursor)

    def test_groups_are_those_of_the_reference(self, db: Database) -> None:
        rng = random.Random(7)
        rows = fuzz.fill(db, rng)
        it, ours = fuzz.Sample, [part for one in _AGGREGATES.values() for part in one.parts()]
        for fields in ((), (it.on,), (it.day, it.on), (it.word,), (it.at,), (it.price,)):
            for where in (None, *(fuzz.tree(rng, 2) for _ in range(4))):
                query = db[it] if where is None else db[it].where(where)
                group = Group(it.schema(), None, tuple(one.name for one in fields), tuple(ours), 10_000)
                fitting = [row for row in rows if where is None or holds(where, row)]
                expected = []
                for row in grouped(fitting, group):
                    answers = {part: row[f"_a{at}"] for at, part in enumerate(ours)}
                    keys = {one.name: row[one.name] for one in fields}
                    expected.append({**keys, **{name: one.value(answers) for name, one in _AGGREGATES.items()}})
                assert query.group(*fields).agg(**_AGGREGATES) == expected
        assert db[it].group().having(n__gt=10_000).agg(n=count()) == []

    def test_totals_are_exact_and_those_of_nothing_are_none(self, db: Database) -> None:
        rows, price, number = db[Everything], Everything.price, Everything.number
        sums = {"sum": total(price), "mean": mean(price), "all": total(number), "each": mean(number)}
        assert rows.group().agg(**sums) == [dict.fromkeys(sums)]
        for cents, value in ((1, 2**53 + 1), (2, None), (None, 2)):
            rows.add(Everything(price=None if cents is None else Decimal(cents) / 100, number=value))
        (got,) = rows.group().agg(**sums)
        assert got == {"sum": Decimal("0.03"), "mean": Decimal("0.015"), "all": 2**53 + 3, "each": (2**53 + 3) / 2}
        assert (str(got["sum"]), type(got["all"])) == ("0.03", int)
        rows.add(Everything(number=2**63 - 1))
        with pytest.raises(Invalid):
            rows.group().agg(all=total(number))

    def test_some_fields_of_rows(self, db: Database) -> None:
        two = accounts(db, 2)
        rows = db[Account].order(Account.kind)
        assert rows.values(Account.kind, Account.id, into=tuple) == [(row.kind, row.id) for row in two]
        assert rows.values(Account.owner) == [{"owner": two[0].owner.id}] * 2

    # --- changes -----------------------------------------------------------------------------------------------------

    def test_update_counts_what_matched_and_is_computed_by_the_database(self, db: Database) -> None:
        accounts(db, 3)
        rows = db[Account].where(Account.cents >= 0)
        assert rows.update(Account.cents.to(5)) == 3
        assert rows.update(Account.cents.to(5)) == 3
        assert rows.update(Account.cents.add(2), Account.bonus.add(2)) == 3
        assert rows.update(Account.cents.at_least(9), Account.bonus.at_least(1)) == 3
        assert {(row.cents, row.bonus, row.version) for row in db[Account].all()} == {(9, None, 5)}
        assert db[Account].where(Account.cents > 9).update(Account.cents.to(1)) == 0

    def test_a_change_out_of_range_is_refused_whole(self, db: Database) -> None:
        accounts(db, 2)
        db[Account].where(Account.kind == "0").update(Account.cents.to(2**63 - 1))
        with pytest.raises(Invalid):
            db[Account].where(Account.kind == "0").update(Account.cents.add(1))
        with pytest.raises(Invalid):
            db[Account].where(Account.kind == "1").update(Account.cents.add(-1001))
        db[Account].where(Account.kind == "1").update(Account.most.to(Decimal("99.99")))
        with pytest.raises(Invalid):
            db[Account].where(Account.kind == "1").update(Account.most.add(Decimal("0.02")))
        assert [row.cents for row in db[Account].order(Account.kind).all()] == [2**63 - 1, 0]

    def test_every_row_is_only_changed_when_it_is_said(self, db: Database) -> None:
        accounts(db, 2)
        with pytest.raises(Invalid, match="everything"):
            db[Account].delete()
        with pytest.raises(Invalid, match="everything"):
            db[Account].update(Account.cents.to(1))
        assert db[Account].everything().update(Account.cents.to(1)) == 2
        assert db[Account].everything().delete() == 2

    def test_a_stale_record_is_not_saved(self, db: Database) -> None:
        mine = yours = accounts(db, 1)[0]
        mine = db[Account].save(mine.replace(cents=1))
        assert mine == db[Account].get(mine.id)
        with pytest.raises(Stale):
            db[Account].save(yours.replace(cents=2))
        with pytest.raises(Stale):
            db[Account].remove(yours)
        db[Account].remove(mine)
        with pytest.raises(Missing):
            db[Account].save(mine)
        with pytest.raises(Missing):
            db[Account].remove(mine.id)
