"""Parsers of outside input, fuzzed against oracles: nothing raises, nothing gets round. KIT_LONG=1 makes it long."""

import re
from urllib.parse import urlencode

from hypothesis import example, given
from hypothesis import strategies as st

from kit.seal import KeyRing, new_key
from kit.security import BodyLimit, Csrf, Headers, Https, Isolation, Limits, TrustedHosts, TrustedProxy
from kit.security.cookie import cookie_in
from kit.security.names import parse_host, parse_origin
from kit.security.origin import verdict
from kit.security.reports import take
from kit.testing import call
from kit.wsgi import compose
from tests.security.frameworks import over_wsgi

KEYS = KeyRing([new_key()])
LATIN = st.text(st.characters(max_codepoint=255), max_size=40)
SHORT = st.text(st.sampled_from("=; \t,\"\\\x80\xa0\x85sid_-Host0"), max_size=40)


@given(st.one_of(LATIN, SHORT))
@example("0=\x80__Host-sid=evil")
@example("__Host-sid=evil, __Host-sid=x")
@example('a="; __Host-sid=evil; "')
def test_no_cookie_header_plants_a_cookie_of_another_name(header):
    found = cookie_in({"HTTP_COOKIE": header}, "__Host-sid")
    pieces = [piece.strip(" \t") for piece in header.split(";")]
    honest = [piece[11:] for piece in pieces if piece.startswith("__Host-sid=")]
    assert found == (honest[0] if len(honest) == 1 else None)


NAMES = st.text(st.sampled_from("ab.-_:[]0189@/\\,% \x80"), max_size=30)


@given(st.one_of(NAMES, st.text(max_size=30)))
def test_a_host_that_passes_is_one_host_by_the_strictest_grammar(text):
    found = parse_host(text)
    if found is not None:
        host, port = found
        name = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
        assert re.fullmatch(rf"{name}(\.{name})*|\[[0-9a-f:.]+\]", host)
        assert text.lower() in {f"{host}{dot}{tail}" for dot in ("", ".") for tail in _tails(text, port)}


def _tails(text, port):
    return {""} if port is None else {":" + text.rpartition(":")[2]}


@given(st.sampled_from(["http", "https", "HTTPS", "ftp", "null", ""]), st.sampled_from(["://", ":", "//", ""]), NAMES)
def test_an_origin_that_passes_can_be_written_back(scheme, mark, rest):
    found = parse_origin(scheme + mark + rest)
    if found is not None:
        again = parse_origin("{}://{}:{}".format(*found))
        assert again == found


@given(
    site=st.sampled_from([None, "same-origin", "none", "same-site", "cross-site", "", "SAME-ORIGIN", "x"]),
    origin=st.one_of(st.none(), st.sampled_from(["null", "https://a.example", "http://a.example", "https://b.example"])),
    referer=st.one_of(st.none(), st.text(max_size=30).map(lambda text: "https://a.example" + text)),
)
def test_a_verdict_of_same_is_backed_by_the_browser_or_by_an_equal_origin(site, origin, referer):
    environ = {"wsgi.url_scheme": "https", "HTTP_HOST": "a.example"}
    given_keys = {"HTTP_SEC_FETCH_SITE": site, "HTTP_ORIGIN": origin, "HTTP_REFERER": referer}
    environ |= {key: value for key, value in given_keys.items() if value is not None}
    found = verdict(environ)
    if found == "same":
        by_referer = origin is None and re.match(r"https://a\.example([/?#:.\s]|$)", referer or "")
        equal = origin == "https://a.example" or by_referer
        assert site in ("same-origin", "none") or (site is None and equal)
    if site in ("same-site", "cross-site"):
        assert found == "foreign"


JSON_LIKE = st.text(st.sampled_from('[]{}":,csp-reportbody1'), max_size=80).map(str.encode)


@given(body=st.one_of(st.binary(max_size=200), JSON_LIKE))
def test_no_report_makes_the_sink_raise(body):
    answer = call(take, method="POST", body=body, headers={"Content-Type": "application/csp-report"})
    assert answer.status in (204, 400)


@given(
    pairs=st.lists(st.tuples(st.sampled_from(["a", "_csrf", "_csrfx", "x_csrf", ""]), st.text(max_size=8)), max_size=6),
    at=st.integers(0, 6),
)
def test_the_token_is_found_wherever_it_stands_first_in_a_form(pairs, at):
    app = Csrf(over_wsgi(lambda environ: (200, [], environ["kit.csrf"]().encode())), keys=KEYS)
    first = call(app)
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    fields = [*pairs[:at], ("_csrf", first.text), *pairs[at:]]
    expected = next(value for name, value in fields if name == "_csrf") == first.text
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    answer = call(app, method="POST", body=urlencode(fields), headers=headers)
    assert (answer.status == 200) is expected


STACK = compose(
    lambda app: TrustedProxy(app, proxies=["127.0.0.1"]),
    lambda app: TrustedHosts(app, hosts=["localhost", ".localhost"]),
    Https,
    Headers,
    Isolation,
    Limits,
    lambda app: BodyLimit(app, bytes=100),
    lambda app: Csrf(app, keys=KEYS),
    over_wsgi(lambda environ: (200, [("Content-Type", "text/plain")], b"")),
)
HEADERS = ["HTTP_HOST", "HTTP_ORIGIN", "HTTP_REFERER", "HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_ACCEPT"]
HEADERS += ["HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_SEC_FETCH_SITE"]
HEADERS += ["CONTENT_TYPE", "HTTP_X_CSRF_TOKEN", "CONTENT_LENGTH", "QUERY_STRING", "PATH_INFO"]
HEADERS += ["HTTP_TRANSFER_ENCODING", "RAW_URI"]


@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "TRACE", "PUT", ""]),
    keys=st.dictionaries(st.sampled_from(HEADERS), LATIN, max_size=6),
    scheme=st.sampled_from(["http", "https"]),
    body=st.binary(max_size=120),
)
def test_no_request_makes_the_stack_raise_or_answer_500(method, keys, scheme, body):
    answer = call(STACK, method=method, body=body, environ=keys | {"wsgi.url_scheme": scheme})
    assert answer.status < 500
    assert not any(set(value) & set("\r\n\0") for _, value in answer.headers.items())
