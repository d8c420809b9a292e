"""One bounded reader for every kind of body."""

import gzip
import io
import json

import pytest
import webob

from kit.errors import ConfigError, Malformed, TooLarge
from kit.http import Request, handler
from kit.http.body import LengthRequired, Limits, Unsupported, field, parse, peek, read, stream
from kit.testing import call, environ

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def posted(body, kind="application/x-www-form-urlencoded", **keys):
    return environ(method="POST", body=body, headers={"Content-Type": kind}, environ=keys)


def multipart(*parts, end="--", kind="multipart/form-data; boundary=xx"):
    body = "".join(f"--xx\r\n{head}\r\n\r\n{text}\r\n" for head, text in parts) + f"--xx{end}\r\n"
    return posted(body, kind)


def text_part(name, text="v"):
    return f'Content-Disposition: form-data; name="{name}"', text


def file_part(name, text="v", filename="a.txt"):
    return f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: text/x', text


class Once(io.RawIOBase):
    """An input that cannot go back, and gives what it has in small pieces, as a socket does."""

    def __init__(self, data, piece=3):
        self.data, self.piece, self.reads = data, piece, 0

    def readable(self):
        return True

    def read(self, size=-1):
        self.reads += 1
        size = self.piece if size < 0 else min(size, self.piece)
        found, self.data = self.data[:size], self.data[size:]
        return found


def test_an_urlencoded_form_keeps_order_and_repeats():
    body = parse(posted("b=1&a=%C3%A9+x&b=2&c&=n"))
    assert (body.kind, body.items) == ("form", [("b", "1"), ("a", "é x"), ("b", "2"), ("c", ""), ("", "n")])


def test_a_multipart_form_has_texts_and_files():
    body = parse(multipart(text_part("a", "é"), file_part("f", "content", "..\\dir/évil.php.txt")))
    (_, text), (_, file) = body.items
    assert text == "é"
    assert (file.filename, file.sent_name, file.type, file.size) == (
        "évil_php.txt",
        "..\\dir/évil.php.txt",
        "text/x",
        7,
    )
    assert (file.file.read(), file.value) == (b"content", b"content")


def test_an_empty_file_field_is_an_empty_text():
    assert parse(multipart(file_part("f", "", ""))).items == [("f", "")]


def test_json_is_a_value():
    for kind in ("application/json", "application/vnd.api+json; charset=utf-8"):
        body = parse(posted('{"a": [1]}', kind))
        assert (body.kind, body.json) == ("json", {"a": [1]})


def test_an_empty_body_has_no_kind():
    assert parse(environ()).kind == ""
    assert parse(posted("")).kind == ""
    assert parse(posted("", **{"wsgi.input_terminated": True})).kind == ""


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        ("a=%ff", FORM["Content-Type"], Malformed),
        (b"a=\xff", FORM["Content-Type"], Malformed),
        ("a=1", "text/plain", Unsupported),
        ("a=1", "", Unsupported),
        ("{", "application/json", Malformed),
        ("x", "multipart/form-data", Malformed),
        ("x", "multipart/form-data; boundary=", Malformed),
        ("x", "multipart/form-data; boundary=" + "b" * 71, Malformed),
        ("--xx\r\n", "multipart/form-data; boundary=xx", Malformed),
        ("--xx\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xx--", "multipart/form-data; boundary=xx", Malformed),
        ("--xx\r\nContent-Type: a/b\r\n\r\nx\r\n--xx--", "multipart/form-data; boundary=xx", Malformed),
        ("--xx\r\n\xff\r\n\r\nx\r\n--xx--", "multipart/form-data; boundary=xx", Malformed),
    ],
)
def test_a_bad_body_is_a_clear_error(body, kind, error):
    with pytest.raises(error) as caught:
        parse(posted(body, kind))
    assert caught.value.status in (400, 415)
    assert call(handler(lambda request: str(parse(request))), environ=posted(body, kind)).status == caught.value.status


def test_a_multipart_field_that_is_no_text_is_malformed():
    raw = b'--xx\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--xx--'
    with pytest.raises(Malformed, match="'a' is not in UTF-8"):
        parse(posted(raw, "multipart/form-data; boundary=xx"))


def test_only_the_accepted_kinds_pass():
    with pytest.raises(Unsupported, match="send application/json"):
        parse(posted("a=1"), accept=("json",))
    with pytest.raises(Unsupported, match="multipart/form-data"):
        parse(posted("{}", "application/json"), accept=("form",))
    request = posted("{}", "application/json")
    parse(request)
    with pytest.raises(Unsupported):
        parse(request, accept=("form",))


