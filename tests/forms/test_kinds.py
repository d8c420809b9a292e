"""Every type of field: what it takes from a form and from JSON, what it refuses, and how it is shown again."""

import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import ConfigError
from kit.forms import Form, Kind, Wrong, field, rows
from kit.forms.constraints import common
from kit.forms.kinds import Decimal as DecimalKind
from kit.forms.kinds import Float, Integer, Json
from kit.forms.moments import Day, Time, When
from kit.forms.types import Email, Slug, Text, Url
from kit.forms.types import Json as JsonType
from kit.testing import environ


class Plan(enum.Enum):
    free = "f"
    pro_plus = "p"


def form_of(hint, spec=None):
    options = {"__annotations__": {"x": hint}}
    return type("One", (Form,), options if spec is None else {**options, "x": spec})


def post(form, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return form.bind(environ(method="POST", body=body.encode(), headers=headers))


ID = "12345678-1234-1234-1234-1234567890ab"
NOON = dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)

GOOD = [
    (str, None, "é 'x'", "é 'x'", "é 'x'"),
    (Text, None, "a%0D%0Ab", "a\nb", "a\r\nb"),
    (int, None, "-7", -7, -7),
    (int, None, " 007 ", 7, 7.0),
    (float, None, "1e3", 1000.0, 1000),
    (Decimal, None, "9.9", Decimal("9.90"), "9.90"),
    (Decimal, field(places=0), "1e3", Decimal(1000), 1000),
    (bool, None, "on", True, True),
    (dt.date, None, "2024-02-29", dt.date(2024, 2, 29), "2024-02-29"),
    (dt.time, None, "09:30", dt.time(9, 30), "09:30"),
    (dt.datetime, field(zone="Europe/Berlin"), "2026-07-01T12:00", NOON, "2026-07-01T12:00:00+02:00"),
    (Plan, None, "p", Plan.pro_plus, "p"),
    (Literal["s", "l"], None, "l", "l", "l"),
    (int, field(choices=[(1, "One"), (2, "Two")]), "2", 2, 2),
    (str, field(choices={"Small": ["s"], "Large": [("l", "L")]}), "l", "l", "l"),
    (str, field(choices=lambda: ["a", "b"]), "b", "b", "b"),
    (list[Plan], None, "f&x=p", [Plan.free, Plan.pro_plus], ["f", "p"]),
    (UUID, None, ID.upper(), UUID(ID), ID),
    (Email, None, "ann@example.org", "ann@example.org", "ann@example.org"),
    (Url, None, "https://example.org/?q=1", "https://example.org/?q=1", "https://example.org/?q=1"),
    (Slug, None, "a-b2", "a-b2", "a-b2"),
    (JsonType, None, '{"a": [1]}', {"a": [1]}, {"a": [1]}),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "spec", "text", "value", "datum"), GOOD)
def test_a_good_value_comes_out_of_a_form_and_of_json_alike(hint, spec, text, value, datum):
    form = form_of(hint, spec)
    assert post(form, f"x={text}").value.x == value
    assert form.check({"x": datum}).value.x == value


@pytest.mark.parametrize(("hint", "spec", "text", "value", "datum"), GOOD)
def test_what_is_stored_is_shown_so_that_it_can_be_posted_back(hint, spec, text, value, datum):
    form = form_of(hint, spec)
    shown = form.bind(environ(), {"x": value})
    if (
        hint is bool
        or isinstance(value, list)
        or "choices" in (spec.kind if spec else {})
        or hint in (Plan, Literal["s", "l"])
    ):
        assert str(shown.x).count(" selected") + str(shown.x).count(" checked") == (2 if isinstance(value, list) else 1)
    else:
        leaf = form.__group__().parts[0]
        assert leaf.kind.parse(shown.x.value) == value


BAD = [
    (str, None, "a\0b", "characters"),
    (str, None, "a%0Ab", "characters"),
    (int, None, "1.5", "integer"),
    (int, None, "1_000", "integer"),
    (int, None, "٣", "integer"),
    (int, None, "9" * 5000, "integer"),
    (int, None, str(2**63), "integer"),
    (float, None, "nan", "number"),
    (float, None, "1e999", "number"),
    (Decimal, None, "1.005", "places"),
    (Decimal, None, "1e999999999", "number"),
    (Decimal, None, "NaN", "number"),
    (bool, None, "maybe", "type"),
    (dt.date, None, "2023-02-29", "date"),
    (dt.date, None, "20240229", "date"),
    (dt.time, None, "24:00", "time"),
    (dt.datetime, field(zone="Europe/Berlin"), "2026-03-29T02:30", "date-time"),
    (dt.datetime, None, "2026-07-01T12:00Z", "date-time"),
    (Plan, None, "x", "choice"),
    (list[Plan], None, "f&x=f", "duplicate"),
    (list[Plan], None, "x", "choice"),
    (UUID, None, "x", "uuid"),
    (Email, None, "a@b@c", "email"),
    (Url, None, "javascript:alert(1)", "url"),
    (Url, None, "https://user@example.org/", "url"),
    (Slug, None, "A", "slug"),
    (JsonType, None, "{", "json"),
    (str, field(min=2), "a", "too_short"),
    (str, field(max=1), "ab", "too_long"),
    (str, field(pattern="[a-z]+"), "a1", "pattern"),
    (int, field(ge=2), "1", "too_small"),
    (int, field(gt=2), "2", "not_above"),
    (int, field(le=2), "3", "too_large"),
    (int, field(lt=2), "2", "not_below"),
    (int, field(step=5), "6", "step"),
    (dt.date, field(le=dt.date.today), "2999-01-01", "too_large"),
    (list[Plan], field(min=1), "", "too_few"),
    (list[Plan], field(max=1), "f&x=p", "too_many"),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "spec", "text", "code"), BAD)
