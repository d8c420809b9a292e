"""CSV that no spreadsheet runs, XML and Atom that parsers read back."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.render.formats import ATOM, CSV, JSONL, TEXT, XML, csv_cell, csv_format


class Named(NamedTuple):
    a: int


@dataclass
class Data:
    a: int


def text(form: Any, value: Any) -> str:
    body = form.encode(value)
    return (
        body
        if isinstance(body, str)
        else "".join(piece if isinstance(piece, str) else piece.decode() for piece in body)
    )


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "|calc", "%0A=1", "=cmd|' /C calc'!A0",
     "=HYPERLINK(\"http://x\")", "＝1+1", "＋1", "－1+1", "＠x", "-1-cmd|x", "+49 (0)30", "\u00a0=1", "--1"],
)  # fmt: skip
def test_text_that_a_spreadsheet_would_run_is_quoted(cell: str) -> None:
    assert csv_cell(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "a=b", "1", "-1", "+1.5", "-1,234.5", "1e5", "a@b.c", "x-1", "'=1", "ok\n=1"])
def test_other_text_and_plain_numbers_stay(cell: str) -> None:
    assert csv_cell(cell) == cell


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=20))
def test_csv_reads_back_and_no_cell_is_a_formula(rows: list[list[str]]) -> None:
    made = text(csv_format("a", "b"), [dict(zip("ab", row, strict=True)) for row in rows])
    back = list(csv.reader(io.StringIO(made, newline="")))
    assert back[0] == ["a", "b"]
    for row, read in zip(rows, back[1:], strict=True):
        for cell, got in zip(row, read, strict=True):
            assert got in (cell.replace("\0", ""), "'" + cell.replace("\0", ""))
            assert not got.lstrip().startswith(("=", "@"))


def test_csv_takes_columns_dates_nones_and_missing_values() -> None:
    rows = [{"a": None, "b": date(2026, 1, 2), "c": 1}, {"a": True, "x": 9}]
    assert text(CSV, rows) == "a,b,c\r\n,2026-01-02,1\r\nTrue,,\r\n"
    assert text(csv_format("c", "a", delimiter=";"), rows) == "c;a\r\n1;\r\n;True\r\n"
    assert text(CSV, []) == "" and text(csv_format("a"), []) == "a\r\n"


def test_csv_of_no_records_says_so() -> None:
    with pytest.raises(TypeError, match="int is no record"):
        text(CSV, [7])


def test_json_lines_are_one_value_a_line() -> None:
    assert [json.loads(line) for line in text(JSONL, [{"a": "x\ny"}, 7]).splitlines()] == [{"a": "x\ny"}, 7]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_xml_of_anything_is_well_formed(value: Any) -> None:
    ElementTree.fromstring(text(XML, value))


@pytest.mark.parametrize("name", ["a b", "1a", "", "<x>", "xml", "é", "a:b", "a\n", "x" * 1000])
def test_names_that_xml_does_not_allow_become_attributes(name: str) -> None:
    tree = ElementTree.fromstring(text(XML, {"r": {name: "v"}}))
    assert tree[0].text == "v" and name.strip() in (tree[0].tag, (tree[0].get("name") or "").strip())


def test_xml_has_no_way_out_of_its_text() -> None:
    hostile = "]]><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;\0\x1b"
    tree = ElementTree.fromstring(text(XML, {"r": hostile}))
    assert tree.text == hostile.replace("\0", "\ufffd").replace("\x1b", "\ufffd")


def test_atom_is_well_formed_and_complete() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    entry = {"id": "urn:1", "title": "<b>", "updated": when, "link": "/1?a=1&b", "content": "<p>x</p>", "summary": "s"}
    feed = {"id": "urn:f", "title": "F", "updated": when, "author": "Ann & Co", "link": "/", "entries": [entry]}
    tree = ElementTree.fromstring(text(ATOM, feed))
    atom = "{http://www.w3.org/2005/Atom}"
    assert tree.findtext(f"{atom}entry/{atom}title") == "<b>"
    content = tree.find(f"{atom}entry/{atom}content")
    assert content is not None and (content.text, content.get("type")) == ("<p>x</p>", "html")
    assert tree.findtext(f"{atom}author/{atom}name") == "Ann & Co"


@pytest.mark.parametrize("fault", [{"updated": datetime(2026, 1, 2)}, {"title": None}])
def test_atom_without_what_it_needs_is_an_error(fault: dict[str, Any]) -> None:
    feed = {"id": "urn:f", "title": "F", "updated": datetime(2026, 1, 2, tzinfo=UTC), "entries": [], **fault}
    if feed["title"] is None:
        del feed["title"]
    with pytest.raises((ValueError, KeyError)):
        text(ATOM, feed)


def test_records_of_every_kind_have_the_same_members() -> None:
    class Own:
        def __json__(self) -> dict[str, int]:
            return {"a": 1}

    for record in (Named(1), Data(1), Own(), {"a": 1}):
        assert text(CSV, [record]) == "a\r\n1\r\n"
        assert text(XML, {"r": record}).endswith("<r><a>1</a></r>\n")


def test_text_is_plain() -> None:
    assert text(TEXT, "<b>") == "<b>"
