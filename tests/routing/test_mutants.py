"""Mutants of the compiler, each killed by the test that is named beside it."""

import importlib
import sys
import types
from pathlib import Path

import pytest

import kit.routing

HERE = Path(kit.routing.__file__).parent
MUTANTS = [
    # module, what is written there, what the mutant writes, the test that kills it
    ("tree", "inside.append(rule)", "inside.insert(0, rule)", "test_of_two_that_fit_the_first_in_rank_answers"),
    ("tree", 'tail + [f"p[{at}]" for', 'tail + [f"p[{at}] is not None" for', "test_an_empty_segment_is_no_value"),
    (
        "tree",
        "if head is not None and at not in known]",
        "if head is not None and at in known]",
        "test_a_literal_that_no_branch_has_looked_at_is_looked_at_in_the_leaf",
    ),
    ("tree", 'f"if n == {n}:"', 'f"if n >= {n}:"', "test_a_path_with_more_or_fewer_segments_does_not_fit"),
    (
        "tree",
        "break  # what follows in this bucket",
        "continue  # what follows in this bucket",
        "test_a_literal_path_is_not_answered_at_once_where_something_ranks_before_it",
    ),
    (
        "tree",
        "if group.any is not group.first:",
        "if group.any is None:",
        "test_a_route_for_all_methods_answers_what_the_one_before_it_does_not",
    ),
    ("tree", "return s[0], s[1].copy()", "return s[0], s[1]", "test_the_values_of_an_answer_are_its_own"),
    ("tree", "if group.condition is None:\n", "if True:\n", "test_a_condition_is_asked_with_the_values_and_can_refuse"),
    (
        "tree",
        "            inside.append(rule)",
        "            pass",
        "test_a_variable_competes_in_every_branch_of_literals",
    ),
    (
        "tree",
        '{"+": [f"(t := path.split(\'/\', {at})[{at}])"]',
        '{"+": [f"(t := path.split(\'/\', {at})[{at}]) is not None"]',
        "test_a_tail_takes_all_the_rest_and_its_kind_says_whether_that_may_be_empty",
    ),
    (
        "tree",
        "return any(rule.defaults != group.first.defaults for rule in group.rules)",
        "return False",
        "test_routes_of_one_path_keep_their_own_defaults",
    ),
    (
        "tree",
        "elif {out.constant(group.condition)}",
        "elif True or {out.constant(group.condition)}",
        "test_the_wrong_method_is_told_with_the_right_ones_only_where_all_else_fits",
    ),
    ("compat", 'or "\\n" in url', "", "test_a_newline_is_left_to_the_mapper"),
    (
        "compat",
        "or not simple(wanted)",
        "or False",
        "test_a_requirement_that_looks_around_is_left_to_the_route",
    ),
    (
        "compat",
        "url.startswith(prefix) and route.match",
        "route.match",
        "test_a_minimized_route_fits_only_below_its_literal_prefix",
    ),
    (
        "compat",
        'or count != len(now["matchlist"])',
        "",
        "test_a_route_connected_later_is_found_by_the_next_match",
    ),
    (
        "compat",
        'or sub_domains is not bool(now["sub_domains"])',
        "",
        "test_options_of_the_mapper_that_are_set_later_count",
    ),
]


@pytest.fixture
def fresh():
    """Imports of kit.routing within the test are made anew, and forgotten afterwards."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("kit.routing")}
    yield
    for name in [name for name in sys.modules if name.startswith("kit.routing")]:
        del sys.modules[name]
    sys.modules.update(kept)
    for name, module in kept.items():
        parent, _, child = name.rpartition(".")
        if parent in sys.modules:
            setattr(sys.modules[parent], child, module)


def run(name):
    """Run a test of test_tree.py against the modules as they are now."""
    source = Path(__file__).with_name("test_tree.py")
    module = types.ModuleType("mutated_test_tree")
    exec(compile(source.read_text(), str(source), "exec"), module.__dict__)
    getattr(module, name)()


@pytest.mark.parametrize(("module", "text", "mutant", "killer"), MUTANTS, ids=[each[3] for each in MUTANTS])
def test_the_mutant_is_killed(fresh, module, text, mutant, killer):
    run(killer)
    source = (HERE / f"{module}.py").read_text()
    assert source.count(text) == 1
    changed = importlib.import_module(f"kit.routing.{module}")
    exec(compile(source.replace(text, mutant), changed.__file__, "exec"), changed.__dict__)
    for name in ("compat", "matchers"):
        if name != module:
            importlib.reload(importlib.import_module(f"kit.routing.{name}"))
    with pytest.raises(Exception):  # noqa: B017  a wrong answer or none at all
        run(killer)