@pytest.mark.parametrize(
    ("limits", "request_"),
    [
        (Limits(size=2), posted("a=1")),
        (Limits(memory=2), posted("a=1")),
        (Limits(fields=2), posted("a&b&c")),
        (Limits(memory=2), posted("[1]", "application/json")),
        (Limits(fields=1), multipart(text_part("a"), text_part("b"))),
        (Limits(files=1), multipart(file_part("a"), file_part("b"))),
        (Limits(field=2), multipart(text_part("a", "123"))),
        (Limits(memory=2), multipart(text_part("a", "12"), text_part("b", "1"))),
        (Limits(size=100), multipart(file_part("a", "x" * 100))),
        (Limits(), multipart((f"X: {'y' * 5000}", ""))),
        (Limits(), multipart(("\r\n".join(f"X-{n}: y" for n in range(20)), ""))),
    ],
)
def test_what_is_over_a_limit_is_too_large(limits, request_):
    with pytest.raises(TooLarge) as caught:
        parse(request_, limits=limits)
    assert caught.value.status == 413


@pytest.mark.parametrize(("limits", "error"), [(Limits(depth=1), Malformed), (Limits(items=1), Malformed)])
def test_json_has_limits_of_its_own(limits, error):
    with pytest.raises(error):
        parse(posted("[[1],2,3]", "application/json"), limits=limits)


def test_a_negative_limit_is_refused():
    with pytest.raises(ConfigError, match="files"):
        Limits(files=-1)


def test_too_long_a_body_is_refused_before_it_is_read():
    source = Once(b"x" * 100)
    with pytest.raises(TooLarge):
        read(posted("", CONTENT_LENGTH="100", **{"wsgi.input": source}), limit=99)
    assert source.reads == 0


@pytest.mark.parametrize("length", ["-1", "+5", " 5", "5,5", "٣", "1e3", "9" * 30, "0x1"])
def test_a_length_that_is_none_is_malformed(length):
    with pytest.raises(Malformed, match="Content-Length"):
        read(posted("hello", CONTENT_LENGTH=length), limit=100)


def test_a_body_that_ends_early_is_malformed():
    with pytest.raises(Malformed, match="2 bytes before"):
        read(posted("hello", CONTENT_LENGTH="7"), limit=100)


def test_a_client_that_goes_away_is_malformed():
    class Broken:
        def read(self, size):
            raise ConnectionResetError

    with pytest.raises(Malformed, match="client is gone"):
        read(posted("", CONTENT_LENGTH="7", **{"wsgi.input": Broken()}), limit=100)


def test_nothing_is_read_past_the_length():
    source = io.BytesIO(b"a=1NEXT REQUEST")
    assert parse(posted("", CONTENT_LENGTH="3", **{"wsgi.input": Once(b"a=1NEXT")})).items == [("a", "1")]
    assert read(posted("", CONTENT_LENGTH="3", **{"wsgi.input": source}), limit=10) == b"a=1"


def test_a_body_without_a_length_ends_where_a_terminated_input_ends():
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    with pytest.raises(LengthRequired):
        parse(posted("", **chunked))
    terminated = chunked | {"wsgi.input_terminated": True}
    assert parse(posted("", **terminated, **{"wsgi.input": Once(b"a=1&b=2")})).items == [("a", "1"), ("b", "2")]
    with pytest.raises(TooLarge):
        read(posted("", **terminated, **{"wsgi.input": Once(b"x" * 100)}), limit=50)


def test_a_body_without_length_or_end_is_empty():
    assert read(posted("", CONTENT_LENGTH="", **{"wsgi.input": Once(b"endless")}), limit=10) == b""


@pytest.mark.parametrize("size", [0, 1, 4, 7, 100])
def test_peeking_leaves_the_body(size):
    for source in (Once(b"one\ntwo"), io.BytesIO(b"one\ntwo")):
        request = posted("", CONTENT_LENGTH="7", **{"wsgi.input": source})
        assert peek(request, size) == b"one\ntwo"[:size]
        assert peek(request, size + 1) == b"one\ntwo"[: size + 1]
        assert read(request, limit=7) == b"one\ntwo"


def test_a_peeked_input_gives_as_much_as_is_asked_for():
    request = posted("", CONTENT_LENGTH="200000", **{"wsgi.input": Once(b"x" * 300_000, piece=1000)})
    peek(request, 10)
    assert len(request["wsgi.input"].read(150_000)) == 150_000
    assert len(request["wsgi.input"].read(150_000)) == 50_000


def test_peeking_reads_no_more_than_it_shows():
    source = Once(b"0123456789")
    request = posted("", CONTENT_LENGTH="10", **{"wsgi.input": source})
    peek(request, 4)
    assert len(source.data) == 6


