"""What the contract does not ask: opening by URL, copied settings, sealing, the breaker, options that make no sense."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading

import peewee
import pytest
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase

from kit.errors import ConfigError, MissingExtra, Unavailable
from kit.seal import BrokenSeal, KeyRing, new_key
from kit.stores import Breaker, MemoryStore, Sealed, open_store
from kit.stores.contract import Clock, StoreContract
from kit.stores.mongo import MongoStore
from kit.stores.sql import SqlStore


def test_a_url_opens_the_store_of_its_backend(tmp_path):
    assert isinstance(open_store("memory:"), MemoryStore)
    assert isinstance(open_store("sqlite::memory:", timeout=1), MemoryStore)
    assert isinstance(open_store(f"sqlite:///{tmp_path}/a.db"), SqlStore)
    assert isinstance(open_store("postgresql://h/d"), SqlStore)
    assert isinstance(open_store("mongodb://h/d"), MongoStore)
    with pytest.raises(ConfigError, match="custom_store"):
        open_store("redis://h/0")
    assert os.listdir(tmp_path) == []


def test_sqlite_keeps_its_entries_beside_the_data(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/app.db")
    store.add("k", b"", ttl=60)
    store.close()
    assert os.listdir(tmp_path) == ["app.stores.db"]


@pytest.mark.parametrize("kind", [peewee.SqliteDatabase, PooledSqliteDatabase])
def test_a_peewee_database_of_sqlite_is_not_blocked_by_its_own_transaction(tmp_path, kind):
    database = kind(f"{tmp_path}/app.db")
    store = SqlStore(database, timeout=1)
    with database.atomic("EXCLUSIVE"):
        database.execute_sql("CREATE TABLE t (a)")
        assert store.add("k", b"1", ttl=60)
    with pytest.raises(LookupError), database.atomic():
        store.add("kept", b"1", ttl=60)
        raise LookupError
    assert store.get("k") and store.get("kept")
    store.close()
    getattr(database, "close_all", database.close)()


@pytest.mark.parametrize("kind", [peewee.PostgresqlDatabase, PooledPostgresqlDatabase])
def test_a_peewee_database_of_a_server_is_copied_and_its_rollback_undoes_nothing(database, kind):
    from kit.url import parse

    url = parse(database("postgresql"))
    app = kind(url.name, host=url.host, port=url.port, user=url.user)
    store = SqlStore(app)
    with pytest.raises(LookupError), app.atomic():
        store.add("kept", b"1", ttl=60)
        raise LookupError
    assert store.get("kept")
    store.close()
    getattr(app, "close_all", app.close)()


def test_a_copied_database_waits_no_longer_than_the_store_may():
    settings = SqlStore(peewee.PostgresqlDatabase("x", host="h"), timeout=2)._settings
    assert settings["host"] == "h" and settings["connect_timeout"] == 2 and settings["tcp_user_timeout"] == "2000"
    assert settings["options"] == "-c statement_timeout=2000 -c lock_timeout=2000"
    settings = SqlStore(
        PooledPostgresqlDatabase("x", options="-c search_path=a", connect_timeout=9), timeout=2
    )._settings
    assert settings["connect_timeout"] == 9 and settings["options"].endswith("lock_timeout=2000 -c search_path=a")
    named = peewee.PostgresqlDatabase("postgresql://h/x?options=-csearch_path%3Da")
    assert "options" not in SqlStore(named, timeout=2)._settings
    settings = SqlStore(peewee.MySQLDatabase("x", host="h", read_timeout=9), timeout=2)._settings
    assert [settings[key] for key in ("connect_timeout", "read_timeout", "write_timeout")] == [2, 9, 2]


def test_a_copied_postgresql_gives_up_a_statement_after_the_timeout(database):
    from kit.url import parse

    url = parse(database("postgresql"))
    app = peewee.PostgresqlDatabase(url.name, host=url.host, port=url.port, user=url.user)
    store = SqlStore(app, timeout=0.5)
    store.add("k", b"", ttl=60)
    with app.atomic():
        app.execute_sql("LOCK TABLE kit_store")
        with pytest.raises(Unavailable, match="timeout"):
            store.touch("k", ttl=60)
    store.close()
    app.close()


class Encrypted(peewee.SqliteDatabase):
    """What playhouse's SqlCipherDatabase is: a SqliteDatabase whose files a plain one cannot read."""


