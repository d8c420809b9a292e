"""The contract's questions about many at once: unique rows, transactions, lost updates."""

from __future__ import annotations

from kit.data.database import Database
from kit.data.errors import Conflict, DataError, TransactionAborted, UniqueViolation
from kit.data.handle import Handle
from kit.data.specimens import Account, Owner, accounts, race, refused
from kit.errors import needs

with needs("pytest", extra="test", by=__name__):
    import pytest

__all__ = ["Together"]


class Together:
    """The second part of `kit.data.contract.BackendContract`."""

    threads = 8
    rounds = 25

    # --- unique rows -------------------------------------------------------------------------------------------------

    def test_unique_names_its_fields_and_lets_many_none(self, db: Database) -> None:
        owner = db[Owner].add(Owner(name="a"))
        db[Owner].add(Owner(name="b"))
        db[Account].add(Account(owner=owner.id, kind="k"))
        with pytest.raises(UniqueViolation) as violated:
            db[Account].add(Account(owner=owner, kind="k"))
        assert violated.value.fields == ("owner", "kind")
        with pytest.raises(UniqueViolation) as violated:
            db[Owner].add(owner)
        assert violated.value.fields == ("id",)
        assert db[Owner].count() == 2

    def test_of_racers_for_a_unique_row_one_wins(self, db: Database) -> None:
        def add(number: int) -> str:
            try:
                return db[Owner].add(Owner(name=str(number), email="ann@x.example")).name
            except UniqueViolation as exc:
                return ",".join(exc.fields)

        won = race(self.threads, add)
        assert sorted(won)[1:] == ["email"] * (self.threads - 1)
        assert db[Owner].one().name in won

    def test_upsert_races_end_in_one_row(self, db: Database) -> None:
        def put(number: int) -> str:
            return db[Owner].upsert(Owner(name=str(number), email="ann@x.example"), on=Owner.email).id

        assert len(set(race(self.threads, put))) == 1
        assert db[Owner].count() == 1

    # --- transactions ------------------------------------------------------------------------------------------------

    def test_a_transaction_is_stored_whole_or_not_at_all(self, db: Database) -> None:
        if refused(db):
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
        if refused(db):
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
        if refused(db):
            return
        with pytest.raises(UniqueViolation):
            db[Owner].add_many([Owner(name="a", email="a@x.example"), Owner(name="b", email="a@x.example")])
        assert db[Owner].count() == 0
        assert len(db[Owner].add_many([Owner(name=str(n)) for n in range(1200)])) == 1200
        assert db[Owner].count() == 1200

    def test_the_database_refuses_to_go_around_its_own_transaction(self, db: Database) -> None:
        if refused(db):
            return
        with db.transaction(), pytest.raises(DataError, match="tx"):
            db[Owner].count()
        assert db[Owner].count() == 0

    def test_no_update_is_lost(self, db: Database) -> None:
        if refused(db):
            return
        account = accounts(db, 1)[0]

        def deposit(tx: Handle) -> None:
            row = tx[Account].get(account.id)
            tx[Account].where(Account.id == row.id).update(Account.cents.to(row.cents + 1))

        race(self.threads, lambda number: [db.run(deposit, retries=500) for _ in range(self.rounds)])
        assert db[Account].get(account.id).cents == self.threads * self.rounds

    def test_single_updates_lose_nothing_without_a_transaction(self, db: Database) -> None:
        account = accounts(db, 1)[0]
        rows = db[Account].where(Account.id == account.id)
        race(self.threads, lambda number: [rows.update(Account.cents.add(1)) for _ in range(self.rounds)])
        assert rows.one().cents == self.threads * self.rounds

    def test_a_conflict_is_tried_again(self, db: Database) -> None:
        if refused(db):
            return
        tries: list[int] = []

        def work(tx: Handle) -> int:
            tries.append(1)
            if len(tries) < 3:
                raise Conflict("as if")
            return tx[Owner].count()

        assert db.run(work) == 0
        assert len(tries) == 3
