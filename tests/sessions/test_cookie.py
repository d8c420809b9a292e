"""The cookie: read so strictly that no planted one passes for ours, and set only where nobody can listen.

KIT_LONG=1 python -m pytest tests/sessions/test_cookie.py        # the fuzz with 1,000,000 headers
"""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webob import Request

from kit.errors import ConfigError
from kit.sessions import Sessions, of
from kit.sessions.cookie import Doubled, name_for, read, text_for
from kit.stores import MemoryStore
from kit.testing import call, environ
from tests.sessions.app import Browser, text

NAME = "__Host-sid"
HEADERS = 1_000_000 if os.environ.get("KIT_LONG") else 30_000

# what a sibling subdomain can make a browser send (the value is one byte per character, as WSGI has it)
HOSTILE = [
    "x=\x80__Host-sid=evil",
    "x=\xa0__Host-sid=evil",
    "x=\x85__Host-sid=evil",
    "x=a,__Host-sid=evil",
    "x=a, __Host-sid=evil",
    'x="a,__Host-sid=evil"',
    "x=\t__Host-sid=evil",
    "x= __Host-sid=evil",
    "x\xff__Host-sid=evil",
    "\xe2\x80\xa8__Host-sid=evil",
    "\xc2\xa0__Host-sid=evil",
    "__host-sid=evil",
    "__HOST-SID=evil",
    "x__Host-sid=evil",
    "__Host-sid =evil",
    "__Host-sid\t=evil",
    "__Host-sid\xa0=evil",
    '"__Host-sid"=evil',
    "$__Host-sid=evil",
    "__Host-sid",
    "__Host-sid evil",
    "$Version=1, __Host-sid=evil",
    "x=\\073__Host-sid=evil",
    "x=%3B__Host-sid=evil",
    "__Host%2Dsid=evil",
    "__Host-sid%3Devil",
]


@pytest.mark.parametrize("planted", HOSTILE)
def test_a_planted_cookie_is_never_taken_for_ours(planted):
    for header in (planted, f"{planted}; a=b", f"a=b; {planted}", f"{planted};{planted}"):
        assert read(header, NAME) is None
    for header in (f"{planted}; {NAME}=good", f"{NAME}=good; {planted}", f"a=b;{NAME}=good;{planted}"):
        assert read(header, NAME) == "good"


def test_the_table_bites():
    taken = [planted for planted in HOSTILE if Request({"HTTP_COOKIE": planted}).cookies.get(NAME) == "evil"]
    assert len(taken) >= 8, "WebOb has become strict: the table no longer shows why we read cookies ourselves"


@pytest.mark.parametrize("value", ["", "a=b", '"quoted"', "a,b", "\x80", "a b"])
def test_the_value_is_taken_as_it_stands(value):
    assert read(f"x=1; {NAME}={value}; y=2", NAME) == value


def test_two_cookies_of_the_name_are_none_and_are_reported():
    with pytest.raises(Doubled):
        read(f"{NAME}=a; x=1; {NAME}=b", NAME)
    events = []
    browser = Browser(MemoryStore())
    browser.go(lambda s: s.update(a=1))
    header = f"{NAME}={browser.jar[NAME]}; {NAME}={'A' * 43}"
    answer = call(
        browser.app,
        headers={"Cookie": header},
        environ={"wsgi.url_scheme": "https", "test.act": dict, "kit.audit": events.append},
    )
    assert answer.environ["test.result"] == {}
    assert [event["event"] for event in events] == ["malicious_extraneous"]


def _jar(draw):
    """Cookies that a browser (RFC 6265bis) holds for us: at most one is ours, the others were planted by a sibling."""
    bits = ["__Host-sid", "__host-sid", "=evil", "evil", ",", " ", "\t", '"', "\\", "$Version=1", "\x80", "\x85"]
    bits += ["\xa0", "=", "sid", "x", "\xff", "\xe2\x80\xa8", "%3B", "&", "__Secure-", "/", "\xc2"]
    cookies = []
    for _ in range(draw.randrange(4)):
        name = "".join(draw.choices(bits, k=draw.randrange(4))).replace("=", "").strip(" \t")
        value = "".join(draw.choices(bits, k=draw.randrange(5))).strip(" \t")
        # what browsers refuse: the prefix from another host, even spelled by a cookie without a name
        if (name or value).lower().startswith(("__host-", "__secure-")):
            continue
        cookies.append(f"{name}={value}" if name else value)
    mine = draw.random() < 0.5
    if mine:
        cookies.insert(draw.randrange(len(cookies) + 1), f"{NAME}=good")
    return mine, "; ".join(cookies)


