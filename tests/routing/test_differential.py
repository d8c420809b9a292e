"""A compiled mapper says what Routes says: random mappers and URLs, with another seed in every run.

KIT_LONG=1 makes it at least 5,000 mappers and 1,000,000 URLs; `python -m tests.routing.differential` does it too.
"""

import os
import random

import pytest

from tests.routing.differential import differences

LONG = bool(os.environ.get("KIT_LONG"))


def total(seed, mappers, urls):
    found, compared, hits, tables = [], 0, 0, 0
    while tables < mappers:
        some, number, fitting = differences(seed, urls)
        found, compared, hits, tables = found + some, compared + number, hits + fitting, tables + bool(number)
        seed += 1
    return found, compared, hits


@pytest.mark.parametrize("seed", [1, 70_000, None], ids=["one", "two", "any"])
@pytest.mark.filterwarnings("ignore")  # Routes writes expressions of which re warns
def test_no_difference_to_routes_is_found(seed):
    seed = random.SystemRandom().randrange(10**9) if seed is None else seed
    print("seed", seed)  # shown when the test fails
    found, compared, hits = total(seed, 5000 if LONG else 40, 220 if LONG else 60)
    assert not found, found[:5]
    assert compared > (1_000_000 if LONG else 2000)
    assert hits > compared / 10


@pytest.mark.filterwarnings("ignore")
def test_the_comparison_bites(monkeypatch):
    """A compiler that takes every variable for one without slashes is found out by the same comparison."""
    monkeypatch.setattr("kit.routing.compat.may_contain", lambda pattern, char: False)
    found, _, _ = total(500, 60, 60)
    assert found
