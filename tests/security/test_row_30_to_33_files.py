"""Rows 30 to 33 of the requirements: paths, uploads, redirects."""

import io
import os
import re
import zipfile
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid, Missing
from kit.http.safe import content_disposition
from kit.security import check_archive, check_upload, redirect_to, safe_join, upload_name
from kit.security.sniff import media_type, pixels_of

VECTORS = [
    *("..", "../", "../secret", "../../secret", "a/../../secret", "./../secret", "%2e%2e/secret", "..%2fsecret"),
    *("..\\secret", "..\\..\\secret", "/secret", "//secret", "/etc/passwd", "\\secret", "C:\\s", "C:/s"),
    *("c:secret", "\\\\host\\share", "file:///etc/passwd", ".hidden", "a/.hidden", ".git/config", "a/./b", "a//b"),
    *(".", "link", "linkdir/secret", "con/../secret", "~", "~root/secret%00.txt", "....//secret", "a:stream"),
    *("", "a\0.txt", "a\n.txt", "secret ", " ../secret", "..;/secret", "a/\x7f"),
]


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "b.txt").write_text("fine")
    (root / ".hidden").write_text("secret")
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "linkdir").symlink_to(tmp_path)
    return root


@pytest.mark.parametrize("path", VECTORS)
def test_row_30_no_path_leads_out_of_the_folder(tree, path):
    try:
        found = safe_join(tree, path)
    except Missing:
        return
    assert os.path.realpath(found).startswith(str(tree) + os.sep)
    assert not found.exists() or found.read_text() != "secret"


def test_row_30_an_honest_path_is_found(tree):
    assert safe_join(tree, "a/b.txt").read_text() == "fine"
    assert safe_join(tree, "a", "b.txt").read_text() == "fine"


@given(path=st.text(st.sampled_from("./\\a~:%2e \0link\n"), max_size=24))
def test_row_30_no_text_leads_out_by_the_real_file_system(tmp_path_factory, path):
    base = tmp_path_factory.getbasetemp() / "fuzzed"
    root = base / "root"
    root.mkdir(parents=True, exist_ok=True)
    if not (root / "link").is_symlink():
        (root / "link").symlink_to(base)
    try:
        found = safe_join(root, path)
    except Missing:
        return
    assert os.path.realpath(found).startswith(os.path.realpath(root) + os.sep)


NAMES = [
    *("../../etc/passwd", "a\r\nX: y.png", "x.jpg.html", "..\\..\\boot.ini", ".htaccess", "", ".", "..", "con.txt"),
    *("a" * 500 + ".png", "a\0.png", "x.php;.jpg", "a/b\\c.gif", "\u202egnp.exe", "x.tar.gz", "<b>.png", '"q".txt'),
]


@pytest.mark.parametrize("name", NAMES)
def test_row_31_the_name_of_an_upload_is_made_harmless(name):
    found = upload_name(name)
    assert 0 < len(found) <= 100
    assert not set(found) & set('/\\\0\r\n"<>:|?*')
    assert not found.startswith(".")
    assert found.count(".") <= 1
    header = content_disposition(found)
    assert header.startswith("attachment; filename=")
    assert "\r" not in header
    assert header.isascii()


@given(st.text(max_size=60))
def test_row_31_any_name_becomes_one_harmless_name(name):
    found = upload_name(name)
    assert found == upload_name(found)
    assert re.fullmatch(r"[^/\\\x00-\x1f]{1,100}", found)
    assert content_disposition(found).isascii()


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
ALLOWED = {"image/png": (".png",), "image/jpeg": (".jpg", ".jpeg")}


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("page.png", b"<html><script>alert(1)</script>"),
        ("page.png", b"\xef\xbb\xbf  <!DOCTYPE html>"),
        ("picture.html", PNG),
        ("picture.png.html", PNG),
        ("picture.jpg", PNG),
        ("vector.png", b'<?xml version="1.0"?><svg onload="alert(1)">'),
        ("program.png", b"\x7fELF\x02\x01\x01\0\0"),
        ("words.png", b"just words"),
        ("archive.png", b"PK\x03\x04"),
        ("empty.png", b""),
        ("bomb.png", PNG + (50_000).to_bytes(4) + (50_000).to_bytes(4)),
    ],
)
def test_row_32_a_file_that_is_not_what_its_name_says_is_refused(name, head):
    with pytest.raises(Invalid):
        check_upload(name, head, allowed=ALLOWED)


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 10 + b"\xff\xc0\x00\x11\x08" + (30).to_bytes(2) + (40).to_bytes(2)