def test_a_bad_value_is_an_error_with_a_sentence(hint, spec, text, code):
    form = post(form_of(hint, spec), f"x={text}")
    assert [(e.path, e.code) for e in form.errors] == [("x", code)]
    assert form.x.error
    assert "{" not in form.x.error


@pytest.mark.parametrize("datum", [None, True, 1, 1.5, "x", [], {}, [[]], {"a": 1}, "\ud800", 10**400, float("1e308")])
@pytest.mark.parametrize("hint", [hint for hint, *_ in GOOD])
def test_any_json_datum_is_a_value_or_an_error(hint, datum):
    form = form_of(hint, field(choices=[1, 2]) if hint is int else None).check({"x": datum})
    assert form.valid or form.errors


def test_numbers_in_json_are_no_text_and_truth_is_no_number():
    assert form_of(int).check({"x": "5"}).errors[0].code == "integer"
    assert form_of(int).check({"x": True}).errors[0].code == "integer"
    assert form_of(str).check({"x": 5}).errors[0].code == "type"
    assert form_of(int, field(choices=[1])).check({"x": "1"}).errors[0].code == "choice"


def test_a_blank_optional_field_is_none_and_a_blank_default_is_text():
    assert post(form_of(int | None), "x=").value.x is None
    assert post(form_of(str, field(default="")), "x=").value.x == ""
    assert post(form_of(str), "x=+").errors[0].code == "required"
    assert form_of(int, field(default=3)).check({}).value.x == 3
    assert form_of(list[Plan]).check({}).value.x == []


def test_a_default_and_choices_may_be_functions_which_are_not_called_by_the_class():
    asked = []

    def day():
        asked.append("day")
        return dt.date(2026, 1, 1)

    def words():
        asked.append("words")
        return ["a", "b"]

    days, chosen = form_of(dt.date, field(default=day)), form_of(str, field(choices=words))
    assert not asked
    assert days.bind(environ()).x.value == "2026-01-01"
    assert days.check({}).value.x == dt.date(2026, 1, 1)
    assert post(chosen, "x=b").value.x == "b"
    assert str(chosen.bind(environ()).x).count("<option") == 3
    assert "enum" not in chosen.json_schema()["properties"]["x"]


def test_a_box_that_must_be_ticked_is_an_error_when_it_is_not():
    form = form_of(bool, field(required=True))
    assert post(form, "").errors[0].code == post(form, "x=off").errors[0].code == "required"
    assert form.check({"x": False}).errors[0].code == "required"
    assert post(form, "x=on").valid


def test_a_kind_of_ones_own_is_one_small_class():
    class Even(Integer):
        def parse(self, text: str) -> Any:
            value = super().parse(text)
            if value % 2:
                raise Wrong("odd")
            return value

    form = form_of(Annotated[int, Even()], field(messages={"odd": "Enter an even number"}))
    assert post(form, "x=4").value.x == 4
    assert post(form, "x=3").x.error == "Enter an even number"
    assert isinstance(form.__group__().parts[0].kind, Kind)


def test_a_list_of_inputs_is_a_list_of_values():
    form = form_of(list[int], rows(min=1, max=3, item=field(ge=1)))
    assert post(form, "x.0=5&x.1=").value.x == [5]
    assert form.check({"x": [5, 6]}).value.x == [5, 6]
    assert post(form, "x.0=0").errors == (("x.0", "too_small", {"ge": 1}),)


@pytest.mark.parametrize(
    "pattern",
    [r"^a$", r"\s+", r"[a-z.-]+", r"(?P<x>a)", r"a++", r"[(]", r"a{,3}", r"[[a]", "(", r"(?i)a", r"[a&&b]", r"\Aa"],
)
def test_a_pattern_that_browsers_read_otherwise_is_refused(pattern):
    with pytest.raises(ConfigError, match="pattern"):
        form_of(str, field(pattern=pattern))


@pytest.mark.parametrize("pattern", [r"[0-9]{5}", r"(?:a|b)*\.é", r"\d+(?=x).", r"[\w.\-]+@[^@ ]+", r"a{2,}?", r"\/\+"])
def test_a_pattern_of_the_common_subset_is_taken(pattern):
    assert common(pattern) == pattern


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**20), max_value=10**20))
def test_decimals_survive_the_way_there_and_back(value):
    kind = DecimalKind(places=2)
    assert kind.parse(kind.show(value)) == kind.accept(kind.dump(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive_the_way_there_and_back(value):
    assert Float().parse(Float().show(value)) == Float().accept(Float().dump(value)) == value


@given(st.datetimes(timezones=st.just(dt.UTC), min_value=dt.datetime(1970, 1, 1), max_value=dt.datetime(2100, 1, 1)))
def test_moments_survive_json(value):
    value = value.replace(microsecond=value.microsecond // 1000 * 1000)
    assert When().accept(When().dump(value)) == value
    assert When().parse(When().show(value)) == value


@given(st.text())
def test_no_text_breaks_a_kind(text):
    codes = set()
    for kind in (Integer(), Float(), DecimalKind(), Day(), Time(), When(zone="America/New_York"), Json()):
        for read in (kind.parse, kind.accept):
            try:
                read(text)
            except Wrong as wrong:
                codes.add(wrong.code)
    assert codes <= {"integer", "number", "places", "date", "time", "date-time", "json"}
