"""Negotiation by RFC 9110, 12.5, with the examples of the RFC."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webob.acceptparse import create_accept_header

from kit.http.negotiate import best, best_encoding, best_language

RFC = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"


@pytest.mark.parametrize(
    ("offer", "weight"),
    [
        ("text/plain;format=flowed", 1.0),
        ("text/plain", 0.7),
        ("text/html", 0.3),
        ("image/jpeg", 0.5),
        ("text/plain;format=fixed", 0.4),
        ("text/html;level=3", 0.3),
    ],
)
def test_the_table_of_rfc_9110_12_5_1(offer, weight):
    """The weight of an offer lies between two rivals of known weight."""
    for rival, better in ((weight - 0.05, offer), (weight + 0.05, "x/rival")):
        if rival <= 1:
            assert best(f"{RFC}, x/rival;q={rival:.2f}", ("x/rival", offer)) == better


@pytest.mark.parametrize(
    ("header", "offers", "found"),
    [
        ("audio/*; q=0.2, audio/basic", ("audio/mp3", "audio/basic"), "audio/basic"),
        (
            "text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c",
            ("text/x-dvi", "text/x-c", "text/html"),
            "text/x-c",
        ),
        (None, ("a/b", "c/d"), "a/b"),
        ("", ("a/b",), "a/b"),
        ("*/*", ("a/b", "c/d"), "a/b"),
        ("text/html", ("a/b",), None),
        ("a/b;q=0", ("a/b",), None),
        ("a/b;q=0, */*", ("a/b", "c/d"), "c/d"),
        ("A/B;Q=0.5", ("a/b",), "a/b"),
        ("a/b;q=1.5, c/d;q=0.1", ("a/b", "c/d"), "c/d"),
        ("a/b;q=-1", ("a/b",), "a/b"),
        ("garbage", ("a/b",), "a/b"),
        ('a/b;x="1,2";q=0.1, c/d;q=0.2', ('a/b;x="1,2"', "c/d"), "c/d"),
        ("a/b", ("a/b;charset=utf-8",), "a/b;charset=utf-8"),
        ("a/b;v=1", ("a/b",), None),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            ("application/json", "text/html"),
            "text/html",
        ),
        ("a/b", (), None),
        (None, (), None),
    ],
)
def test_the_best_media_type(header, offers, found):
    assert best(header, offers) == found


@pytest.mark.parametrize(
    ("header", "offers", "found"),
    [
        ("da, en-gb;q=0.8, en;q=0.7", ("en", "da"), "da"),
        ("da, en-gb;q=0.8, en;q=0.7", ("en", "en-GB"), "en-GB"),
        ("da, en-gb;q=0.8, en;q=0.7", ("en-US",), "en-US"),
        ("zh-Hant-CN-x-private1", ("zh-hant", "zh"), "zh-hant"),
        ("de-CH", ("fr", "de"), "de"),
        ("de", ("de-AT", "de-CH"), "de-AT"),
        ("fr;q=0, *", ("fr", "en"), "en"),
        ("en, de", ("de", "en"), "en"),
        ("it", ("de", "en"), None),
        ("*", ("de", "en"), "de"),
        ("de-CH, de;q=0", ("de", "en"), None),
        (None, ("de",), "de"),
    ],
)
def test_the_best_language(header, offers, found):
    assert best_language(header, offers) == found


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("gzip, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("compress;q=0.5, gzip;q=1.0", "gzip"),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("identity, gzip;q=0.5", "identity"),
        ("deflate", "identity"),
        ("", "identity"),
        (None, "identity"),
        ("*;q=0", "identity"),
        ("GZIP", "gzip"),
    ],
)
def test_the_best_encoding(header, found):
    assert best_encoding(header, ("br", "gzip")) == found


RANGES = st.sampled_from(["text/html", "text/*", "*/*", "application/json", "image/png", "text/plain"])
WEIGHTS = st.sampled_from(["", ";q=0", ";q=0.001", ";q=0.5", "; q=0.75", ";q=1", ";q=1.000"])


@given(st.lists(st.tuples(RANGES, WEIGHTS), min_size=1, max_size=6, unique_by=lambda item: item[0]))
def test_plain_headers_are_read_as_webob_reads_them(items):
    header = ", ".join(name + weight for name, weight in items)
    offers = ("application/json", "text/html", "image/png")
    theirs = create_accept_header(header).acceptable_offers(list(offers))
    assert best(header, offers) == (theirs[0][0] if theirs else None)


@given(st.text(alphabet='ab/*;,q=01." \\\t\n\x00é-', max_size=80))
def test_no_header_breaks_anything(header):
    assert best(header, ("a/b", "b/a")) in ("a/b", "b/a", None)
    assert best_language(header, ("a", "b")) in ("a", "b", None)
    assert best_encoding(header, ("a",)) in ("a", "identity")


@pytest.mark.parametrize("piece", ["a/b,", '"', "a/b;q=0.1;", "a;=", 'a/b;x="\\', ",", "*/*;", "a-" * 9 + ","])
def test_a_hostile_header_is_cheap(piece):
    start = time.process_time()
    for number in range(10):  # ten different headers, so that no cache helps
        header = f"x/{number}," + piece * (1_000_000 // len(piece))
        best(header, ("text/html", "application/json"))
        best_language(header, ("en", "de"))
        best_encoding(header, ("gzip",))
    assert time.process_time() - start < 1.0
