"""URLs, paths and names from strangers: held against the WHATWG's parser and the real file system."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import ConfigError, Missing
from kit.http import content_disposition, handler, one_line, redirect_to, safe_join, upload_name
from kit.testing import call
from tests.http.whatwg import destination

HOME = ("https", "good.example")
TRAPS = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    "\x0b//evil.example",
    "\x0c//evil.example",
    "\x00//evil.example",
    " //evil.example",
    " https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:\\evil.example",
    "http:evil.example",
    "https:///evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "ftp://sso.example/",
    "https://good.example@evil.example",
    "https://sso.example:x@evil.example/",
    "https://sso.example@evil.example",
    "https://sso.example\\@evil.example",
    "https://sso.example%40evil.example",
    "https://sso.example.evil.example",
    "https://sso.example:444/",
    "https://sso.example:443:80/",
    "https://sso.exampleé/",
    "https://sso.example%00.evil.example/",
    "https://sso.example./",
    "http://sso.example/",
    "https://[sso.example]/",
    "/.//evil.example",
    "/..//evil.example",
    "/%2e%2E//evil.example",
    "/.././/evil.example",
    "//",
    "/\x7f/",
    "/a b",
    "",
    "\ud800",
    "/\ud800",
    "evil.example",
    "?q",
    "/" + "x" * 5000,
]


@pytest.mark.parametrize("url", [*TRAPS, None], ids=lambda url: repr(url)[:30])
def test_a_trap_leads_to_the_default(url):
    assert redirect_to(url, default="/home", allowed=["https://sso.example"]) == "/home"


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("/", "/"),
        ("/a/b?next=//x&y=https://z#f", "/a/b?next=//x&y=https://z#f"),
        ("/café/日本", "/caf%C3%A9/%E6%97%A5%E6%9C%AC"),
        ("/a%20b%zz", "/a%20b%zz"),
        ("/wiki//x", "/wiki//x"),
        ("/.well-known", "/.well-known"),
        ("/@user", "/@user"),
        ("https://sso.example/in?x=1", "https://sso.example/in?x=1"),
        ("HTTPS://SSO.example:443", "HTTPS://SSO.example:443"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
    ],
)
def test_an_honest_url_passes(url, sent):
    assert redirect_to(url, default="/home", allowed=["https://sso.example/", "http://[::1]:8080"]) == sent


@pytest.mark.parametrize("origin", ["sso.example", "https://", "https://a/b", "ftp://a", "https://a b", "*", ""])
def test_an_allowed_origin_is_scheme_and_host(origin):
    with pytest.raises(ConfigError, match="no origin"):
        redirect_to("/", default="/", allowed=[origin])


def test_a_redirect_is_an_answer():
    answer = call(handler(lambda: redirect_to("//evil", default="/é")))
    assert (answer.status_line, answer.headers["Location"], answer.body) == ("303 See Other", "/%C3%A9", b"")


PIECES = [
    "/",
    "\\",
    ":",
    "@",
    "?",
    "#",
    ".",
    "..",
    "%2e",
    "%5c",
    "\t",
    "\n",
    "\r",
    " ",
    "\x00",
    "\x0b",
    "\x7f",
    "\u3000",
]
WORDS = [
    "https",
    "http",
    "HTTP",
    "javascript",
    "evil.example",
    "sso.example",
    "good.example",
    "443",
    "80",
    "[::1]",
    "x",
    "é",
    "／",
]
URLS = st.lists(st.sampled_from(PIECES + WORDS) | st.characters(), max_size=9).map("".join)


@given(URLS)
def test_no_url_leads_elsewhere(url):
    sent = redirect_to(url, default="/home", allowed=["https://sso.example"])
    assert destination(sent) in (HOME, ("https", "sso.example"), ("https", "sso.example:443"))
    assert sent.isascii() and not re.search(r"[\x00-\x20\x7f\\]", sent)


def test_the_oracle_bites():
    """It finds what the check that everybody writes first would let through."""
    naive = [url for url in TRAPS if url.startswith("/") and not url.startswith("//") and destination(url) != HOME]
    assert naive == ["/\\evil.example", "/\t/evil.example", "/\n/evil.example"]


def test_the_oracle_agrees_with_a_real_parser():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: apt-get install nodejs")
    urls = [url for url in TRAPS if url.isprintable() or url.isascii()] + PAIRED
    program = (
        "const urls = JSON.parse(require('fs').readFileSync(0));"
        "const out = urls.map(u => { try { const r = new URL(u, 'https://good.example/page');"
        " return [r.protocol.slice(0, -1), r.host]; } catch { return null; } });"
        "console.log(JSON.stringify(out));"
    )
    done = subprocess.run([node, "-e", program], input=json.dumps(urls), capture_output=True, text=True, check=True)
    for url, found in zip(urls, json.loads(done.stdout), strict=True):
        if found is not None:  # node refuses hosts that the oracle does not look at
            mine = destination(url)
            assert mine is not None, url
            host = mine[1].removesuffix(":443") if found[0] == "https" else mine[1]
            assert [mine[0], unquote(host)] == found or not unquote(host).isascii(), url


PAIRED = [a + b + c + "evil.example" for a in [*PIECES[:14], "https", ""] for b in PIECES[:14] for c in PIECES[:14]]


def plant(folder):
    root = folder / "root"
    (root / "sub" / ".git").mkdir(parents=True)
    (folder / "root-secret").mkdir()
    for name in ("a.txt", "sub/b.txt"):
        (root / name).write_text("in")
    for name in (".env", "sub/.git/config", "../secret.txt", "../root-secret/x"):
        (root / name).write_text("secret")
    for name, target in {
        "out": folder / "secret.txt",
        "up": folder,
        "inside": root / "sub",
        "loop": root / "loop",
    }.items():
        (root / name).symlink_to(target)
    return root


@pytest.fixture
def tree(tmp_path):
    return plant(tmp_path)


@pytest.fixture(scope="module")
def shared_tree(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("tree"))


@pytest.mark.parametrize(
    "parts",
    [
        ("../secret.txt",),
        ("..", "secret.txt"),
        ("sub", "../../secret.txt"),
        ("sub/../../secret.txt",),
        ("/etc/passwd",),
        ("//etc/passwd",),
        ("sub", "/etc/passwd"),
        ("..\\secret.txt",),
        ("sub\\..\\..\\secret.txt",),
        ("C:\\x",),
        ("C:x",),
        ("a.txt:stream",),
        ("a.txt\x00.png",),
        ("\x00",),
        ("a\n.txt",),
        (".env",),
        ("sub/.git/config",),
        ("sub", ".git", "config"),
        (".",),
        ("./a.txt",),
        ("sub/./b.txt",),
        ("sub//b.txt",),
        ("",),
        ("sub/",),
        ("..",),
        ("../root-secret/x",),
        ("out",),
        ("up/secret.txt",),
        ("up/root-secret/x",),
        ("up/root/a.txt/../../secret.txt",),
        ("....//secret.txt",),
        ("..;/secret.txt",),
        ("\ud800",),
        ("..%2fsecret.txt/..",),
    ],
)
def test_no_path_leaves_the_folder(tree, parts):
    with pytest.raises(Missing, match="no such file"):
        safe_join(tree, *parts)


@pytest.mark.parametrize(
    "parts", [("a.txt",), ("sub/b.txt",), ("sub", "b.txt"), ("inside/b.txt",), ("new/file.txt",), ()]
)
def test_a_plain_path_is_joined(tree, parts):
    found = safe_join(tree, *parts)
    assert found == Path(os.path.realpath(tree.joinpath(*parts)))


def test_hidden_files_must_be_asked_for(tree):
    assert safe_join(tree, ".env", hidden=True).read_text() == "secret"
    for part in ("..", ".", "../secret.txt"):
        with pytest.raises(Missing):
            safe_join(tree, part, hidden=True)


def test_the_root_may_be_the_root_of_all_or_relative(tree, monkeypatch):
    assert safe_join("/", "etc") == Path("/etc")
    monkeypatch.chdir(tree.parent)
    assert safe_join("root", "a.txt").read_text() == "in"
    assert safe_join(str(tree) + "/", "a.txt").read_text() == "in"


SEGMENTS = [
    "..",
    ".",
    "/",
    "//",
    "\\",
    "a.txt",
    "sub",
    "b.txt",
    "up",
    "out",
    "inside",
    "secret.txt",
    ".env",
    "\x00",
    "%2e",
    "é",
]


@given(st.lists(st.sampled_from(SEGMENTS) | st.text(max_size=3), max_size=6), st.booleans())
def test_what_is_joined_is_below_the_real_folder(shared_tree, names, split):
    try:
        found = safe_join(shared_tree, *names) if split else safe_join(shared_tree, "/".join(names))
    except Missing:
        return
    real = os.path.realpath(shared_tree)
    assert os.path.commonpath([os.path.realpath(found), real]) == real
    assert not found.is_file() or found.read_text() == "in"


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("Übung 1.odt", "Übung 1.odt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\x.doc", "x.doc"),
        ("x.jpg.html", "x_jpg.html"),
        ("shell.php.jpg", "shell_php.jpg"),
        ("a\r\nX: y.txt", "aX y.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        (".htaccess", "htaccess"),
        ("...", "file"),
        ("-rf", "rf"),
        ("~.-root.txt", "root.txt"),
        ("", "file"),
        ("/", "file"),
        ("\x00", "file"),
        ("a" * 300 + ".jpeg", "a" * 95 + ".jpeg"),
        ("x.", "x"),
        ("x. ", "x"),
        ("con.txt", "_con.txt"),
        ("NUL", "_NUL"),
        ("a.b c", "a_b c"),
        ('<x>"|?*.txt', "x.txt"),
        ("e\u0301.txt", "é.txt"),
        ("\ud800.txt", "txt"),
    ],
)
def test_upload_names(sent, safe):
    assert upload_name(sent) == safe


@given(st.text() | st.text(alphabet="./\\ \u202e\r\na:x", max_size=150))
def test_an_upload_name_is_always_a_plain_name(sent):
    name = upload_name(sent)
    assert 1 <= len(name) <= 101
    assert name == os.path.basename(name) == upload_name(name)
    assert name.isprintable() and name[0] not in ".-~ " and name.count(".") <= 1
    assert not re.search(r'[/\\:<>"|?*]', name)


@given(st.text())
def test_one_line_is_one_line(text):
    line = one_line(text)
    assert line.isprintable() and len(line) <= 1000
    assert not text.isprintable() or line == text[:1000].strip()


@given(st.text() | st.text(alphabet='a"\\;=\r\n%é', max_size=50))
def test_a_disposition_is_one_header_that_names_the_file(name):
    value = content_disposition(name)
    assert value.isascii() and value.isprintable() and '"' not in value
    shown = "".join(letter for letter in name if letter.isprintable()) or "file"
    plain, _, wide = value.removeprefix("attachment; filename=").partition("; filename*=UTF-8''")
    assert (unquote(wide) or plain) == shown
    assert re.fullmatch(r"[A-Za-z0-9._-]+", plain) and re.fullmatch(r"[A-Za-z0-9._~%-]*", wide)
    assert content_disposition("a.txt", inline=True) == "inline; filename=a.txt"
