"""Bodies of every shape: read as WebOb and the multipart package read them, or refused; never anything else."""

import io
import json
from urllib.parse import urlencode

import multipart
import webob
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import KitError
from kit.http.body import field, parse, peek
from kit.http.pairs import pairs
from kit.testing import environ

NAMES = st.text(st.characters(codec="utf-8", exclude_characters='"\r\n\\%\0'), min_size=1, max_size=12)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
FILES = st.tuples(NAMES.filter(lambda name: name.strip()), st.binary(max_size=200))
KIND = "multipart/form-data; boundary=----kit7"


class Pieces(io.RawIOBase):
    """An input that gives pieces of every size."""

    def __init__(self, data, sizes):
        self.data, self.sizes = data, sizes

    def read(self, size=-1):
        if self.sizes:
            size = min(size, self.sizes.pop()) if size >= 0 else self.sizes.pop()
        found, self.data = (self.data, b"") if size < 0 else (self.data[:size], self.data[size:])
        return found


def encoded(items):
    made = b""
    for name, value in items:
        made += f'------kit7\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if isinstance(value, tuple):
            made += f'; filename="{value[0]}"\r\nContent-Type: application/x-thing'.encode()
            value = value[1]
        made += b"\r\n\r\n" + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    return made + b"------kit7--\r\n"


def posted(body, kind, source=None):
    keys = {"CONTENT_LENGTH": str(len(body))} | ({"wsgi.input": source} if source else {})
    return environ(method="POST", body=body, headers={"Content-Type": kind}, environ=keys)


def status_of(request):
    """What a handler that reads the body would answer."""
    try:
        parse(request)
    except KitError as exc:
        return exc.status
    return 200


def plain(items):
    return [(name, value if isinstance(value, str) else (value.sent_name, value.value)) for name, value in items]


@given(st.lists(st.tuples(NAMES, TEXTS | FILES), max_size=6), st.lists(st.integers(1, 50), max_size=20))
def test_multipart_forms_come_back_as_they_were_sent(items, sizes):
    body = encoded(items)
    assert plain(parse(posted(body, KIND, Pieces(body, sizes))).items) == items


@given(st.lists(st.tuples(NAMES.map(str.strip).filter(bool), TEXTS | FILES), min_size=1, max_size=5))
def test_multipart_forms_are_read_as_others_read_them(items):
    body = encoded(items)
    ours = plain(parse(posted(body, KIND)).items)
    forms, files = multipart.parse_form_data(posted(body, KIND), strict=True)
    theirs = [(name, part.raw) for name, part in files.iterallitems()]
    assert sorted((name, value[1]) for name, value in ours if isinstance(value, tuple)) == sorted(theirs)
    assert sorted(pair for pair in ours if isinstance(pair[1], str)) == sorted(forms.iterallitems())


ASCII = st.text("abcXYZ 019-_.", min_size=1, max_size=9).map(str.strip).filter(bool)


@given(st.lists(st.tuples(ASCII, TEXTS | st.tuples(ASCII, st.binary(max_size=99))), min_size=1, max_size=5))
def test_multipart_forms_are_read_as_webob_reads_them(items):
    body = encoded(items)
    theirs = webob.Request(posted(body, KIND)).POST.items()
    shown = [(k, v if isinstance(v, str) else (v.filename, v.file.read())) for k, v in theirs]
    assert plain(parse(posted(body, KIND)).items) == shown


PAIRS = st.lists(st.tuples(TEXTS.filter(lambda text: ";" not in text), TEXTS.filter(lambda text: ";" not in text)))


@given(PAIRS)
def test_urlencoded_forms_are_read_as_webob_reads_them(items):
    query = urlencode(items)
    assert pairs(query.encode(), limit=1000) == items
    assert list(webob.Request.blank("/?" + query).GET.items()) == items


@given(
    st.sampled_from([KIND, "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=a"]),
    st.binary(max_size=200) | st.text(alphabet='-kit7\r\n:;="a&%[]{}, ', max_size=200).map(str.encode),
    st.lists(st.integers(1, 9), max_size=9),
)
def test_any_bytes_are_a_body_or_refused(kind, body, sizes):
    request = posted(body, kind, Pieces(body, sizes))
    assert peek(request, 10) == body[:10]
    field(request, "a")
    assert status_of(request) in (200, 400, 413, 415)


@given(st.lists(st.tuples(NAMES, TEXTS | FILES), max_size=4), st.data())
def test_a_damaged_body_is_a_body_or_refused(items, data):
    body = bytearray(encoded(items))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from([b"", b"\r\n", b"--", b"\x00", b'"', b":"])
        )
    assert status_of(posted(bytes(body), KIND)) in (200, 400, 413)


@given(st.text(max_size=60) | st.text(alphabet=';= "\\boundary:', max_size=60), st.text(max_size=9))
def test_any_content_type_is_read_or_refused(kind, length):
    made = environ(
        method="POST", headers={"Content-Type": f"multipart/form-data{kind}"}, environ={"wsgi.input": io.BytesIO(b"x")}
    )
    made["CONTENT_LENGTH"] = length
    assert status_of(made) in (200, 400, 411, 413, 415)


@given(st.recursive(st.integers() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=9))
def test_json_bodies_are_read_as_the_standard_library_reads_them(value):
    body = json.dumps(value).encode()
    assert parse(posted(body, "application/json")).json == value
