"""Rows 1 to 10 of the requirements: cross-site request forgery."""

import hmac
import re
import secrets
import zlib
from html import unescape
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import ConfigError, MissingLayer, Refused
from kit.seal import KeyRing, new_key
from kit.security import Csrf, signed_body
from kit.security.csrf import PEEK
from kit.security.masked import mask, matches
from kit.security.names import parse_origin
from kit.security.nonce import TooLate
from kit.security.origin import verdict
from kit.testing import call, environ
from tests.security.frameworks import over_wsgi

KEYS = KeyRing([new_key()])
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SITES = ["same-origin", "none", "same-site", "cross-site", "", "unheard-of", None]
UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]


class View:
    """Answers a GET with a token and any other method with its body; remembers what reached it."""

    def __init__(self):
        self.reached = []

    def __call__(self, environ):
        self.reached.append(environ["REQUEST_METHOD"])
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return 200, [("Content-Type", "text/plain")], environ["kit.csrf"]().encode()
        length = int(environ.get("CONTENT_LENGTH") or 0)
        return 200, [("Content-Type", "application/octet-stream")], environ["wsgi.input"].read(length)


def visited(app, **environ):
    """A token and the Cookie header of a browser that has seen a page of `app`."""
    answer = call(app, environ=environ)
    return answer.text, answer.headers["Set-Cookie"].partition(";")[0]


def post(app, token=None, cookie="", *, method="POST", headers=None, field=None, **environ):
    """Send an unsafe request, with a token in the header, or in the form where `field` is given."""
    sent = dict(headers or {})
    if cookie:
        sent["Cookie"] = cookie
    if token is not None:
        sent["X-CSRF-Token"] = token
    body = urlencode({"a": "1", "_csrf": field, "b": "2"}) if field is not None else b""
    return call(app, method=method, headers=FORM | sent if body else sent, body=body, environ=environ)


