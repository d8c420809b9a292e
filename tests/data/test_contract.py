"""The published contract, on the five backends of kit, and on one that claims less than it could."""

from __future__ import annotations

import os
from typing import Any

import pytest

from kit.data.contract import BackendContract
from kit.data.memory import MemoryBackend


class TestBackends(BackendContract):
    fuzz_trees = 40
    rounds = 25 if os.environ.get("KIT_LONG") else 10

    @pytest.fixture
    def target(self, url: str) -> str:
        return url


class _Plain:
    """A session with the five operations alone: the core does the rest."""

    def __init__(self, session: Any) -> None:
        self.insert, self.find, self.count = session.insert, session.find, session.count
        self.update, self.delete, self.native = session.update, session.delete, session.native


class Least(MemoryBackend):
    """The least that a backend may claim: nothing."""

    capabilities = frozenset()

    def session(self, *, transaction: bool, deadline: float | None) -> Any:
        assert not transaction
        from contextlib import contextmanager

        @contextmanager
        def plain() -> Any:
            with super(Least, self).session(transaction=False, deadline=deadline) as session:
                yield _Plain(session)

        return plain()


class TestTheLeast(BackendContract):
    @pytest.fixture
    def target(self) -> Least:
        return Least()
