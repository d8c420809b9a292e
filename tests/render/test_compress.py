"""Compress: smaller on the wire, the same to the client."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import brotli
import pytest
import zstandard

from kit.errors import ConfigError
from kit.render import Compress, Static
from kit.testing import call
from kit.wsgi.lint import check_layer

TEXT = "some text that repeats, some text that repeats. " * 200
BYTES = TEXT.encode()


def unpack(body: bytes, coding: str | None) -> bytes:
    if coding == "gzip":
        return gzip.decompress(body)
    if coding == "br":
        return brotli.decompress(body)
    return zstandard.ZstdDecompressor().decompressobj().decompress(body) if coding == "zstd" else body


def app(body: Any = BYTES, status: str = "200 OK", **headers: str) -> Any:
    head = {"Content-Type": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}

    def inner(environ: Any, start_response: Any) -> Any:
        start_response(status, list(head.items()))
        return [body] if isinstance(body, bytes) else body

    return inner


@pytest.mark.parametrize("accept", ["gzip", "br", "zstd", "identity"])
def test_compress_keeps_the_contract(accept: str) -> None:
    check_layer(lambda inner: Compress(inner, minimum=0), environ={"HTTP_ACCEPT_ENCODING": accept})


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_client_gets_the_coding_it_takes(coding: str) -> None:
    answer = call(Compress(app()), headers={"Accept-Encoding": coding})
    assert answer.headers["Content-Encoding"] == coding and answer.headers["Vary"] == "Accept-Encoding"
    assert len(answer.body) < 300 and "Content-Length" not in answer.headers
    assert unpack(answer.body, coding).decode() == TEXT


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip;q=0, *;q=0.1", "zstd"),
        ("identity", None),
        ("deflate", None),
        ("", None),
        ("gzip;q=0", None),
        ("identity, gzip;q=0.5", None),
    ],
)
def test_the_clients_weights_decide(accept: str, coding: str | None) -> None:
    answer = call(Compress(app()), headers={"Accept-Encoding": accept})
    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert unpack(answer.body, coding).decode() == TEXT


@pytest.mark.parametrize(
    "inner",
    [
        app(Content_Type="image/png"),
        app(Content_Type="application/zip"),
        app(Content_Type="text/event-stream"),
        app(Content_Encoding="br"),
        app(Content_Range="bytes 0-1/9", status="206 Partial Content"),
        app(Cache_Control="private, no-transform"),
        app(b"short", Content_Length="5"),
        app(b"", status="304 Not Modified"),
        app(b"", status="204 No Content"),
    ],
)
def test_what_must_not_or_need_not_be_packed_is_left_alone(inner: Any) -> None:
    with_layer, without = call(Compress(inner), headers={"Accept-Encoding": "gzip"}), call(inner)
    assert with_layer.body == without.body and with_layer.headers.items() == without.headers.items()


@pytest.mark.parametrize(
    "kind", ["application/json", "application/problem+json", "image/svg+xml", "text/csv; header=present"]
)
def test_types_that_shrink_are_packed(kind: str) -> None:
    assert "Content-Encoding" in call(Compress(app(Content_Type=kind)), headers={"Accept-Encoding": "gzip"}).headers


def test_each_chunk_of_a_stream_can_be_read_at_once() -> None:
    for coding, opener in (
        ("gzip", lambda: zlib.decompressobj(31)),
        ("br", brotli.Decompressor),
        ("zstd", zstandard.ZstdDecompressor().decompressobj),
    ):
        made: list[bytes] = []

        def chunks(made: list[bytes] = made) -> Any:
            for chunk in (b"first", b"", b"second"):
                made.append(chunk)
                yield chunk

        environ = {"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": coding}
        body = iter(Compress(app(chunks()))(environ, lambda *args: lambda data: None))
        reader = opener()
        read = getattr(reader, "decompress", None) or reader.process
        assert read(next(body)) == b"first" and made == [b"first"]
        assert next(body) == b"" and read(next(body)) == b"second"


def test_head_promises_what_get_sends() -> None:
    head, get = (call(Compress(app(body)), method=method, headers={"Accept-Encoding": "gzip"}) for method, body in (
        ("HEAD", b""), ("GET", BYTES)))  # fmt: skip
    assert head.body == b"" and head.headers.items() == get.headers.items()


def test_closes_the_body_inside() -> None:
    closed = []

    class Body:
        def __iter__(self) -> Any:
            return iter([b"x"])

        def close(self) -> None:
            closed.append(1)

    call(Compress(app(Body())), headers={"Accept-Encoding": "gzip"})
    assert closed == [1]


def test_write_is_packed_too() -> None:
    def inner(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"one ")
        return [b"two"]

    answer = call(Compress(inner), headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.body) == b"one two"


def test_packed_version_has_a_tag_of_its_own_that_is_known_again() -> None:
    seen: list[Any] = []

    def inner(environ: Any, start_response: Any) -> Any:
        seen.append((environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MATCH")))
        return app(ETag='"v7"')(environ, start_response)

    site = Compress(inner)
    tag = call(site, headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    assert tag == '"v7~gzip"' and call(site).headers["ETag"] == '"v7"'
    call(site, headers={"If-None-Match": f'W/"x", {tag}', "If-Match": tag})
    assert seen[-1] == ('W/"x", "v7"', '"v7"')


def test_unchanged_answer_carries_the_tag_that_the_client_has() -> None:
    site = Compress(app(b"", status="304 Not Modified", ETag='"v7"'))
    for known, tag in (('"v7~gzip"', '"v7~gzip"'), ('"v7"', '"v7"'), ('"v7~br"', '"v7"')):
        answer = call(site, headers={"Accept-Encoding": "gzip", "If-None-Match": known})
        assert answer.headers["ETag"] == tag


def test_copies_that_static_has_packed_stay_as_they_are(tmp_path: Any) -> None:
    (tmp_path / "a.css").write_text(TEXT)
    (tmp_path / "a.css.gz").write_bytes(gzip.compress(TEXT.encode()))
    site = Compress(Static(app(), folder=tmp_path, prefix="/s"))
    answer = call(site, "/s/a.css", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.body).decode() == TEXT
    again = call(site, "/s/a.css", headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize("options", [{"codings": ["deflate"]}, {"minimum": -1}])
def test_options_that_make_no_sense_fail_at_once(options: Any) -> None:
    with pytest.raises(ConfigError):
        Compress(app(), **options)