class Signed(PooledPostgresqlDatabase):
    """A database of the application's own, which signs in with a token."""


@pytest.mark.parametrize("build", [lambda: Encrypted("app.db"), lambda: Signed("x")])
def test_a_database_of_an_unknown_class_is_refused_rather_than_copied_as_a_plainer_one(build):
    with pytest.raises(ConfigError, match=r"cannot copy a (Encrypted|Signed).*give it a URL"):
        SqlStore(build())


def test_a_copied_mariadb_counts_matched_rows(database):
    from kit.url import parse

    url = parse(database("mariadb"))
    app = peewee.MySQLDatabase(url.name, host=url.host, port=url.port, user=url.user)
    store = SqlStore(app, clock=Clock())
    store.add("k", b"", ttl=60)
    assert [store.touch("k", ttl=60), store.touch("k", ttl=60)] == [True, True]
    store.close()


def test_a_pymongo_collection_is_taken(database):
    import pymongo

    with pymongo.MongoClient(database("mongodb")) as client:
        store = MongoStore(client.get_default_database()["mine"])
        assert store.add("k", b"1", ttl=60) and store.get("k").value == b"1"
        store.close()
        assert "until_1" in client.get_default_database()["mine"].index_information()


@pytest.mark.parametrize(
    "build",
    [
        lambda: SqlStore("sqlite::memory:"),
        lambda: SqlStore(peewee.SqliteDatabase(":memory:")),
        lambda: SqlStore(peewee.SqliteDatabase(None)),
        lambda: SqlStore("sqlite:///a.db", table="a b"),
        lambda: SqlStore("mongodb://h/d"),
        lambda: SqlStore(object()),
        lambda: MongoStore("sqlite:///a.db"),
        lambda: MongoStore("mongodb://h/d", collection="$x"),
        lambda: MongoStore(object()),
        lambda: Breaker(MemoryStore(), failures=0),
    ],
)
def test_options_that_make_no_sense_are_refused_at_construction(build):
    with pytest.raises(ConfigError):
        build()


