"""Both matchers are held to the published contract, and the contract is shown to bite."""

import os

import pytest

from kit.errors import ConfigError
from kit.routing import Router
from kit.routing.contract import MatcherContract, same_answers, tables
from kit.routing.matchers import Compiled, Mapped
from kit.testing import call


class TestCompiled(MatcherContract):
    matcher = Compiled


class TestMapper(MatcherContract):
    matcher = Mapped


class Forgetful(Compiled):
    """Broken: it takes the last route that fits."""

    def __init__(self, routes):
        super().__init__(list(routes)[::-1])


def test_the_contract_finds_a_matcher_that_ranks_wrongly():
    class Suite(MatcherContract):
        matcher = Forgetful

    with pytest.raises(AssertionError):
        Suite().test_random_tables_are_answered_as_by_the_mapper_of_routes()


def test_random_tables_are_answered_alike_by_both_matchers():
    hits = 0
    for at, router in enumerate(tables(2, 1000 if os.environ.get("KIT_LONG") else 120)):
        mapped = Mapped(sorted((r for r in router.routes), key=lambda route: -len(route.template.prefix)))
        assert same_answers(router.matcher, mapped, router, at, 80) == []
        hits += sum(router.matcher.find(route.path, None, {}) is not None for route in router.routes)
    assert hits > 150


def test_a_matcher_of_ones_own_is_given_as_a_factory():
    class Nothing:
        def __init__(self, routes):
            self.routes = routes

        def find(self, path, method, environ):
            return (self.routes[0], {}) if path == "/anything" else None

    router = Router(matcher=Nothing)
    router.get("/", lambda: "one")
    assert call(router, "/anything").text == "one"
    assert call(router, "/").status == 404


def test_an_unknown_matcher_is_an_error():
    with pytest.raises(ConfigError, match="compiled, mapper"):
        Router(matcher="fast")