@pytest.mark.parametrize("method", UNSAFE)
def test_row_01_an_unsafe_request_from_another_site_never_reaches_the_app(below, method):
    view = View()
    app = Csrf(below(view), keys=KEYS)
    token, cookie = visited(app)
    view.reached.clear()
    assert post(app, token, cookie, method=method, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert view.reached == []
    assert post(app, token, cookie, method=method, headers={"Sec-Fetch-Site": "same-origin"}).status == 200
    assert view.reached == [method]


@pytest.mark.parametrize("method", ["QUERY", "FOO", "TRACE", "get", "PROPFIND"])
def test_row_01_any_method_that_is_not_known_to_be_safe_is_unsafe(method):
    view = View()
    app = Csrf(over_wsgi(view), keys=KEYS)
    assert call(app, method=method, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert view.reached == []


def test_row_01_a_get_with_another_parameter_that_ends_in_method_is_safe():
    app = Csrf(over_wsgi(View()), keys=KEYS)
    assert call(app, query="payment_method=card", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


@pytest.mark.parametrize(
    "override",
    [{"headers": {"X-HTTP-Method-Override": "DELETE"}}, {"query": "_method=DELETE"}, {"query": "%5fmethod=PUT"}],
)
def test_row_01_a_get_that_asks_to_be_another_method_is_unsafe(override):
    headers = {"Sec-Fetch-Site": "cross-site"} | override.get("headers", {})
    app = Csrf(over_wsgi(View()), keys=KEYS)
    assert call(app, query=override.get("query", ""), headers=headers).status == 403


@pytest.mark.parametrize("trusted", [(), ("https://friend.example",), ("https://other.example",)])
@pytest.mark.parametrize("site", SITES)
def test_row_02_the_browser_says_where_a_request_comes_from(site, trusted):
    app = Csrf(over_wsgi(View()), keys=KEYS, trusted=trusted)
    token, cookie = visited(app)
    headers = {"Origin": "https://friend.example"}
    if site is not None:
        headers["Sec-Fetch-Site"] = site
    if site in ("same-origin", "none"):
        headers.pop("Origin")
    good = site in ("same-origin", "none") or trusted == ("https://friend.example",)
    assert (post(app, token, cookie, headers=headers).status == 200) is good


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        ("https://shop.example", True),
        ("HTTPS://SHOP.EXAMPLE", True),
        ("https://shop.example:443", True),
        ("http://shop.example", False),
        ("https://shop.example:8443", False),
        ("https://shop.example.evil.example", False),
        ("https://evilshop.example", False),
        ("https://shop.example@evil.example", False),
        ("https://user@shop.example", False),
        ("https://shop.example/", False),
        ("https://shop.example https://evil.example", False),
        ("null", False),
        ("", False),
        ("file://", False),
    ],
)
def test_row_03_without_sec_fetch_site_the_origin_must_be_ours_in_scheme_host_and_port(origin, passes):
    environ = {"wsgi.url_scheme": "https", "HTTP_HOST": "shop.example"}
    app = Csrf(over_wsgi(View()), keys=KEYS)
    token, cookie = visited(app, **environ)
    assert (post(app, token, cookie, headers={"Origin": origin}, **environ).status == 200) is passes


@pytest.mark.parametrize(
    ("referer", "passes"),
    [
        ("https://shop.example/basket?x=1", True),
        ("https://evil.example/https://shop.example/", False),
        ("https://shop.example.evil.example/", False),
        ("http://shop.example/", False),
        ("https://[::1/", False),
        ("x", False),
    ],
)
def test_row_03_without_an_origin_the_referer_is_asked(referer, passes):
    environ = {"wsgi.url_scheme": "https", "HTTP_HOST": "shop.example"}
    app = Csrf(over_wsgi(View()), keys=KEYS)
    token, cookie = visited(app, **environ)
    assert (post(app, token, cookie, headers={"Referer": referer}, **environ).status == 200) is passes


def test_row_03_the_checked_host_counts_and_not_the_header():
    environ = {"wsgi.url_scheme": "https", "HTTP_HOST": "evil.example", "kit.host": "shop.example"}
    assert verdict({**environ, "HTTP_ORIGIN": "https://evil.example"}) == "foreign"
    assert verdict({**environ, "HTTP_ORIGIN": "https://shop.example"}) == "same"


@given(st.text(max_size=60))
def test_row_03_no_text_makes_the_origin_parser_raise(text):
    found = parse_origin(text)
    if found is not None:
        scheme, host, port = found
        assert text.lower().startswith(f"{scheme}://{host}")
        assert 0 < port < 65536


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Cookie": "sid=abc"}, 403),
        ({"Authorization": "Basic YTpi"}, 403),
        ({"Authorization": "Bearer abc"}, 200),
        ({"Authorization": "Bearer abc", "Cookie": "sid=abc"}, 403),
        ({"Authorization": "Bearer abc", "Cookie": "sid=abc", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Authorization": "Token abc", "Content-Type": "application/x-www-form-urlencoded"}, 200),
        ({"Content-Type": "application/json"}, 200),
        ({"Content-Type": "application/json", "Cookie": "sid=abc"}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 403),
        ({}, 403),
    ],
)
def test_row_04_without_origin_and_token_only_what_no_browser_sends_by_itself_passes(below, headers, status):
    app = Csrf(below(View()), keys=KEYS)
    assert call(app, method="POST", headers=headers).status == status


def test_row_04_a_client_certificate_is_an_ambient_credential():
    app = Csrf(over_wsgi(View()), keys=KEYS)
    headers = {"Content-Type": "application/json"}
    assert call(app, method="POST", headers=headers, environ={"SSL_CLIENT_VERIFY": "SUCCESS"}).status == 403


def test_row_05_the_token_of_one_session_is_worth_nothing_in_another(below):
    app = Csrf(below(View()), keys=KEYS)
    (token, cookie), (other, other_cookie) = visited(app), visited(app)
    assert post(app, token, cookie).status == 200
    assert post(app, other, cookie).status == 403
    assert post(app, token, other_cookie).status == 403
    assert post(app, token).status == 403


def test_row_05_a_late_token_of_a_known_browser_is_valid_and_of_a_new_one_an_error():
    def late(environ, start_response):
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        yield b" "
        yield environ["kit.csrf"]().encode()

    app = Csrf(over_wsgi(View()), keys=KEYS)
    _, cookie = visited(app)
    token = call(Csrf(late, keys=KEYS), headers={"Cookie": cookie}).text.strip()
    assert post(app, token, cookie).status == 200
    with pytest.raises(TooLate, match="before the first byte"):
        call(Csrf(late, keys=KEYS))


def test_row_05_the_token_travels_in_the_form(below):
    app = Csrf(below(View()), keys=KEYS)
    token, cookie = visited(app)
    answer = post(app, None, cookie, field=token)
    assert answer.status == 200
    assert answer.text == f"a=1&_csrf={token}&b=2"  # the body is still there for the app
    assert post(app, None, cookie, field="x" * 86).status == 403


def multipart(*parts):
    text = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts)
    return (text + "--x--\r\n").encode()


