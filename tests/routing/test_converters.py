"""Converters: what fits, what it stands for, and that a URL written from a value matches back to it."""

import datetime
import enum
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.errors import ConfigError
from kit.routing import NoUrl, Router, enum_of
from kit.routing.converters import Converter
from kit.testing import call


class Colour(enum.Enum):
    RED = "red"
    BLUE = "a/b c"
    SEVEN = 7


class Hexadecimal(Converter):
    pattern = "[0-9a-f]+"

    def parse(self, text):
        return int(text, 16)

    def build(self, value):
        return self._fits(f"{value:x}")


OWN = {"colour": enum_of(Colour), "hex": Hexadecimal()}
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=30)
VALUES = {
    "": TEXT,
    "str": TEXT,
    "int": st.integers(min_value=0),
    "int(min=3,max=9)": st.integers(3, 9),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "float(max=1)": st.floats(max_value=1, allow_infinity=False),
    "uuid": st.uuids(),
    "date": st.dates(),
    "slug": st.from_regex("[-a-zA-Z0-9_]+", fullmatch=True),
    "path": st.lists(TEXT | st.just(""), min_size=1, max_size=4).map("/".join),
    "any(one,two words,drei)": st.sampled_from(["one", "two words", "drei"]),
    "colour": st.sampled_from(Colour),
    "hex": st.integers(min_value=0),
    r"\d{4}|[a-z]+": st.from_regex(r"\d{4}|[a-z]+", fullmatch=True),
}
ROUTERS = {}
for _matcher in ("compiled", "mapper"):
    for _kind in VALUES:
        ROUTERS[_matcher, _kind] = Router(converters=OWN, matcher=_matcher)
        ROUTERS[_matcher, _kind].get(f"/a/{{x:{_kind}}}", lambda x: "", name="a")
        ROUTERS[_matcher, _kind].get(f"/b/{{x:{_kind}}}/c", lambda x: "", name="b")


@pytest.mark.parametrize("matcher", ["compiled", "mapper"])
@pytest.mark.parametrize("kind", VALUES)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_written_into_a_url_comes_back(matcher, kind, data):
    router, value = ROUTERS[matcher, kind], data.draw(VALUES[kind])
    for name in ("a", "b"):
        try:
            url = router.url(name, x=value)
        except NoUrl:
            if kind not in ("", "str", "path"):
                assert value < 0 or len(str(value)) > 4000
            else:
                control = any(ord(char) < 32 or ord(char) == 127 for char in value)
                assert control or value[:1] in "/" or {".", ".."} & set(value.split("/"))
            return
        seen = []
        answer = call(_recording(router, seen), url)
        assert answer.status == 200, url
        assert seen == [value]
        assert type(seen[0]) is type(value)


def _recording(router, seen):
    def app(environ, start_response):
        body = router(environ, start_response)
        seen.append(environ["wsgiorg.routing_args"][1]["x"])
        return body

    return app


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("int", [-1, 1.5, True, "x", "-1", None, float("nan")]),
        ("int(max=9)", [10]),
        ("float", ["x", float("inf"), float("nan")]),
        ("uuid", ["7", 7]),
        ("date", ["2024-02-31", "24-1-1", 7]),
        ("slug", ["a b", ""]),
        ("", ["", "a/b", ".", "..", "a\nb", "\ud800"]),
        ("path", ["", "/etc", "a/../b", "..", "./a", "a\x00"]),
        ("any(a,b)", ["c"]),
        ("colour", ["green", 8]),
    ],
)
def test_a_value_that_would_not_come_back_is_refused(kind, bad):
    router = Router(converters=OWN)
    router.get(f"/{{x:{kind}}}", lambda x: "", name="x")
    for value in bad:
        with pytest.raises(NoUrl):
            router.url("x", x=value)


@pytest.mark.parametrize("matcher", ["compiled", "mapper"])
@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("int", ["-1", "٣", "1.0", "", "9" * 5000]),
        ("int(min=3)", ["2"]),
        ("float", ["1e5", "nan", ".5", "9" * 400]),
        ("uuid", ["00000000000000000000000000000000", "x"]),
        ("date", ["2024-02-31", "2024-1-1", "20240101"]),
        ("slug", ["a b", "é"]),
        ("path", ["", "/a"]),
        ("any(a,b)", ["ab", "A"]),
        ("colour", ["RED", "8"]),
    ],
)
def test_a_text_that_is_no_value_is_not_found(matcher, kind, bad):
    router = Router(converters=OWN, matcher=matcher, max_path=10_000)
    router.get(f"/p/{{x:{kind}}}", lambda x: "")
    assert [router.match("GET", "/p/" + text) for text in bad] == [None] * len(bad)


def test_the_values_have_their_types():
    router = Router(converters=OWN)
    router.get("/{i:int}/{f:float}/{u:uuid}/{d:date}/{c:colour}", lambda **args: "")
    text = "/7/1.5/12345678-1234-5678-1234-567812345678/2024-02-29/7"
    assert router.match("GET", text)[1] == {
        "i": 7,
        "f": 1.5,
        "u": uuid.UUID("12345678-1234-5678-1234-567812345678"),
        "d": datetime.date(2024, 2, 29),
        "c": Colour.SEVEN,
    }


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/{x:integer}", "no converter is called 'integer'"),
        ("/{x:[a-}", "is not closed"),
        ("/{x:(}", "no regular expression"),
        ("/{x:any()}", "allows nothing"),
        ("/{x:int(size=3)}", "does not take"),
        (r"/{x:(\w)\1}", "refers to one"),
        ("/{x:(?P<y>a)}", "names a group"),
        ("/{x}/{x}", "a variable twice"),
        ("/{1x}", "which is no name"),
        ("/{x", "is not closed"),
        ("/x}", "was not opened"),
        ("x", "does not begin with a slash"),
    ],
)
def test_a_mistake_in_a_path_is_an_error_at_its_declaration(path, message):
    with pytest.raises(ConfigError, match=message):
        Router().get(path, lambda **args: "")


def test_text_that_fits_may_stand_for_the_value_in_a_url():
    router = Router()
    router.get("/{i:int}/{u:uuid}/{d:date}", lambda **args: "", name="x")
    texts = {"i": "007", "u": "12345678-1234-5678-1234-56781234567A", "d": "2024-02-29"}
    assert router.url("x", **texts) == "/7/12345678-1234-5678-1234-56781234567a/2024-02-29"


def test_doubled_braces_are_literal():
    router = Router()
    router.get("/{{{x}}}/{{y}}", lambda x: x, name="x")
    assert call(router, "/%7Ba%7D/%7By%7D").text == "a"
    assert router.url("x", x="b") == "/%7Bb%7D/%7By%7D"
