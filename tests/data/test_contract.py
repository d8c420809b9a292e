"""The published contract, on the five backends of kit."""

from __future__ import annotations

import pytest

from kit.data.contract import BackendContract


class TestBackends(BackendContract):
    fuzz_trees = 60

    @pytest.fixture
    def target(self, url: str) -> str:
        return url
