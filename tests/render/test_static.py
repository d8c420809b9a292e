"""Static: files below one folder, and nothing else whatever the path says."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path
from typing import Any

import pytest

from kit.errors import ConfigError, KitError
from kit.render import Assets, Static
from kit.render.assets import media_type
from kit.testing import call
from kit.wsgi.lint import check_layer

BYTES = bytes(range(256)) * 1000


def site(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the site"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "static"
    (made / "img").mkdir(parents=True)
    (made / "app.css").write_text("p{color:red}")
    (made / "img" / "a b é.svg").write_text("<svg/>")
    (made / "data.bin").write_bytes(BYTES)
    (made / ".env").write_text("KEY=s3cret")
    (tmp_path / "secret.txt").write_text("s3cret")
    return made


@pytest.fixture
def app(folder: Path) -> Static:
    return Static(site, folder=folder, prefix="/static")


def test_static_keeps_the_contract(folder: Path) -> None:
    check_layer(lambda app: Static(app, folder=folder, prefix="/static"), paths=["/", "/static/app.css", "/static/no"])


def test_serves_files_with_type_length_and_validators(app: Static) -> None:
    answer = call(app, "/static/app.css")
    assert (answer.status, answer.text) == (200, "p{color:red}")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Content-Length"] == "12"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert {"ETag", "Last-Modified", "Cache-Control"} <= set(answer.headers)
    assert call(app, "/static/img/a%20b%20é.svg").headers["Content-Type"] == "image/svg+xml"
    assert call(app, "/static/data.bin").body == BYTES


def test_everything_else_goes_to_the_app(app: Static) -> None:
    for path in ("/", "/staticx", "/static", "/other/static/app.css"):
        assert call(app, path).text == "the site"


def test_head_has_the_headers_without_the_body(app: Static) -> None:
    head, get = call(app, "/static/data.bin", method="HEAD"), call(app, "/static/data.bin")
    assert head.body == b"" and head.headers.items() == get.headers.items()


def test_only_get_and_head(app: Static) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "get"):
        answer = call(app, "/static/app.css", method=method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


ATTACKS = [
    "",
    ".",
    "..",
    "/",
    "//",
    "../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "img/../../secret.txt",
    "img/..%2f../secret.txt",
    "img/../app.css",
    "./app.css",
    "/app.css",
    "//app.css",
    "img//a%20b%20é.svg",
    "app.css/",
    "app.css/.",
    "app.css/..",
    "..%5csecret.txt",
    "..%5c..%5csecret.txt",
    "img%5c..%5c..%5csecret.txt",
    "%5c%5chost%5cshare",
    "%c0%ae%c0%ae/secret.txt",
    "%c0%af",
    "%e0%80%ae%e0%80%ae/secret.txt",
    "%252e%252e/secret.txt",
    "%u002e%u002e/secret.txt",
    "..;/secret.txt",
    ".;/../secret.txt",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "file:///etc/passwd",
    "C:/secret.txt",
    "C:%5csecret.txt",
    "app.css::$DATA",
    "app.css%00",
    "app.css%00.png",
    "%00",
    "app.css%0a",
    "app.css%0d%0aSet-Cookie:a=1",
    "app.css ",
    "app.css.",
    ".env",
    "img/.hidden/x",
    ".git/config",
    "con",
    "aux.txt",
    "nul",
    "COM1",
    "lpt1.css",
    "/dev/null",
    "a" * 300,
    "a" * 100_000,
    "/".join(["a"] * 5000),
    "../" * 2000 + "etc/passwd",
    "out.txt",
    "outdir/secret.txt",
    "loop",
    "dangling",
    "pipe",
    "img",
    "img/",
    "unreadable/../../secret.txt",
    "app.806db221261e.css.000000000000",
    "nothing.000000000000.css",
    "..000000000000",
    "../secret.000000000000.txt",
    "%ff%fe",
    "app%ff.css",
    "\u202eapp.css",
    "<script>alert(1)</script>",
    "%3cscript%3e",
    "~root/.ssh/id_rsa",
    "app.css%3f.png",
]


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: repr(path[:40]))
def test_attack_is_404_and_repeats_nothing(app: Static, folder: Path, tmp_path: Path, path: str) -> None:
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "outdir").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "dangling").symlink_to(folder / "gone")
    os.mkfifo(folder / "pipe")
    for accept in ("text/html", "application/json"):
        answer = call(app, "/static/" + path, headers={"Accept": accept})
        assert answer.status == 404
        assert "s3cret" not in answer.text and "root:" not in answer.text
        assert str(tmp_path) not in answer.text and "script" not in answer.text
        assert len(path) < 5 or path not in answer.text


def test_link_that_stays_inside_is_followed(app: Static, folder: Path) -> None:
    (folder / "same.css").symlink_to(folder / "app.css")
    assert call(app, "/static/same.css").status == 200


def test_no_file_stays_open(app: Static, folder: Path) -> None:
    (folder / "app.css.gz").write_bytes(gzip.compress(b"p{color:red}"))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    tag = call(app, "/static/app.css").headers["ETag"]
    for headers in ({}, {"If-None-Match": tag}, {"If-Match": '"x"'}, {"Range": "bytes=0-1"}, {"Range": "bytes=99-"}):
        for method in ("GET", "HEAD"):
            call(app, "/static/app.css", method=method, headers={**headers, "Accept-Encoding": "gzip"})
    assert before == (len(os.listdir("/proc/self/fd")) if before else 0)


class TestConditions:
    def test_known_version_is_304_without_body_and_type(self, app: Static) -> None:
        first = call(app, "/static/app.css")
        for header, value in (
            ("If-None-Match", first.headers["ETag"]),
            ("If-None-Match", f'"x", W/{first.headers["ETag"]}'),
            ("If-None-Match", "*"),
            ("If-Modified-Since", first.headers["Last-Modified"]),
        ):
            answer = call(app, "/static/app.css", headers={header: value})
            assert (answer.status, answer.body) == (304, b"")
            assert "Content-Type" not in answer.headers and answer.headers["ETag"] == first.headers["ETag"]

    def test_tag_goes_before_the_date(self, app: Static) -> None:
        date = call(app, "/static/app.css").headers["Last-Modified"]
        assert call(app, "/static/app.css", headers={"If-None-Match": '"x"', "If-Modified-Since": date}).status == 200

    def test_changed_file_is_sent_again(self, app: Static, folder: Path) -> None:
        tag = call(app, "/static/app.css").headers["ETag"]
        (folder / "app.css").write_text("p{}")
        assert call(app, "/static/app.css", headers={"If-None-Match": tag}).text == "p{}"

    @pytest.mark.parametrize("date", ["yesterday", "", "Sun, 99 Nov 1994 08:49:37 GMT", "9" * 1000, "Thu, 01 Jan 0000"])
    def test_malformed_dates_are_ignored(self, app: Static, date: str) -> None:
        assert call(app, "/static/app.css", headers={"If-Modified-Since": date}).status == 200

    def test_failed_precondition_is_412(self, app: Static) -> None:
        assert call(app, "/static/app.css", headers={"If-Match": '"x"'}).status == 412
        old = {"If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}
        assert call(app, "/static/app.css", headers=old).status == 412


class TestRanges:
    @pytest.mark.parametrize(
        ("header", "start", "stop"),
        [
            ("bytes=0-99", 0, 100),
            ("bytes=100-", 100, 256_000),
            ("bytes=-5", 255_995, 256_000),
            ("bytes=5-999999999", 5, 256_000),
        ],
    )
    def test_one_part(self, app: Static, header: str, start: int, stop: int) -> None:
        answer = call(app, "/static/data.bin", headers={"Range": header})
        assert (answer.status, answer.body) == (206, BYTES[start:stop])
        assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/256000"
        assert answer.headers["Content-Length"] == str(stop - start)

    def test_several_parts(self, app: Static) -> None:
        answer = call(app, "/static/data.bin", headers={"Range": "bytes=0-1, 10-11,-1"})
        assert answer.status == 206 and len(answer.body) == int(answer.headers["Content-Length"])
        boundary = answer.headers["Content-Type"].partition("boundary=")[2].encode()
        parts = answer.body.split(b"--" + boundary)
        assert [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts[1:4]] == [
            BYTES[0:2],
            BYTES[10:12],
            BYTES[-1:],
        ]
        assert b"Content-Range: bytes 10-11/256000" in parts[2] and parts[4] == b"--\r\n"

    @pytest.mark.parametrize(
        "header",
        ["lines=0-1", "bytes", "bytes=", "bytes=x-y", "bytes=-", "bytes=5-2", "bytes=0-1,x", "bytes=0-5,3-9",
         "bytes=" + "9" * 50 + "-",
         "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 200, 2)), "bytes=\u0661-2"],
    )  # fmt: skip
    def test_malformed_overlapping_and_too_many_are_ignored(self, app: Static, header: str) -> None:
        answer = call(app, "/static/data.bin", headers={"Range": header})
        assert (answer.status, len(answer.body)) == (200, 256_000)

    @pytest.mark.parametrize("header", ["bytes=256000-", "bytes=-0", "bytes=999999-1000000"])
    def test_beyond_the_end_is_416(self, app: Static, header: str) -> None:
        answer = call(app, "/static/data.bin", headers={"Range": header})
        assert (answer.status, answer.headers["Content-Range"], answer.body) == (416, "bytes */256000", b"")

    def test_if_range_sends_the_whole_when_the_file_has_changed(self, app: Static) -> None:
        known = call(app, "/static/data.bin").headers
        for condition, status in (
            (known["ETag"], 206),
            (known["Last-Modified"], 206),
            ('"other"', 200),
            ("W/" + known["ETag"], 200),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
            ("garbage", 200),
        ):
            answer = call(app, "/static/data.bin", headers={"Range": "bytes=0-9", "If-Range": condition})
            assert answer.status == status, condition


class TestNames:
    def test_hashed_name_is_kept_for_ever_and_other_names_are_not(self, app: Static, folder: Path) -> None:
        url = Assets(folder, prefix="static").url("app.css")
        assert url.startswith("/static/app.") and len(url) == len("/static/app.css") + 13
        assert call(app, url).headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert call(app, "/static/app.css").headers["Cache-Control"] == "no-cache"

    def test_hash_of_another_version_is_served_but_not_kept(self, app: Static) -> None:
        answer = call(app, "/static/app.000000000000.css")
        assert (answer.text, answer.headers["Cache-Control"]) == ("p{color:red}", "no-cache")

    def test_url_follows_the_content_and_the_old_one_is_no_longer_kept(self, app: Static, folder: Path) -> None:
        assets = Assets(folder)
        first = assets.url("app.css")
        assert "immutable" in call(app, first).headers["Cache-Control"]
        (folder / "app.css").write_text("other")
        assert assets.url("app.css") != first
        old, new = call(app, first), call(app, assets.url("app.css"))
        assert (old.text, old.headers["Cache-Control"]) == ("other", "no-cache")
        assert (new.text, "immutable" in new.headers["Cache-Control"]) == ("other", True)
        (folder / "app.css").unlink()
        assert call(app, first).status == call(app, "/static/app.css").status == 404
        with pytest.raises(KitError, match="no asset"):
            assets.url("app.css")

    def test_urls_are_escaped_and_unknown_names_are_errors(self, folder: Path) -> None:
        assets = Assets(folder, base="https://cdn.example/")
        assert assets.url("img/a b é.svg").startswith("https://cdn.example/static/img/a%20b%20%C3%A9.")
        for name in ("nope.css", "../secret.txt", ".env", "img"):
            with pytest.raises(KitError, match="no asset"):
                assets.url(name)

    def test_integrity_is_what_browsers_compute(self, folder: Path) -> None:
        import base64
        import hashlib

        digest = base64.b64encode(hashlib.sha384(b"p{color:red}").digest()).decode()
        assert Assets(folder).integrity("app.css") == f"sha384-{digest}"

    def test_tags_preloads_and_import_maps_name_the_hashed_files(self, folder: Path) -> None:
        (folder / "app.js").write_text("1")
        (folder / "a.woff2").write_text("1")
        assets = Assets(folder)
        css, js, font = (assets.url(name) for name in ("app.css", "app.js", "a.woff2"))
        assert f'<link rel="stylesheet" href="{css}" integrity="sha384-' in assets.tag("app.css")
        assert f'<script type="module" src="{js}" integrity="sha384-' in assets.tag("app.js")
        assert assets.preload("app.css", "a.woff2") == (
            f"<{css}>; rel=preload; as=style, <{font}>; rel=preload; as=font; crossorigin"
        )
        assert assets.import_map(app="app.js") == f'{{"imports":{{"app":"{js}"}}}}'

    def test_manifest_lists_files_without_hidden_ones_and_copies(self, folder: Path) -> None:
        (folder / "app.css.gz").write_bytes(b"")
        (folder / "own.gz").write_bytes(b"")
        assert set(Assets(folder).manifest()) == {"app.css", "data.bin", "img/a b é.svg", "own.gz"}


class TestCopies:
    def test_client_gets_the_copy_it_takes(self, app: Static, folder: Path) -> None:
        for suffix in (".gz", ".br"):
            (folder / f"app.css{suffix}").write_bytes(b"packed" + suffix.encode())
        plain = call(app, "/static/app.css")
        gz = call(app, "/static/app.css", headers={"Accept-Encoding": "gzip"})
        br = call(app, "/static/app.css", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
        assert (plain.text, gz.body, br.body) == ("p{color:red}", b"packed.gz", b"packed.br")
        assert [each.headers.get("Content-Encoding") for each in (plain, gz, br)] == [None, "gzip", "br"]
        assert {each.headers["Vary"] for each in (plain, gz, br)} == {"Accept-Encoding"}
        assert len({each.headers["ETag"] for each in (plain, gz, br)}) == 3
        assert {each.headers["Content-Type"] for each in (plain, gz, br)} == {"text/css; charset=utf-8"}

    def test_copy_that_is_older_than_its_file_is_not_used(self, app: Static, folder: Path) -> None:
        (folder / "app.css.gz").write_bytes(b"stale")
        os.utime(folder / "app.css.gz", (time.time() - 100,) * 2)
        assert call(app, "/static/app.css", headers={"Accept-Encoding": "gzip"}).text == "p{color:red}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.svgz", "application/gzip"),
        ("a.woff2", "font/woff2"),
        ("a.wasm", "application/wasm"),
        ("a.html", "text/html; charset=utf-8"),
        ("a", "application/octet-stream"),
        ("a.PNG", "image/png"),
        ("data:text.html", "text/html; charset=utf-8"),
    ],
)
def test_types_do_not_depend_on_the_machine(name: str, kind: str) -> None:
    assert media_type(name) == kind


def test_prefix_that_would_take_everything_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="prefix"):
        Static(site, folder=folder, prefix="/")