def test_a_peeked_input_is_still_a_file():
    def peeked(data=b"one\ntwo\nthree"):
        request = posted("", CONTENT_LENGTH=str(len(data)), **{"wsgi.input": Once(data + b"\nNEXT")})
        peek(request, 5)
        return request["wsgi.input"]

    assert peeked().read() == b"one\ntwo\nthree"
    assert list(peeked()) == [b"one\n", b"two\n", b"three"]
    assert peeked().readlines() == [b"one\n", b"two\n", b"three"]
    source = peeked()
    assert [source.readline(2), source.readline(2), source.readline(50)] == [b"on", b"e\n", b"two\n"]
    assert source.read(4) == b"thre"


def test_a_field_is_found_in_the_first_bytes():
    for source in ("x=1&_csrf=to%6ben&y=2", multipart(text_part("x"), text_part("_csrf", "token"))):
        request = source if isinstance(source, dict) else posted(source)
        assert field(request, "_csrf") == "token"
        assert field(request, "_other") is None
        assert len(parse(request).items) in (2, 3)


def test_a_field_must_lie_wholly_in_the_first_bytes():
    request = posted("a=1&_csrf=token&b=" + "x" * 100)
    assert field(request, "_csrf", within=15) is None
    assert field(request, "_csrf", within=16) == "token"
    assert field(posted("_csrf=token"), "_csrf", within=11) == "token"
    long = multipart(text_part("a", "x" * 100), text_part("_csrf", "token"))
    assert field(long, "_csrf", within=100) is None
    assert field(long, "_csrf") == "token"


def test_no_field_is_found_where_there_is_no_form():
    assert field(environ(), "a") is None
    assert field(posted('{"a": "1"}', "application/json"), "a") is None
    assert field(posted("a=%ff"), "a") is None
    assert field(posted("x", "multipart/form-data"), "a") is None
    assert field(multipart(file_part("a")), "a") is None


def test_a_large_file_goes_to_disk_and_is_closed_with_its_last_reference():
    request = multipart(file_part("small", "x"), file_part("large", "x" * 200_000))
    small, large = (value for _, value in parse(request).items)
    assert (small.file._rolled, large.file._rolled) == (False, True)
    inner = large.file._file
    assert not inner.closed
    del small, large, request["kit.http.body"]
    assert inner.closed


def test_the_body_is_parsed_once():
    request = posted("a=1", **{"wsgi.input": Once(b"a=1")})
    assert parse(request) is parse(request)
    assert Request(request).POST["a"] == "1"
    request["wsgi.input"] = io.BytesIO(b"a=2")
    assert parse(request).items == [("a", "2")]


def test_chunks_come_one_by_one():
    pieces = list(stream(posted("", CONTENT_LENGTH="7", **{"wsgi.input": Once(b"0123456")}), limit=7))
    assert pieces == [b"012", b"345", b"6"]


def test_a_body_that_was_refused_can_be_read_in_another_way():
    request = posted("a=1")
    with pytest.raises(Unsupported):
        parse(request, accept=("json",))
    assert parse(request).items == [("a", "1")]
    broken = posted("{", "application/json")
    with pytest.raises(Malformed):
        parse(broken)
    assert read(broken, limit=9) == b"{"


def test_a_compressed_body_is_not_opened():
    with pytest.raises(Unsupported, match="compressed"):
        parse(posted(gzip.compress(b"{}"), "application/json", HTTP_CONTENT_ENCODING="gzip"))


def test_a_request_reads_its_body_here():
    request = Request(multipart(text_part("a", "1"), file_part("f", "x")))
    assert request.POST["a"] == "1"
    assert request.POST["f"].filename == "a.txt"
    assert request.POST is request.POST
    assert webob.Request(request.environ).POST["a"] == "1"
    assert request.body.startswith(b"--xx")
    assert request.params.getall("a") == ["1"]
    assert dict(Request(environ()).POST) == {}
    assert Request(posted('{"a": 1}', "application/json")).json == {"a": 1}
    for bad, error in ((posted("", "application/json"), Malformed), (posted("a=1"), Unsupported)):
        with pytest.raises(error):
            _ = Request(bad).json_body


def test_a_request_can_still_be_made_by_hand():
    request = Request.blank("/x?a=1;b=2&c=%zz", POST={"k": "v"})
    assert (request.method, request.POST["k"], list(request.GET.items())) == (
        "POST",
        "v",
        [("a", "1;b=2"), ("c", "%zz")],
    )
    request.json = {"a": 1}
    assert json.loads(request.body) == {"a": 1}
    request.path_info = "/é"
    assert (request.path_info, request.environ["PATH_INFO"].encode("latin-1")) == ("/é", "/é".encode())


def test_a_query_or_a_path_that_is_no_text_is_malformed():
    with pytest.raises(Malformed, match="query"):
        _ = Request(environ(query="a=%ff")).GET
    with pytest.raises(Malformed, match="path"):
        _ = Request(environ("/%ff")).path_info
    with pytest.raises(TooLarge):
        _ = Request(environ(query="a&" * 1001)).GET
