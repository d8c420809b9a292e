"""The published contract, on the five backends of kit."""

from __future__ import annotations

import os

import pytest

from kit.data.contract import BackendContract


class TestBackends(BackendContract):
    fuzz_trees = 40
    rounds = 25 if os.environ.get("KIT_LONG") else 10

    @pytest.fixture
    def target(self, url: str) -> str:
        return url