@pytest.mark.parametrize(("before", "status"), [(0, 200), (PEEK - 500, 200), (PEEK, 403), (PEEK * 4, 403)])
def test_row_05_the_field_lies_in_the_first_64_kib_of_a_multipart_form(below, before, status):
    app = Csrf(below(View()), keys=KEYS)
    token, cookie = visited(app)
    body = multipart(("file", "z" * before), ("_csrf", token), ("end", "z" * 9))
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Cookie": cookie}
    answer = call(app, method="POST", body=body, headers=headers)
    assert answer.status == status
    if status == 200:
        assert answer.body == body


def test_row_05_a_token_in_the_url_is_ignored(below):
    app = Csrf(below(View()), keys=KEYS)
    token, cookie = visited(app)
    assert call(app, method="POST", query={"_csrf": token}, headers={"Cookie": cookie}).status == 403


def test_row_05_the_token_lives_in_a_session_without_tags_too():
    session = {}
    app = Csrf(over_wsgi(View()))
    token = call(app, environ={"kit.session": session}).text
    assert post(app, token, "sid=1", **{"kit.session": session}).status == 200
    assert post(app, token, "sid=1", **{"kit.session": {}}).status == 403
    assert post(app, token, "sid=1", **{"kit.session": {"_csrf": 7}}).status == 403


def test_row_05_without_a_session_and_without_keys_the_cure_is_named():
    with pytest.raises(MissingLayer, match=r"kit\.sessions\.Sessions, or give Csrf keys"):
        call(Csrf(over_wsgi(View())))


def test_row_05_a_sealed_cookie_that_was_changed_is_no_session():
    app = Csrf(over_wsgi(View()), keys=KEYS)
    token, cookie = visited(app)
    for at in range(len("csrf="), len(cookie), 7):
        changed = cookie[:at] + ("A" if cookie[at] != "A" else "B") + cookie[at + 1 :]
        assert post(app, token, changed).status == 403
    assert post(app, token, f"{cookie}; {cookie}").status == 403


def test_row_05_the_cookie_is_bound_to_the_host_over_https():
    cookie = call(Csrf(over_wsgi(View()), keys=KEYS), environ={"wsgi.url_scheme": "https"}).headers["Set-Cookie"]
    assert cookie.startswith("__Host-csrf=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")


def test_row_06_two_renders_differ_and_both_are_valid(below):
    app = Csrf(below(View()), keys=KEYS)
    one, cookie = visited(app)
    two = call(app, headers={"Cookie": cookie}).text
    assert one != two
    assert [post(app, token, cookie).status for token in (one, two)] == [200, 200]


@given(secret=st.binary(min_size=32, max_size=32), other=st.binary(min_size=32, max_size=32))
def test_row_06_a_masked_token_is_its_secret_and_no_other(secret, other):
    assert matches(mask(secret), secret)
    assert matches(mask(secret), other) is (secret == other)


@given(st.text(max_size=100))
def test_row_06_no_text_makes_the_token_parser_raise(text):
    assert not matches(text, secrets.token_bytes(32))


def test_row_09_an_exempt_path_is_exact():
    app = Csrf(over_wsgi(View()), keys=KEYS, exempt=["/hook"])
    attack = {"Sec-Fetch-Site": "cross-site"}
    assert call(app, "/hook", method="POST", headers=attack).status == 200
    for path in ("/hook/", "/hook/../admin", "/hook/x", "/hookx", "/Hook", "//hook", "/"):
        assert call(app, path, method="POST", headers=attack).status == 403


HOOK = b"0123456789abcdef0123456789abcdef"


def hook(body, *, key=HOOK, at="", **options):
    """Send a signed webhook; the body that was believed, or the name of the error."""
    signed = f"{at}.".encode() + body if at else body
    headers = {"X-Signature-256": "sha256=" + hmac.digest(key, signed, "sha256").hex(), "X-Timestamp": at}
    try:
        return signed_body(environ(method="POST", body=body, headers=headers), HOOK, **options)
    except Refused:
        return "refused"


