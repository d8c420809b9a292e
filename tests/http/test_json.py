"""One JSON codec: strict both ways."""

import dataclasses
import enum
import json
import threading
import time
import uuid
from collections import OrderedDict, namedtuple
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock_time
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Malformed, TooLarge
from kit.http.json import dumps, encoder, loads


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Point:
    x: int
    y: Decimal


class Shown:
    def __json__(self):
        return {"shown": date(2026, 1, 2)}


class Row:
    def _asdict(self):
        return {"a": 1}


Pair = namedtuple("Pair", "a b")
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("é\u2028\x00", '"é\u2028\\u0000"'),
        (WHEN, '"2026-01-02T03:04:05Z"'),
        (WHEN.replace(microsecond=120_000), '"2026-01-02T03:04:05.120Z"'),
        (WHEN.replace(microsecond=7), '"2026-01-02T03:04:05.000007Z"'),
        (WHEN.astimezone(timezone(timedelta(hours=-2.5))), '"2026-01-02T00:34:05-02:30"'),
        (date(2026, 1, 2), '"2026-01-02"'),
        (clock_time(3, 4), '"03:04:00"'),
        (Decimal("0.10"), '"0.10"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Colour.RED, '"red"'),
        (Level.LOW, "1"),
        (Point(1, Decimal("2")), '{"x":1,"y":"2"}'),
        (Shown(), '{"shown":"2026-01-02"}'),
        (Row(), '{"a":1}'),
        (Pair(1, 2), "[1,2]"),
        ({1}, "[1]"),
        ((n for n in (1, 2)), "[1,2]"),
        (MappingProxyType({"a": 1}), '{"a":1}'),
        (OrderedDict(b=1, a=2), '{"b":1,"a":2}'),
        ({1: 1, None: 2}, '{"1":1,"null":2}'),
    ],
)
def test_a_value_goes_out_as(value, text):
    assert dumps(value) == text.encode()


LOOP = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        datetime(2026, 1, 2),
        "\ud800",
        b"x",
        object(),
        Point,
        LOOP,
        {(1,): 2},
    ],
)
def test_what_json_cannot_say_is_an_error(value):
    with pytest.raises((ValueError, TypeError)):
        dumps(value)


def test_the_error_for_an_unknown_type_says_what_to_do():
    with pytest.raises(TypeError, match=r"builtins\.complex: give it a __json__\(\), or use encoder\(\)"):
        dumps(1j)


def test_an_encoder_knows_more_types_and_is_asked_first():
    mine = encoder(lambda value: float(value) if isinstance(value, Decimal) else NotImplemented)
    assert mine([Decimal("0.5"), WHEN]) == b'[0.5,"2026-01-02T03:04:05Z"]'
    assert dumps(Decimal("0.5")) == b'"0.5"'


def test_threads_share_the_encoder():
    shared, results = {"a": [1, {"b": list(range(1000))}]}, []

    def work():
        results.extend(dumps(shared) == expected for _ in range(50))

    expected = dumps(shared)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 200


def test_a_failure_leaves_nothing_behind():
    class Moody:
        good = False

        def __json__(self):
            if self.good:
                return 1
            raise OSError("not now")

    value = [Moody()]
    with pytest.raises(OSError, match="not now"):
        dumps(value)
    Moody.good = True
    assert dumps(value) == b"[1]"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[1,]",
        "nul",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e999",
        "01",
        "'a'",
        '{"a":1,"a":1}',
        '{"a":{"b":1,"c":2,"b":3}}',
        '"\\ud800"',
        '{"\\udfff":1}',
        "9" * 5000,
        "[" * 65 + "]" * 65,
        "[" * 100_000,
        '{"a":' * 100_000,
        '["' + "[" * 70,
        "\ufeff{}",
        '"a\nb"',
        '"\x00"',
    ],
)
def test_what_is_no_good_json_is_malformed(text):
    for data in (text, text.encode()):
        with pytest.raises(Malformed) as caught:
            loads(data)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "data", [b"\xff", '"é"'.encode("latin-1"), "{}".encode("utf-16"), b'"\xed\xa0\x80"', b'"\xc0\x80"']
)
def test_json_is_in_utf_8(data):
    with pytest.raises(Malformed):
        loads(data)


def test_brackets_in_strings_do_not_count():
    text = json.dumps(["[" * 200, '\\"[[' * 100, {"[" * 100: "]"}])
    assert loads(text) == json.loads(text)


def test_limits_can_be_set():
    assert loads("[[[]]]", depth=3) == [[[]]]
    with pytest.raises(Malformed, match="2 deep"):
        loads("[[[]]]", depth=2)
    with pytest.raises(Malformed, match="more than 2 items"):
        loads("[1,2,3,4]", items=2)
    with pytest.raises(Malformed, match="more than 5 items"):
        loads("[[],[],[]]", items=5)
    assert loads('["a,b,c,d",2]', items=2) == ["a,b,c,d", 2]
    with pytest.raises(TooLarge):
        loads(b"[1]", size=2)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(VALUES)
def test_what_goes_out_comes_back(value):
    data = dumps(value)
    assert data == json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert loads(data) == value
    assert loads(json.dumps(value, indent=1)) == value


@given(st.text(alphabet='[]{}",:\\u0d8ae1 .-\n\x00é', max_size=60) | st.binary(max_size=60))
def test_any_text_is_json_as_the_standard_library_has_it_or_malformed(data):
    try:
        value = loads(data)
    except Malformed:
        return
    assert value == json.loads(data)


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 4_000_000,
        '"' + '\\"' * 2_000_000,
        '"' * 4_000_001,
        "[" * 100 + '"\\' * 1_000_000,
        "{" * 100 + "\\" * 2_000_000,
        "[" + "," * 4_000_000,
        "[" + "1e5," * 90_000,
        "[" + "[]" * 2_000_000,
        '{"":' * 60 + "[]" * 2_000_000,
    ],
    ids=lambda text: text[:5],
)
def test_hostile_json_is_refused_in_little_time(hostile):
    start = time.process_time()
    with pytest.raises(Malformed):
        loads(hostile)
    assert time.process_time() - start < 1.0
