"""A clock that stands still, a store by it, and a browser whose sessions are in it."""

from __future__ import annotations

import pytest

from kit.stores import MemoryStore
from kit.stores.contract import Clock
from tests.sessions.app import Browser


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(clock):
    return MemoryStore(clock=clock)


@pytest.fixture
def browser(store, clock):
    return Browser(store, clock=clock)
