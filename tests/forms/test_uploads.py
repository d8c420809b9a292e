"""Files: what is taken, what is refused, and what survives a failed post."""

import pytest

from kit.errors import ConfigError
from kit.forms import File, Form, field, rows
from kit.forms.uploads import byte_count, sniffed
from kit.http.body import Limits
from kit.seal import KeyRing, new_key
from kit.stores import MemoryStore
from kit.testing import environ

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


class Page(Form):
    title: str = field(max=10)
    file: File | None


class Profile(Form, limits=Limits(files=3)):
    name: str
    photo: File = field(accept="image/png,.gif", max_bytes="1KiB")
    docs: list[File] = field(max=2)
    pages: list[Page] = rows(max=3)


def post(form, *parts, **options):
    body = b""
    for name, value, *filename in parts:
        extra = f'; filename="{filename[0]}"' if filename else ""
        value = value if isinstance(value, bytes) else value.encode()
        body += f'--x\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + value + b"\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    return form.bind(environ(method="POST", body=body + b"--x--\r\n", headers=headers), **options)


def codes(form):
    return [(e.path, e.code) for e in form.errors]


def test_files_come_as_uploads():
    form = post(Profile, ("name", "a"), ("photo", PNG, "me.png"), ("docs", b"1", "a.txt"), ("docs", b"2", "b.txt"))
    assert form.valid, form.errors
    assert form.value.photo.value == PNG
    assert [doc.filename for doc in form.value.docs] == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (PNG, "me.exe", "file_type"),
        (b"<!doctype html><script>", "me.png", "file_content"),
        (b"GIF89a", "me.png", "file_content"),
        (b"plain", "me.png", "file_content"),
        (PNG * 50, "me.png", "too_big"),
        (b"", "", "required"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(content, name, code):
    assert codes(post(Profile, ("name", "a"), ("photo", content, name))) == [("photo", code)]


def test_text_where_a_file_should_be_is_refused_and_a_file_where_text_should_be():
    form = post(Profile, ("name", PNG, "a.png"), ("photo", "text"))
    assert codes(form) == [("name", "type"), ("photo", "file")]


def test_too_many_files_are_an_error():
    docs = [("docs", b"1", f"{i}.txt") for i in range(3)]
    assert codes(post(Page, ("title", "a"), ("file", b"1", "a"), ("file", b"2", "b"))) == [("file", "duplicate")]
    from kit.errors import TooLarge

    with pytest.raises(TooLarge):
        post(Profile, ("name", "a"), ("photo", PNG, "a.png"), *docs)


def test_a_file_survives_a_failed_post():
    keys, files = KeyRing([new_key()]), MemoryStore()
    page = ("pages.4.title", "t"), ("pages.4.file", b"x", "x.bin")
    first = post(Profile, ("name", ""), ("photo", PNG, "me.png"), *page, keys=keys, files=files)
    html = str(first)
    assert "Kept: me.png" in html
    tokens = {path: token for path, (token, _) in first.keepsakes.items()}
    assert set(tokens) == {"photo", "pages.4.file"}
    again = [(f"_keep.{path}", token) for path, token in tokens.items()]
    second = post(Profile, ("name", "ann"), ("photo", b"", ""), ("pages.4.title", "t"), *again, keys=keys, files=files)
    assert second.valid, second.errors
    assert second.value.photo.value == PNG
    assert second.value.pages[0].file.value == b"x"


def test_a_token_opens_for_its_own_input_alone_and_not_at_all_when_changed():
    keys, files = KeyRing([new_key()]), MemoryStore()
    first = post(Profile, ("name", ""), ("photo", PNG, "me.png"), keys=keys, files=files)
    token = first.keepsakes["photo"][0]
    for name, value in (("_keep.pages.0.file", token), ("_keep.photo", token[:-2] + "AA"), ("_keep.photo", "é\0")):
        form = post(Profile, ("name", "a"), ("photo", b"", ""), (name, value), keys=keys, files=files)
        assert codes(form) == [("photo", "required")]
    assert codes(post(Profile, ("name", "a"), ("_keep.photo", token))) == [("photo", "required")]


def test_a_form_with_files_anywhere_is_sent_as_multipart():
    assert 'enctype="multipart/form-data"' in Profile.bind(environ()).render()

    class Outer(Form):
        inner: list[Page]

    assert 'enctype="multipart/form-data"' in Outer.bind(environ()).render()


def test_sizes_are_written_as_people_write_them():
    assert (byte_count(5), byte_count("2MiB"), byte_count("3 kB")) == (5, 2 << 20, 3000)
    with pytest.raises(ConfigError, match="max_bytes"):
        byte_count("2 parsecs")
    with pytest.raises(ConfigError, match="accept"):
        type("Odd", (Form,), {"__annotations__": {"x": File}, "x": field(accept="pictures")})


@pytest.mark.parametrize("head", [b"\n <script>", b"<!-- x --><html>", b"<?xml version='1.0'?><svg>", b"<IFRAME"])
def test_active_content_is_known_by_its_first_bytes(head):
    assert sniffed(head) == "text/html"
