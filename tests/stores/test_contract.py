"""Every store of kit passes the published contract, on real servers."""

from __future__ import annotations

from functools import partial

import pytest

from kit.seal import KeyRing, new_key
from kit.stores import MemoryStore, Sealed
from kit.stores.contract import StoreContract
from kit.stores.mongo import MongoStore
from kit.stores.sql import SqlStore


def sealed(key, *, clock):
    return Sealed(MemoryStore(clock=clock), KeyRing([key]))


class TestMemory(StoreContract):
    @pytest.fixture
    def opener(self):
        return MemoryStore


class TestSqlite(StoreContract):
    @pytest.fixture
    def opener(self, database):
        return partial(SqlStore, database("sqlite"))

    def unreachable(self):
        return partial(SqlStore, "sqlite:////no/such/folder/app.db")


class TestPostgresql(StoreContract):
    @pytest.fixture
    def opener(self, database):
        return partial(SqlStore, database("postgresql"))

    def unreachable(self):
        return partial(SqlStore, "postgresql://kit@127.0.0.1:9/kit")


class TestMariadb(StoreContract):
    @pytest.fixture
    def opener(self, database):
        return partial(SqlStore, database("mariadb"))

    def unreachable(self):
        return partial(SqlStore, "mariadb://kit@127.0.0.1:9/kit")


class TestMongodb(StoreContract):
    @pytest.fixture
    def opener(self, database):
        return partial(MongoStore, database("mongodb"))

    def unreachable(self):
        return partial(MongoStore, "mongodb://127.0.0.1:9/kit?timeout=0.1")


class TestSealed(StoreContract):
    rounds = 5

    @pytest.fixture
    def opener(self):
        return partial(sealed, new_key())
