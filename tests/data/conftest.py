"""Every test that takes `db` runs on all five backends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kit.data import Database, open_db

BACKENDS = ("memory", "sqlite", "postgresql", "mariadb", "mongodb")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The name of the backend of this test."""
    name: str = request.param
    return name


@pytest.fixture
def url(backend: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    if backend == "memory":
        return "memory:"
    made: str = request.getfixturevalue("database")(backend)
    return made


@pytest.fixture
def opened(url: str) -> Iterator[Callable[..., Database]]:
    """`opened(Model, …)`: a database with their tables, closed after the test."""
    databases: list[Database] = []

    def opening(*models: type[Any], **options: Any) -> Database:
        database = open_db(url, models=models, **options)
        database.create()
        databases.append(database)
        return database

    yield opening
    for database in databases:
        database.close()