def test_a_missing_driver_is_named_with_its_extra(tmp_path):
    code = (
        "import sys; sys.modules['peewee'] = None\n"
        "from kit.stores.sql import SqlStore\n"
        f"SqlStore('sqlite:///{tmp_path}/a.db').get('k')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'kit-wsgi[sql]'" in done.stderr and MissingExtra.__name__ in done.stderr


@pytest.mark.parametrize(
    "call", ["get('k')", "add('k', b'', ttl=60)", "swap('k', b'', version=1)", "touch('k', ttl=60)", "remove('k')"]
)
def test_every_operation_without_pymongo_names_its_extra(call):
    code = (
        "import sys; sys.modules['pymongo'] = sys.modules['bson'] = None\n"
        "from kit.stores.mongo import MongoStore\n"
        f"MongoStore('mongodb://h/d').{call}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    told = done.stderr.strip().splitlines()[-1]
    assert MissingExtra.__name__ in told and "needs pymongo" in told and "pip install 'kit-wsgi[mongo]'" in told


def test_the_table_can_be_made_by_another_account(tmp_path):
    connection = sqlite3.connect(tmp_path / "a.db")
    for statement in SqlStore.schema("sqlite"):
        connection.execute(statement)
    connection.close()
    store = SqlStore(f"sqlite:///{tmp_path}/a.db")
    assert store.add("k", b"", ttl=60)
    store.close()


def test_two_tables_are_two_stores(tmp_path):
    one = SqlStore(f"sqlite:///{tmp_path}/a.db", table="one")
    two = SqlStore(f"sqlite:///{tmp_path}/a.db", table="two")
    assert one.add("k", b"1", ttl=60) and two.get("k") is None and two.add("k", b"2", ttl=60)
    one.close(), two.close()


def test_insertions_sweep_now_and_then(tmp_path):
    clock = Clock()
    lots = iter([1.0] * 10 + [0.0] + [1.0] * 10)
    store = SqlStore(f"sqlite:///{tmp_path}/a.db", clock=clock, chance=lambda: next(lots))
    for number in range(10):
        store.add(f"old{number}", b"", ttl=10)
    clock.now += 20
    store.add("new", b"", ttl=10)
    assert store.sweep() == 0
    store.close()


def test_memory_does_not_grow_with_what_has_expired():
    clock = Clock()
    store = MemoryStore(clock=clock)
    for number in range(5000):
        clock.now += 1
        store.add(f"k{number}", b"", ttl=10, owner=f"o{number}")
    assert len(store._entries) < 600 and len(store._owners) < 600


def test_a_hundred_thousand_expired_rows_are_swept_in_bounded_steps(tmp_path):
    clock = Clock()
    store = SqlStore(f"sqlite:///{tmp_path}/a.db", clock=clock)
    store.add("live", b"", ttl=1000)
    connection = sqlite3.connect(tmp_path / "a.db")
    rows = ((f"k{number}", b"", number, clock.now - 1, None) for number in range(100_000))
    connection.executemany("INSERT INTO kit_store (id, value, version, expires, owner) VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    assert store.get("k1") is None
    assert store.sweep() == 1000
    assert store.sweep(200_000) == 99_000 and store.get("live")
    store.close()


def test_threads_that_die_leave_no_connection_behind(database):
    url = database("postgresql")
    store = SqlStore(url)
    for _ in range(30):
        thread = threading.Thread(target=store.add, args=("k", b""), kwargs={"ttl": 60})
        thread.start()
        thread.join()
    count = SqlStore(url)
    rows = (
        store._pool._idle[0][1]
        .execute_sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        .fetchone()
    )
    assert rows[0] <= 8
    store.close(), count.close()


# --- sealed ----------------------------------------------------------------------------------------------------------


def test_sealed_values_are_bound_to_their_keys_and_hidden():
    plain = MemoryStore()
    store = Sealed(plain, KeyRing([new_key()]))
    store.add("a", b"ann's secret", ttl=60, owner="ann")
    store.add("b", b"bob's secret", ttl=60, owner="bob")
    assert b"secret" not in plain.get("a").value
    a, b = plain.get("a"), plain.get("b")
    plain.swap("a", b.value, version=a.version)
    with pytest.raises(BrokenSeal):
        store.get("a")
    assert [entry.value for entry in store.owned("ann")] == [b""]
    assert store.get("b").value == b"bob's secret"


def test_sealed_refuses_the_processes_that_its_store_refuses():
    assert Sealed(MemoryStore(), [new_key()]).one_process and Breaker(MemoryStore()).one_process
    assert not Sealed(SqlStore("sqlite:///a.db"), [new_key()]).one_process


# --- the breaker -----------------------------------------------------------------------------------------------------


class Flaky(MemoryStore):
    """A store that is down while `down` is true, and counts how often it is asked."""

    down, asked = False, 0

    def get(self, key):
        self.asked += 1
        if self.down:
            raise Unavailable("down")
        return super().get(key)


def ask(store):
    try:
        return store.get("k")
    except Unavailable:
        return Unavailable


def test_a_breaker_stops_asking_and_tries_again_after_the_pause():
    clock, flaky = Clock(), Flaky()
    store = Breaker(flaky, failures=3, pause=2.0, clock=clock)
    flaky.down = True
    assert [ask(store) for _ in range(10)] == [Unavailable] * 10
    assert flaky.asked == 3
    clock.now += 2
    assert [ask(store) for _ in range(5)] == [Unavailable] * 5
    assert flaky.asked == 4
    flaky.down = False
    clock.now += 2
    assert [ask(store) for _ in range(5)] == [None] * 5
    assert flaky.asked == 9


def test_a_success_in_between_starts_the_count_again():
    flaky = Flaky()
    store = Breaker(flaky, failures=2, clock=Clock())
    for down in [True, False] * 5:
        flaky.down = down
        ask(store)
    assert flaky.asked == 10


class TestBreaker(StoreContract):
    rounds = 5

    @pytest.fixture
    def opener(self):
        return lambda clock: Breaker(MemoryStore(clock=clock))
