"""BackendContract: the tests that every backend passes. Subclass it, say how yours is opened, and run pytest.

    class TestMine(BackendContract):
        @pytest.fixture
        def target(self, tmp_path):
            return MyBackend(tmp_path / "data")     # a Backend, or a URL: whatever open_db takes; on empty data

Each test gets a target of its own. What the backend does not claim in `capabilities` must be refused, and its tests
check just that. `KIT_FUZZ=4000` runs that many random conditions instead of `fuzz_trees`; a failure prints the seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from kit.data import fuzz
from kit.data.contract_answers import Answers
from kit.data.contract_together import Together
from kit.data.database import Database, open_db
from kit.data.errors import Invalid, NotIncluded, ReferenceViolation, Timeout, Unsupported
from kit.data.filters import parse_filter
from kit.data.protocol import CAPABILITIES
from kit.data.specimens import INJECTIONS, NOT_TEXT, Account, Everything, Owner, accounts, race
from kit.errors import KitError, needs

with needs("pytest", extra="test", by=__name__):
    import pytest

__all__ = ["BackendContract"]


class BackendContract(Answers, Together):
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

    # --- relations ---------------------------------------------------------------------------------------------------

    def test_relations_are_loaded_when_asked_for_and_never_behind_ones_back(self, db: Database) -> None:
        three = accounts(db, 3)
        with db.expect(3):
            rows = db[Account].include(Account.owner).order(Account.kind).all()
            assert [row.owner.row.name for row in rows] == ["ann"] * 3
            assert db[Account].count() == 3
        with db.expect(2):
            (owner,) = db[Owner].include(Owner.accounts).all()
        assert list(owner.accounts) == three
        with pytest.raises(NotIncluded, match="include"):
            _ = db[Account].get(three[0].id).owner.row
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
            with pytest.raises(KitError) as violated:
                work()
            assert secret not in str(violated.value)

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
        race(4, lambda number: db.create())
        assert db[Owner].count() == 1

    def test_many_threads_leave_nothing_behind(self, db: Database) -> None:
        def work(number: int) -> None:
            for at in range(self.rounds):
                row = db[Everything].add(Everything(number=number, text=str(at)))
                db[Everything].where(Everything.id == row.id).update(Everything.number.add(1))
                assert db[Everything].get(row.id).number == number + 1
                db[Everything].remove(row)

        race(self.threads, work)
        assert db[Everything].count() == 0

    def test_indexes_serve_what_they_are_for(self, db: Database) -> None:
        query = db[Owner].where(Owner.email == "a@x.example")
        if "explain" not in db.capabilities:
            with pytest.raises(Unsupported):
                query.explain()
            return
        for start in range(0, 600, 200):
            owners = [Owner(name=str(n), email=f"{n}@x.example") for n in range(start, start + 200)]
            db[Owner].add_many(owners, stepwise=True)
        for served in (
            query,
            db[Owner].where(Owner.email.in_(["7@x.example", "8@x.example"])),
            db[Owner].where(Owner.email.startswith("77")),
            db[Owner].where(Owner.id == "x"),
            db[Account].where(Account.owner == "x"),
        ):
            served.assert_indexed()
        with pytest.raises(AssertionError, match="no index"):
            db[Owner].where(Owner.name == "7").assert_indexed()

    def test_what_is_claimed_is_known(self, db: Database) -> None:
        assert db.capabilities <= CAPABILITIES.keys()
        assert db.report().count("yes ") == len(db.capabilities)
        with pytest.raises(Unsupported):
            db.require("time travel")
