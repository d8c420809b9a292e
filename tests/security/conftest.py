import json
import os

import pytest
from hypothesis import settings

from kit.stores import MemoryStore, open_store
from tests.security.frameworks import EVERY

# No deadline for one example: what must be fast is measured by tests of its own, in the time of a thread.
settings.register_profile("security", max_examples=5_000 if os.environ.get("KIT_LONG") else 100, deadline=None)
settings.load_profile("security")


@pytest.fixture(params=sorted(EVERY))
def below(request):
    """A maker of WSGI apps: `below(view)`, once in each framework."""
    return EVERY[request.param]


@pytest.fixture
def stores(request):
    """`stores("memory" | "sqlite" | "postgresql" | "mariadb" | "mongodb")`: a new store, closed after the test."""
    opened = []

    def store(kind):
        made = MemoryStore() if kind == "memory" else open_store(request.getfixturevalue("database")(kind))
        opened.append(made)
        return made

    yield store
    for made in opened:
        made.close()


@pytest.fixture
def events(caplog):
    """`events(name)`: the audit events of that name so far."""

    def found(name):
        records = [json.loads(record.getMessage()) for record in caplog.records if record.name == "kit.audit"]
        return [record for record in records if record["event"] == name]

    caplog.set_level("INFO", logger="kit.audit")
    return found
