"""Hostile bodies cost little: refused early, in flat memory. KIT_LONG=1 streams a whole gigabyte."""

import os
import time
import tracemalloc

import pytest

from kit.errors import TooLarge
from kit.http.body import Limits, field, parse, read, stream
from kit.testing import environ

SIZE = 1 << 30 if os.environ.get("KIT_LONG") else 32 << 20
HEAD = b'--xx\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n'
TAIL = b"\r\n--xx--\r\n"


class Flood:
    """An input of `size` bytes that are made while they are read, in pieces of at most `piece` bytes."""

    def __init__(self, size, head=b"", tail=b"", piece=1 << 30):
        self.head, self.tail, self.left, self.read_, self.piece = head, tail, size, 0, piece

    def read(self, size=-1):
        size = min(size, self.piece)
        found = self.head[:size]
        self.head = self.head[size:]
        if not found and self.left:
            found = b"x" * min(size, self.left)
            self.left -= len(found)
        if not found:
            found, self.tail = self.tail[:size], self.tail[size:]
        self.read_ += len(found)
        return found


def flooded(size, head=b"", tail=b"", kind="multipart/form-data; boundary=xx"):
    length = str(size + len(head) + len(tail))
    source = Flood(size, head, tail)
    return environ(
        method="POST", headers={"Content-Type": kind, "Content-Length": length}, environ={"wsgi.input": source}
    )


def peak(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def milliseconds(work):
    return min(_once(work) for _ in range(3)) * 1000


def _once(work):
    start = time.process_time()
    work()
    return time.process_time() - start


def refused(body, kind="multipart/form-data; boundary=xx"):
    def work():
        with pytest.raises(TooLarge):
            parse(environ(method="POST", body=body, headers={"Content-Type": kind}))

    return work


def test_a_hundred_thousand_parts_are_refused_at_once():
    body = b'--xx\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 100_000 + b"--xx--"
    assert milliseconds(refused(body)) < 50


def test_a_hundred_thousand_files_are_refused_at_once():
    body = (HEAD + b"1\r\n") * 100_000 + b"--xx--"
    assert milliseconds(refused(body)) < 50


def test_a_million_fields_are_refused_at_once():
    assert milliseconds(refused(b"a&" * 1_000_000, "application/x-www-form-urlencoded")) < 50


def test_a_large_file_streams_to_disk_in_flat_memory():
    found = []
    request = flooded(SIZE, HEAD, TAIL)
    used = peak(lambda: found.extend(parse(request, limits=Limits(size=SIZE + 1000)).items))
    assert found[0][1].size == SIZE
    assert used < 2 << 20


def test_a_large_body_streams_in_flat_memory():
    counted = []
    request = flooded(SIZE)
    used = peak(lambda: counted.append(sum(map(len, stream(request, limit=SIZE)))))
    assert counted == [SIZE]
    assert used < 1 << 20


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=xx"]
)
def test_what_claims_to_be_too_large_is_not_read_at_all(kind):
    request = flooded(1 << 40, kind=kind)
    with pytest.raises(TooLarge):
        parse(request)
    assert request["wsgi.input"].read_ == 0


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=xx"]
)
def test_a_body_without_a_length_is_read_no_further_than_its_limit(kind):
    request = flooded(1 << 30, HEAD if "multipart" in kind else b"", kind=kind)
    request["CONTENT_LENGTH"] = ""
    request["wsgi.input_terminated"] = True
    source = request["wsgi.input"]
    limits = Limits(size=1 << 20, spool=1 << 16)
    with pytest.raises(TooLarge):
        parse(request, limits=limits)
    assert source.read_ <= (1 << 20) + (1 << 16)


def test_a_client_that_sends_two_bytes_at_a_time_fills_no_memory():
    request = flooded(1 << 18, kind="application/json")
    request["wsgi.input"].piece = 2
    data = []
    assert peak(lambda: data.append(read(request, limit=1 << 20))) < 4 << 18
    assert len(data[0]) == 1 << 18


def test_a_text_field_cannot_fill_the_memory():
    request = flooded(64 << 20, HEAD.replace(b'; filename="a.bin"', b""), TAIL)

    def work():
        with pytest.raises(TooLarge, match="'f' is too long"):
            parse(request, limits=Limits(size=1 << 30))

    assert peak(work) < 4 << 20


def test_looking_for_a_token_reads_its_window_alone():
    request = flooded(1 << 30, HEAD, TAIL)
    source = request["wsgi.input"]
    assert field(request, "_csrf") is None
    assert source.read_ == 1 << 16


@pytest.mark.parametrize("line", [b"--xx\r", b"\r\n--x", b"\r\n--xx", b"\r", b"--xx--", b"\r\n-"])
def test_what_looks_like_a_boundary_costs_no_more(line):
    body = HEAD + line * (8_000_000 // len(line)) + TAIL

    def work():
        try:
            parse(environ(method="POST", body=body, headers={"Content-Type": "multipart/form-data; boundary=xx"}))
        except ValueError:
            pass

    assert milliseconds(work) < 1000