def test_row_09_a_webhook_is_believed_by_its_signature_alone():
    assert hook(b"paid") == b"paid"
    assert hook(b"paid", key=b"x" * 32) == "refused"
    timed = {"stamp": "X-Timestamp", "clock": lambda: 1000.0}
    assert hook(b"paid", at="1299", **timed) == b"paid"
    for at in ("1301", "699", "", "-1", "\xb2", "9" * 40):
        assert hook(b"paid", at=at, **timed) == "refused"
    assert hook(b"paid", at="1000") == "refused"
    with pytest.raises(Refused):
        signed_body(environ(method="POST", body="paid", headers={"X-Signature-256": "\xe9"}), HOOK)
    with pytest.raises(ConfigError):
        signed_body(environ(method="POST"), b"short")


@pytest.mark.parametrize("wrong", [{"exempt": ["hook"]}, {"exempt": ["/api/*"]}, {"exempt": ["/a/../b"]}])
def test_row_09_an_exempt_path_with_a_pattern_is_refused_at_construction(wrong):
    with pytest.raises(ConfigError):
        Csrf(over_wsgi(View()), keys=KEYS, **wrong)


@pytest.mark.parametrize("wrong", ["*", "null", "friend.example", "https://*.example", "https://a.example/x"])
def test_row_02_a_trusted_origin_is_exact_or_refused_at_construction(wrong):
    with pytest.raises(ConfigError):
        Csrf(over_wsgi(View()), keys=KEYS, trusted=[wrong])


def test_row_10_a_refusal_is_generic_and_logged(below, events):
    app = Csrf(below(View()), keys=KEYS)
    answer = post(app, None, "sid=1", headers={"Accept": "text/html"})
    assert answer.status == 403
    assert "did not come from a page of this site" in answer.text
    (event,) = events("malicious_csrf")
    assert event["reason"] == "no token"


def test_row_10_a_form_whose_token_has_died_can_be_sent_again_without_typing():
    app = Csrf(over_wsgi(View()), keys=KEYS)
    token, _ = visited(app)
    typed = {"title": 'A "long" <text>', "_csrf": token, "tags": "a&b=c"}
    headers = FORM | {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    answer = call(app, method="POST", body=urlencode(typed), headers=headers)
    assert answer.status == 403
    fields = {unescape(name): unescape(value) for name, value in re.findall(r'name="(.*?)" value="(.*?)"', answer.text)}
    assert fields["title"] == typed["title"]
    assert fields["tags"] == typed["tags"]
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    again = call(app, method="POST", body=urlencode(fields), headers=headers | {"Cookie": cookie})
    assert again.status == 200
    assert f"_csrf={fields['_csrf']}" in again.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {},
        {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"},
        {"Sec-Fetch-Site": "same-origin", "Content-Type": "text/plain"},
    ],
)
def test_row_10_no_other_site_gets_its_form_repeated(headers):
    app = Csrf(over_wsgi(View()), keys=KEYS)
    sent = FORM | {"Accept": "text/html"} | headers
    answer = call(app, method="POST", body="to=eve&amount=1", headers=sent)
    assert answer.status == 403
    assert "eve" not in answer.text


def test_row_06_compression_tells_nothing_of_the_token_and_everything_of_a_fixed_one():
    """The BREACH oracle: of the next digits, the right guess compresses best."""

    def recovered(token_of):
        known = "_csrf="
        for _ in range(8):
            sizes = {digit: compressed(token_of, known + digit) for digit in "0123456789abcdef"}
            known += min(sizes, key=sizes.get)
        return known.removeprefix("_csrf=")

    def compressed(token_of, guess):
        pages = (f"<p>{guess}</p><form action=\"/?_csrf={token_of()}\">" for _ in range(24))
        return sum(len(zlib.compress(page.encode(), 9)) * 8 + len(page) for page in pages) / 24

    app = Csrf(over_wsgi(View()), keys=KEYS)
    _, cookie = visited(app)
    fixed = "7f3a9c41d2e86b05"
    assert recovered(lambda: fixed) == fixed[:8]
    first, second = (call(app, headers={"Cookie": cookie}).text for _ in range(2))
    assert first[:8] != second[:8]
    masked = recovered(lambda: call(app, headers={"Cookie": cookie}).text)
    assert masked not in (first[: len(masked)], second[: len(masked)])


def test_row_10_report_only_lets_through_and_logs(events):
    view = View()
    app = Csrf(over_wsgi(view), keys=KEYS, report_only=True)
    assert post(app, headers={"Sec-Fetch-Site": "cross-site"}).status == 200
    assert view.reached == ["POST"]
    (event,) = events("malicious_csrf")
    assert event["enforced"] is False