@pytest.mark.parametrize(
    ("head", "kind", "size"),
    [
        (PNG + (40).to_bytes(4) + (30).to_bytes(4), "image/png", (40, 30)),
        (JPEG, "image/jpeg", (40, 30)),
        (b"GIF89a" + (40).to_bytes(2, "little") + (30).to_bytes(2, "little"), "image/gif", (40, 30)),
        (
            b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (39).to_bytes(3, "little") + (29).to_bytes(3, "little"),
            "image/webp",
            (40, 30),
        ),
        (b"%PDF-1.7", "application/pdf", None),
        (b"a,b\n1,2\n", "text/plain", None),
    ],
)
def test_row_32_type_and_size_are_read_from_the_first_bytes(head, kind, size):
    assert (media_type(head), pixels_of(head)) == (kind, size)


def zipped(*entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file


def test_row_32_an_archive_that_unpacks_to_too_much_is_refused():
    check_archive(zipped(("a.txt", b"fine")))
    for bomb in (zipped(("zeros", b"\0" * 2_000_000)), zipped(*[(f"{n}", b"") for n in range(20)]), io.BytesIO(b"PK")):
        with pytest.raises(Invalid):
            check_archive(bomb, files=10, size=1_000_000)


@given(st.binary(max_size=80), st.sampled_from([b"", PNG, b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8X"]))
def test_row_32_no_bytes_make_the_sniffer_raise(rest, magic):
    media_type(magic + rest)
    pixels_of(magic + rest)


REDIRECTS = [
    *("//evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "///evil.example"),
    *("////evil.example", "http://evil.example", "https:evil.example", "https:/evil.example", "https:///evil.example"),
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "mailto:x@y", "evil.example", "?x"),
    *("https://shop.example@evil.example", "https://shop.example.evil.example", "https://shop.example:443@evil.example"),
    *("https://shop.example\\@evil.example", "/.//evil.example", "/..//evil.example", "/%2e//evil.example"),
    *("\t//evil.example", "/\t/evil.example", "\n//evil.example", "/\n/evil.example", " //evil.example", "/\x0b/e", ""),
]


def lands_on(url):
    """The host that a browser goes to, by the WHATWG rules that matter here: strip, drop tab and newline, \\ is /."""
    url = url.strip("".join(map(chr, range(33)))).translate({9: None, 10: None, 13: None})
    if re.match(r"(?i)https?:", url) or not re.match(r"(?i)[a-z][a-z0-9+.-]*:", url):
        url = url.replace("\\", "/")
    url = re.sub(r"(?i)^(https?):/*", r"\1://", url)
    try:
        return urlsplit(urljoin("https://shop.example/page", re.sub("^/{2,}", "//", url)))
    except ValueError:
        return None


@pytest.mark.parametrize("url", REDIRECTS)
def test_row_33_no_redirect_leads_to_another_site(url):
    assert redirect_to(url, default="/home") == "/home"


@given(st.text(st.sampled_from("/\\.:@ \t\n?#%evil-2e.xhtps\x0b"), max_size=20))
def test_row_33_no_text_leads_to_another_site_by_the_rules_of_browsers(text):
    target = redirect_to(text, default="/home")
    landed = lands_on(target)
    assert landed is not None
    assert (landed.scheme, landed.netloc) == ("https", "shop.example")


def test_row_33_a_listed_origin_is_reached():
    allowed = ["https://sso.example"]
    assert redirect_to("https://sso.example/in?x=1", default="/", allowed=allowed) == "https://sso.example/in?x=1"
    assert redirect_to("https://sso.example.evil.example/", default="/", allowed=allowed) == "/"
