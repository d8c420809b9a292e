"""BackendContract: the tests that every backend passes. Subclass it, say how yours is opened, and run pytest.

    class TestMine(BackendContract):
        @pytest.fixture
        def target(self, tmp_path):
            return MyBackend(tmp_path / "data")     # a Backend, or a URL: whatever open_db takes; on empty data

Each test gets a target of its own. What the backend does not claim in `capabilities` must be refused, and its tests
check just that. `KIT_FUZZ=4000` runs that many random conditions instead of `fuzz_trees`; a failure prints the seed.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from kit.data import fuzz
from kit.data.database import Database, open_db
from kit.data.errors import (
    Conflict,
    DataError,
    Invalid,
    Missing,
    NotIncluded,
    ReferenceViolation,
    Stale,
    Timeout,
    TransactionAborted,
    UniqueViolation,
    Unsupported,
    WrongCursor,
)
from kit.data.evaluate import grouped, holds
from kit.data.filters import parse_filter
from kit.data.groups import count, greatest, least, mean, total
from kit.data.handle import Handle
from kit.data.protocol import CAPABILITIES, Group
from kit.data.specimens import EDGES, INJECTIONS, NOT_TEXT, WRONG, Account, Everything, Owner
from kit.errors import KitError, needs

with needs("pytest", extra="test", by=__name__):
    import pytest

__all__ = ["BackendContract"]


class BackendContract:
    """Tests of `kit.data.protocol`; see the module's text for what a subclass gives."""

    #: random conditions per run, threads in a race, and rounds in each
    fuzz_trees = 150
    threads = 8
    rounds = 25

    def target(self) -> Any:
        """A pytest fixture in the subclass: what `open_db` takes."""
        raise TypeError("give the contract a `target` fixture: see kit.data.contract")

    @pytest.fixture
    def db(self, target: Any) -> Iterator[Database]:
        """The database of a test, with its tables."""
        db = open_db(target, models=[Everything, Owner, Account, fuzz.Sample])
        db.create()
        yield db
        db.close()

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
        with pytest.raises(UniqueViolation) as refused:
            db[Owner].add(Owner(name="Eve", email="ANN@strasse.example"))
        assert refused.value.fields == ("email",)
        assert "strasse" not in str(refused.value)

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
        accounts = _accounts(db, 2)
        rows = db[Account].order(Account.kind)
        assert rows.values(Account.kind, Account.id, into=tuple) == [(row.kind, row.id) for row in accounts]
        assert rows.values(Account.owner) == [{"owner": accounts[0].owner.id}] * 2

    # --- changes -----------------------------------------------------------------------------------------------------

    def test_update_counts_what_matched_and_is_computed_by_the_database(self, db: Database) -> None:
        _accounts(db, 3)
        rows = db[Account].where(Account.cents >= 0)
        assert rows.update(Account.cents.to(5)) == 3
        assert rows.update(Account.cents.to(5)) == 3
        assert rows.update(Account.cents.add(2), Account.bonus.add(2)) == 3
        assert rows.update(Account.cents.at_least(9), Account.bonus.at_least(1)) == 3
        assert {(row.cents, row.bonus, row.version) for row in db[Account].all()} == {(9, None, 5)}
        assert db[Account].where(Account.cents > 9).update(Account.cents.to(1)) == 0

    def test_a_change_out_of_range_is_refused_whole(self, db: Database) -> None:
        _accounts(db, 2)
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
        _accounts(db, 2)
        with pytest.raises(Invalid, match="everything"):
            db[Account].delete()
        with pytest.raises(Invalid, match="everything"):
            db[Account].update(Account.cents.to(1))
        assert db[Account].everything().update(Account.cents.to(1)) == 2
        assert db[Account].everything().delete() == 2

    def test_a_stale_record_is_not_saved(self, db: Database) -> None:
        mine = yours = _accounts(db, 1)[0]
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

    # --- unique rows -------------------------------------------------------------------------------------------------

    def test_unique_names_its_fields_and_lets_many_none(self, db: Database) -> None:
        owner = db[Owner].add(Owner(name="a"))
        db[Owner].add(Owner(name="b"))
        db[Account].add(Account(owner=owner.id, kind="k"))
        with pytest.raises(UniqueViolation) as refused:
            db[Account].add(Account(owner=owner, kind="k"))
        assert refused.value.fields == ("owner", "kind")
        with pytest.raises(UniqueViolation) as refused:
            db[Owner].add(owner)
        assert refused.value.fields == ("id",)
        assert db[Owner].count() == 2

    def test_of_racers_for_a_unique_row_one_wins(self, db: Database) -> None:
        def add(number: int) -> str:
            try:
                return db[Owner].add(Owner(name=str(number), email="ann@x.example")).name
            except UniqueViolation as exc:
                return ",".join(exc.fields)

        won = _race(self.threads, add)
        assert sorted(won)[1:] == ["email"] * (self.threads - 1)
        assert db[Owner].one().name in won

    def test_upsert_races_end_in_one_row(self, db: Database) -> None:
        def put(number: int) -> str:
            return db[Owner].upsert(Owner(name=str(number), email="ann@x.example"), on=Owner.email).id

        assert len(set(_race(self.threads, put))) == 1
        assert db[Owner].count() == 1

    # --- transactions ------------------------------------------------------------------------------------------------

    def test_a_transaction_is_stored_whole_or_not_at_all(self, db: Database) -> None:
        if _refused(db):
            return
        sent: list[str] = []

        def work(tx: Handle) -> None:
            tx[Owner].add(Owner(name="a"))
            tx.run(lambda inner: inner[Owner].add(Owner(name="b")))
            tx.after_commit(lambda: sent.append("mail"))
            assert not sent

        db.run(work)
        assert sent == ["mail"]
        with pytest.raises(ZeroDivisionError), db.transaction() as tx:
            tx[Owner].add(Owner(name="c"))
            tx.after_commit(lambda: sent.append("never"))
            _ = 1 // 0
        assert {row.name for row in db[Owner].all()} == {"a", "b"}
        assert sent == ["mail"]

    def test_after_a_failure_nothing_of_a_transaction_is_stored(self, db: Database) -> None:
        if _refused(db):
            return
        db[Owner].add(Owner(name="a", email="a@x.example"))
        with pytest.raises(TransactionAborted), db.transaction() as tx:
            tx[Owner].add(Owner(name="b"))
            with pytest.raises(UniqueViolation):
                tx[Owner].add(Owner(name="c", email="A@x.example"))
        with pytest.raises(TransactionAborted), db.transaction() as tx:
            with pytest.raises(UniqueViolation):
                tx[Owner].add(Owner(name="c", email="a@x.example"))
            tx[Owner].count()
        with pytest.raises(TransactionAborted):
            tx[Owner].count()
        assert db[Owner].count() == 1

    def test_many_rows_are_added_all_or_none(self, db: Database) -> None:
        if _refused(db):
            return
        with pytest.raises(UniqueViolation):
            db[Owner].add_many([Owner(name="a", email="a@x.example"), Owner(name="b", email="a@x.example")])
        assert db[Owner].count() == 0
        assert len(db[Owner].add_many([Owner(name=str(n)) for n in range(1200)])) == 1200
        assert db[Owner].count() == 1200

    def test_the_database_refuses_to_go_around_its_own_transaction(self, db: Database) -> None:
        if _refused(db):
            return
        with db.transaction(), pytest.raises(DataError, match="tx"):
            db[Owner].count()
        assert db[Owner].count() == 0

    def test_no_update_is_lost(self, db: Database) -> None:
        if _refused(db):
            return
        account = _accounts(db, 1)[0]

        def deposit(tx: Handle) -> None:
            row = tx[Account].get(account.id)
            tx[Account].where(Account.id == row.id).update(Account.cents.to(row.cents + 1))

        _race(self.threads, lambda number: [db.run(deposit, retries=500) for _ in range(self.rounds)])
        assert db[Account].get(account.id).cents == self.threads * self.rounds

    def test_single_updates_lose_nothing_without_a_transaction(self, db: Database) -> None:
        account = _accounts(db, 1)[0]
        rows = db[Account].where(Account.id == account.id)
        _race(self.threads, lambda number: [rows.update(Account.cents.add(1)) for _ in range(self.rounds)])
        assert rows.one().cents == self.threads * self.rounds

    def test_a_conflict_is_tried_again(self, db: Database) -> None:
        if _refused(db):
            return
        tries: list[int] = []

        def work(tx: Handle) -> int:
            tries.append(1)
            if len(tries) < 3:
                raise Conflict("as if")
            return tx[Owner].count()

        assert db.run(work) == 0
        assert len(tries) == 3

    # --- relations ---------------------------------------------------------------------------------------------------

    def test_relations_are_loaded_when_asked_for_and_never_behind_ones_back(self, db: Database) -> None:
        accounts = _accounts(db, 3)
        with db.expect(3):
            rows = db[Account].include(Account.owner).order(Account.kind).all()
            assert [row.owner.row.name for row in rows] == ["ann"] * 3
            assert db[Account].count() == 3
        with db.expect(2):
            (owner,) = db[Owner].include(Owner.accounts).all()
        assert list(owner.accounts) == accounts
        with pytest.raises(NotIncluded, match="include"):
            _ = db[Account].get(accounts[0].id).owner.row
        with pytest.raises(NotIncluded, match="include"):
            _ = db[Owner].get(owner.id).accounts

    def test_a_reference_to_nothing_is_refused(self, db: Database) -> None:
        with pytest.raises(ReferenceViolation):
            db[Account].add(Account(owner="nobody", kind="k"))
        assert db[Account].count() == 0

    # --- the hostile world -------------------------------------------------------------------------------------------

    def test_hostile_values_are_data(self, db: Database) -> None:
        for value in INJECTIONS:
            row = db[Everything].add(Everything(text=value, tree={"k": value}, items=[value]))
            assert db[Everything].where(Everything.text == value).one() == row
            assert db[Everything].where(Everything.text.contains(value)).count() >= 1
            allow = {"text": ("eq",)}
            assert db[Everything].where(parse_filter(Everything, {"text": value}, allow=allow)).one() == row
            assert db[Everything].find(value) is None
            with pytest.raises(Invalid):
                parse_filter(Everything, {value: "x", "number": value}, allow={"number": ("eq",)})
            db[Everything].where(Everything.id == row.id).update(Everything.text.to("$long"), Everything.number.add(1))
            assert db[Everything].get(row.id).text == "$long"
            db[Everything].remove(row)
        assert db[Owner].count() == 0

    def test_what_is_no_text_never_passes_for_one(self, db: Database) -> None:
        for value in NOT_TEXT:
            uses: list[Callable[[Any], Any]] = [
                lambda it: Everything(text=it),
                lambda it: Everything.text == it,
                lambda it: Everything.text.in_([it]),
                lambda it: Everything.text.contains(it),
                lambda it: Everything.text.to(it),
                lambda it: db[Everything].where(it).all(),
            ]
            for use in uses:
                with pytest.raises(Invalid):
                    use(value)
            assert db[Everything].find(value) is None
        for key in ("a.b", "$set", "a\0b", "\ud800"):
            with pytest.raises(Invalid):
                Everything(tree={"x": [{key: 1}]})

    def test_an_error_shows_no_value(self, db: Database) -> None:
        secret = "s3cret-value"
        db[Owner].add(Owner(name="a", email=secret))
        for work in (
            lambda: db[Owner].add(Owner(name="a", email=secret)),
            lambda: db[Account].add(Account(owner=secret, kind="k")),
            lambda: Owner(name=secret * 20),
        ):
            with pytest.raises(KitError) as refused:
                work()
            assert secret not in str(refused.value)

    # --- time, order of things, honesty -------------------------------------------------------------------------------

    def test_a_deadline_that_has_passed_stops_everything(self, db: Database) -> None:
        late = db.within(0.001)
        time.sleep(0.01)
        with pytest.raises(Timeout):
            late[Owner].count()
        if "transactions" in db.capabilities:
            with pytest.raises(Timeout), db.transaction(deadline=0.05) as tx:
                time.sleep(0.1)
                tx[Owner].count()
        assert db[Owner].count() == 0

    def test_create_may_run_again_and_at_once(self, db: Database) -> None:
        db[Owner].add(Owner(name="a"))
        _race(4, lambda number: db.create())
        assert db[Owner].count() == 1

    def test_many_threads_leave_nothing_behind(self, db: Database) -> None:
        def work(number: int) -> None:
            for at in range(self.rounds):
                row = db[Everything].add(Everything(number=number, text=str(at)))
                db[Everything].where(Everything.id == row.id).update(Everything.number.add(1))
                assert db[Everything].get(row.id).number == number + 1
                db[Everything].remove(row)

        _race(self.threads, work)
        assert db[Everything].count() == 0

    def test_what_is_claimed_is_known(self, db: Database) -> None:
        assert db.capabilities <= CAPABILITIES.keys()
        assert db.report().count("yes ") == len(db.capabilities)
        with pytest.raises(Unsupported):
            db.require("time travel")


_AGGREGATES = {
    "n": count(),
    "ranks": count(fuzz.Sample.rank),
    "first": least(fuzz.Sample.name),
    "last": greatest(fuzz.Sample.day),
    "cheap": least(fuzz.Sample.price),
    "late": greatest(fuzz.Sample.at),
}


def _accounts(db: Database, number: int) -> list[Account]:
    owner = db[Owner].add(Owner(name="ann"))
    return [db[Account].add(Account(owner=owner.id, kind=str(at))) for at in range(number)]


def _refused(db: Database) -> bool:
    """Whether the backend claims no transactions; then it must refuse them."""
    if "transactions" in db.capabilities:
        return False
    with pytest.raises(Unsupported), db.transaction():
        raise AssertionError("a transaction began where there is none")
    return True


def _race(threads: int, work: Callable[[int], Any]) -> list[Any]:
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