def test_fuzz_only_what_the_browser_attributes_to_us_is_read():
    draw = random.Random(20261122)
    for _ in range(HEADERS):
        mine, header = _jar(draw)
        assert read(header, NAME) == ("good" if mine else None), header


@given(st.text(st.characters(max_codepoint=255)) | st.from_regex(r"(__Host-sid|=|;| |,|x|\x80){0,20}", fullmatch=True))
def test_any_header_gives_a_value_or_nothing(header):
    try:
        found = read(header, NAME)
    except Doubled:
        assert header.count(NAME) >= 2
    else:
        assert found is None or f"{NAME}={found}" in header


# --- which cookie, and where -----------------------------------------------------------------------------------------


def request(scheme="http", peer="127.0.0.1", host="localhost"):
    return environ(environ={"wsgi.url_scheme": scheme, "REMOTE_ADDR": peer, "HTTP_HOST": host})


def test_https_has_the_host_prefix():
    assert name_for(request("https", "9.9.9.9", "shop.example")) == NAME
    assert text_for(NAME, "v", age=None, same_site="Lax") == "__Host-sid=v; Path=/; HttpOnly; SameSite=Lax; Secure"


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("127.0.0.1", "localhost"),
        ("127.0.0.1", "127.0.0.1:8000"),
        ("127.8.8.8", "app.localhost:8000"),
        ("::1", "[::1]:80"),
        ("::1", "[::1]"),
    ],
)
def test_plain_http_on_this_machine_has_a_name_of_its_own(peer, host):
    assert name_for(request(peer=peer, host=host)) == "sid"
    assert text_for("sid", "v", age=60, same_site="Strict") == "sid=v; Path=/; HttpOnly; SameSite=Strict; Max-Age=60"


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("10.0.0.5", "localhost"),
        ("127.0.0.1", "shop.example"),
        ("127.0.0.1", "127.0.0.1.evil.example"),
        ("127.0.0.1", "localhost.evil.example"),
        ("127.0.0.1", "xlocalhost"),
        ("", "localhost"),
        ("::ffff:10.0.0.5", "localhost"),
    ],
)
def test_plain_http_from_elsewhere_is_refused_with_the_cure(peer, host):
    with pytest.raises(ConfigError, match="TrustedProxy"):
        name_for(request(peer=peer, host=host))
    assert name_for(request(peer=peer, host=host), plain_http=True) == "sid"


def test_an_untouched_request_over_plain_http_is_served():
    layer = Sessions(lambda environ, start_response: text(start_response), store=MemoryStore())
    assert call(layer, environ={"REMOTE_ADDR": "9.9.9.9", "HTTP_HOST": "shop.example"}).status == 200


def test_the_cookie_of_plain_http_is_not_read_over_https():
    browser = Browser(MemoryStore())
    browser.go(lambda s: s.update(a=1), scheme="http")
    assert list(browser.jar) == ["sid"]
    assert browser.go(dict, scheme="http") == {"a": 1}
    assert browser.go(dict, scheme="https") == {}


def test_a_persistent_cookie_lives_as_long_as_the_session_may():
    browser = Browser(MemoryStore(), persistent=True, idle=60, absolute=3600)
    browser.go(lambda s: s.update(a=1))
    assert browser.answer.headers["Set-Cookie"].endswith("; Secure; Max-Age=3600")


def test_logout_deletes_the_cookie_with_the_attributes_it_was_set_with():
    browser = Browser(MemoryStore())
    browser.go(lambda s: s.update(a=1))
    browser.go(lambda s: s.revoke())
    assert browser.answer.headers["Set-Cookie"] == "__Host-sid=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"


def test_no_session_id_is_in_the_store_or_in_the_log():
    events, store = [], MemoryStore()
    browser = Browser(store)
    ids = set()
    acts = [lambda s: s.update(a=1), lambda s: s.rotate("ann"), lambda s: s.tag, lambda s: s.revoke()]
    for act in acts:
        answer = call(
            browser.app,
            headers={"Cookie": f"{NAME}={browser.jar[NAME]}"} if browser.jar else {},
            environ={"wsgi.url_scheme": "https", "test.act": act, "kit.audit": events.append},
        )
        for line in answer.headers.get_all("Set-Cookie"):
            browser.jar[NAME] = line.partition(";")[0].partition("=")[2]
            ids.add(browser.jar[NAME])
    seen = repr(vars(store)) + repr(events) + repr(answer.environ["kit.session"])
    assert len(ids - {""}) == 2
    assert not [each for each in ids - {""} if each in seen]
    assert [event["event"] for event in events] == ["session_created", "session_renewed", "session_logout"]


def test_of_takes_a_request_object():
    browser = Browser(MemoryStore())
    browser.go(lambda s: s.update(a=1))
    assert of(Request(browser.answer.environ))["a"] == 1
