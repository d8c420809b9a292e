"""Conditional requests: the order of RFC 9110, 13.2.2, and dates in every form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.http import handler
from kit.render.conditional import http_date, matches, parse_date, precondition, tag, unchanged
from kit.render.ranges import parse_ranges
from kit.testing import call

NOW = datetime(2026, 1, 2, 3, 4, 5, 999, tzinfo=UTC)
OLD, NEW = http_date(NOW - timedelta(days=1)), http_date(NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("one", "other", "strong", "weak"),
    [
        ('W/"1"', 'W/"1"', False, True),
        ('W/"1"', 'W/"2"', False, False),
        ('W/"1"', '"1"', False, True),
        ('"1"', '"1"', True, True),
    ],
)
def test_comparison_of_tags_is_that_of_rfc_9110_8_8_3_2(one: str, other: str, strong: bool, weak: bool) -> None:
    assert matches(one, other, strong=True) is strong and matches(one, other) is weak


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, None),
        ("GET", {"IF_NONE_MATCH": '"v7"'}, 304),
        ("GET", {"IF_NONE_MATCH": 'W/"v7"'}, 304),
        ("GET", {"IF_NONE_MATCH": '"a", "v7", "b"'}, 304),
        ("GET", {"IF_NONE_MATCH": '"a,"v7'}, None),
        ("GET", {"IF_NONE_MATCH": "v7"}, None),
        ("GET", {"IF_NONE_MATCH": "*"}, 304),
        ("GET", {"IF_NONE_MATCH": '"x"', "IF_MODIFIED_SINCE": NEW}, None),
        ("HEAD", {"IF_NONE_MATCH": '"v7"'}, 304),
        ("PUT", {"IF_NONE_MATCH": "*"}, 412),
        ("PUT", {"IF_NONE_MATCH": '"v7"'}, 412),
        ("PUT", {"IF_MATCH": '"v7"'}, None),
        ("PUT", {"IF_MATCH": 'W/"v7"'}, 412),
        ("PUT", {"IF_MATCH": "*"}, None),
        ("PUT", {"IF_MATCH": '"v6"', "IF_UNMODIFIED_SINCE": NEW}, 412),
        ("PUT", {"IF_MATCH": '"v7"', "IF_UNMODIFIED_SINCE": OLD}, None),
        ("PUT", {"IF_UNMODIFIED_SINCE": OLD}, 412),
        ("PUT", {"IF_UNMODIFIED_SINCE": http_date(NOW)}, None),
        ("GET", {"IF_MODIFIED_SINCE": http_date(NOW)}, 304),
        ("GET", {"IF_MODIFIED_SINCE": NEW}, 304),
        ("GET", {"IF_MODIFIED_SINCE": OLD}, None),
        ("GET", {"IF_MODIFIED_SINCE": "garbage"}, None),
        ("POST", {"IF_MODIFIED_SINCE": NEW}, None),
        ("GET", {"IF_MATCH": '"v7"', "IF_NONE_MATCH": '"v7"'}, 304),
    ],
)
def test_order_of_evaluation(method: str, headers: dict[str, str], status: int | None) -> None:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, **{f"HTTP_{name}": value for name, value in headers.items()}}
    assert precondition(environ, etag='"v7"', modified=NOW) == status


def test_star_never_matches_what_does_not_exist() -> None:
    assert precondition({"REQUEST_METHOD": "PUT", "HTTP_IF_MATCH": "*"}) == 412
    assert precondition({"REQUEST_METHOD": "PUT", "HTTP_IF_NONE_MATCH": "*"}) is None


def test_page_is_not_made_for_a_client_that_has_it() -> None:
    made = []

    @handler
    def show(request: Any) -> Any:
        answer = unchanged(request, etag=tag(7), modified=NOW)
        if answer is None:
            made.append(1)
            return "page"
        return answer

    answer = call(show, headers={"If-None-Match": '"7"'})
    assert (answer.status, answer.body, made) == (304, b"", [])
    assert answer.headers["ETag"] == '"7"' and "Content-Type" not in answer.headers
    assert call(show).text == "page"


def test_change_without_a_condition_is_428_where_one_is_required() -> None:
    def status(method: str, **headers: str) -> int | None:
        answer = unchanged({"REQUEST_METHOD": method, **headers}, etag='"v7"', required=True)
        return None if answer is None else int(answer.status_int)

    assert [status("PUT"), status("PUT", HTTP_IF_MATCH='"v7"'), status("PUT", HTTP_IF_MATCH='"v6"')] == [428, None, 412]
    assert status("GET") is None


@given(st.text(), st.text())
def test_tag_of_anything_is_one_tag_and_differs(one: str, other: str) -> None:
    made = tag(one)
    assert matches(made, made, strong=True) and made.isascii()
    assert one == other or tag(other) != made


@given(st.text())
def test_headers_of_strangers_never_raise(text: str) -> None:
    parse_date(text)
    matches(text, '"v"')
    parse_ranges(text, 100)
    parse_ranges("bytes=" + text, 100)


@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), min_size=1, max_size=6))
def test_ranges_stay_inside_and_apart(pairs: list[tuple[int, int]]) -> None:
    parts = parse_ranges("bytes=" + ",".join(f"{a}-{b}" for a, b in pairs), 100)
    for start, stop in parts or ():
        assert 0 <= start < stop <= 100
    assert sum(stop - start for start, stop in parts or ()) <= 100
