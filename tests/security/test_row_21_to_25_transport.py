"""Rows 21 to 25 of the requirements: host, proxies, https, CORS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import ConfigError
from kit.security import Cors, Https, TrustedHosts, TrustedProxy
from kit.security.names import parse_host
from kit.security.proxy import parse_forwarded
from kit.testing import call
from tests.security.frameworks import over_wsgi


def seen(environ):
    """What the app sees of the request."""
    keys = ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "kit.host")
    text = " ".join(str(environ.get(key, "-")) for key in keys)
    return 200, [("Content-Type", "text/plain")], text.encode()


HOSTILE = [
    "",
    " shop.example",
    "shop.example ",
    "shop.example\t",
    "evil.example",
    "evilshop.example",
    "shop.example.evil.example",
    "shop.example@evil.example",
    "shop.example:80@evil.example",
    "user@shop.example",
    "shop.example, evil.example",
    "shop.example,shop.example",
    "shop.example:",
    "shop.example:x",
    "shop.example:99999",
    "shop.example:0",
    "shop.example:-1",
    "shop.example/evil",
    "shop.example#",
    "shop.example?x",
    "shop..example",
    ".shop.example",
    "[::1",
    "::1",
    "[::g]",
    "http://shop.example",
    "shop.example\\evil",
    "shop.exa\xadmple",
    "s\xc4\xb1hop.example",
    "*.shop.example",
    "a" * 300,
]


@pytest.mark.parametrize("host", HOSTILE)
def test_row_21_a_hostile_host_never_reaches_the_app(below, host):
    reached = []

    def view(environ):
        reached.append(1)
        return seen(environ)

    answer = call(TrustedHosts(below(view), hosts=["shop.example", "[::1]"]), headers={"Host": host})
    assert (answer.status, reached) == (400, [])


def test_row_21_a_missing_host_is_refused(events):
    app = TrustedHosts(over_wsgi(seen), hosts=["shop.example"])
    environ = {"HTTP_HOST": ""}
    assert call(app, environ=environ).status == 400
    assert len(events("malicious_host")) == 1


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("shop.example", "shop.example"),
        ("SHOP.example:8000", "shop.example:8000"),
        ("shop.example.", "shop.example"),
        ("www.shop.test", "www.shop.test"),
        ("a.b.shop.test:443", "a.b.shop.test:443"),
        ("[::1]:8000", "[::1]:8000"),
        ("exact.test:81", "exact.test:81"),
    ],
)
def test_row_21_the_hosts_of_the_site_pass(below, host, found):
    hosts = ["shop.example", ".shop.test", "[::1]", "exact.test:81"]
    answer = call(TrustedHosts(below(seen), hosts=hosts), headers={"Host": host})
    assert answer.status == 200
    assert answer.text.split()[-1] == found


@pytest.mark.parametrize("host", ["shop.test", "exact.test", "exact.test:82"])
def test_row_21_a_suffix_is_no_host_and_a_port_is_exact(host):
    app = TrustedHosts(over_wsgi(seen), hosts=[".shop.test", "exact.test:81"])
    assert call(app, headers={"Host": host}).status == 400


@pytest.mark.parametrize("wrong", [[], ["*"], ["http://a.example"], ["a b"], ["a.example/"], [""], ["."]])
def test_row_21_a_host_list_that_cannot_work_is_refused_at_construction(wrong):
    with pytest.raises(ConfigError):
        TrustedHosts(over_wsgi(seen), hosts=wrong)


@given(st.text(max_size=80))
def test_row_21_no_text_makes_the_host_parser_raise_and_what_passes_is_plain(text):
    found = parse_host(text)
    if found is not None:
        host, _ = found
        assert text.lower().startswith(host)
        assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-[]:")


def test_row_21_a_health_check_may_come_by_any_name():
    app = TrustedHosts(over_wsgi(seen), hosts=["shop.example"], exempt=["/health"])
    assert call(app, "/health", headers={"Host": "10.0.0.7"}).status == 200
    assert call(app, "/healthy", headers={"Host": "10.0.0.7"}).status == 400


def test_row_22_absolute_urls_are_built_from_the_canonical_origin(below):
    app = TrustedHosts(below(seen), hosts=["shop.example", "twin.example"], canonical="https://shop.example")
    for host in ("shop.example", "twin.example"):
        assert call(app, headers={"Host": host}).text.split()[2:] == ["shop.example", "shop.example"]


def through(app, peer, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(app, headers={"Host": "shop.example"} | headers, environ={"REMOTE_ADDR": peer})


def test_row_23_a_stranger_cannot_forge_address_scheme_or_host(below):
    app = TrustedProxy(below(seen), proxies=["10.0.0.0/8"])
    forged = {
        "X_Forwarded_For": "1.2.3.4",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "evil.example",
        "Forwarded": "for=1.2.3.4;proto=https",
    }
    assert through(app, "203.0.113.9", **forged).text == "203.0.113.9 http shop.example -"


def test_row_23_the_trusted_proxy_is_believed(below):
    app = TrustedProxy(below(seen), proxies=["10.0.0.0/8", "fd00::/8"])
    headers = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "www.shop.example"}
    assert through(app, "10.0.0.1", **headers).text == "203.0.113.9 https www.shop.example -"
    assert through(app, "::ffff:10.0.0.1", **headers).text == "203.0.113.9 https www.shop.example -"
    assert through(app, "fd00::7", X_Forwarded_For="2001:db8::1").text == "2001:db8::1 http shop.example -"


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.3, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("6.6.6.6, unknown", "10.0.0.1"),
        ("6.6.6.6, garbage, 10.0.0.2", "10.0.0.1"),
        ("203.0.113.9:5123", "203.0.113.9"),
        ("[2001:db8::1]:5123", "2001:db8::1"),
        ("x" * 5000 + ", 203.0.113.9", "203.0.113.9"),
        ("", "10.0.0.1"),
        (",", "10.0.0.1"),
        ("6.6.6.6,", "10.0.0.1"),
    ],
)
def test_row_23_the_chain_is_walked_from_right_to_left(chain, address):
    app = TrustedProxy(over_wsgi(seen), proxies=["10.0.0.0/8"])
    assert through(app, "10.0.0.1", X_Forwarded_For=chain).text.split()[0] == address


def test_row_23_the_scheme_comes_from_the_entry_of_the_outermost_proxy_of_ours():
    app = TrustedProxy(over_wsgi(seen), proxies=["10.0.0.0/8"])
    headers = {"X_Forwarded_For": "6.6.6.6, 203.0.113.9, 10.0.0.2", "X_Forwarded_Proto": "https, http, https"}
    assert through(app, "10.0.0.1", **headers).text.split()[:2] == ["203.0.113.9", "http"]


def test_row_23_exactly_one_family_is_read():
    headers = {"X_Forwarded_For": "1.1.1.1", "Forwarded": 'for="[2001:db8::2]:80";proto=https;host=www.shop.example'}
    app = TrustedProxy(over_wsgi(seen), proxies=["10.0.0.0/8"], family="forwarded")
    assert through(app, "10.0.0.1", **headers).text == "2001:db8::2 https www.shop.example -"
    app = TrustedProxy(over_wsgi(seen), proxies=["10.0.0.0/8"])
    assert through(app, "10.0.0.1", **headers).text == "1.1.1.1 http shop.example -"


def test_row_23_a_malformed_forwarded_header_of_our_proxy_is_refused():
    app = TrustedProxy(over_wsgi(seen), proxies=["10.0.0.0/8"], family="forwarded")
    assert through(app, "10.0.0.1", Forwarded='for="6.6.6.6, for=203.0.113.9').status == 400


def test_row_23_the_headers_are_gone_for_the_app():
    def view(environ):
        left = [key for key in environ if "FORWARDED" in key or key == "HTTP_X_REAL_IP"]
        return 200, [("Content-Type", "text/plain")], repr(left).encode()

    app = TrustedProxy(over_wsgi(view), proxies=["10.0.0.0/8"])
    names = ("X_Forwarded_For", "Forwarded", "X_Real_IP", "X_Forwarded_Prefix", "X_Original_URL")
    headers = dict.fromkeys(names, "for=1.1.1.1")
    for peer in ("10.0.0.1", "203.0.113.9"):
        assert through(app, peer, **headers).text == "[]"


def test_row_23_a_header_that_the_proxy_does_not_set_can_be_left_out():
    app = TrustedProxy(over_wsgi(seen), proxies=["10.0.0.0/8"], use=["for"])
    headers = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.example"}
    assert through(app, "10.0.0.1", **headers).text == "203.0.113.9 http shop.example -"


@pytest.mark.parametrize("wrong", [[], ["*"], ["0.0.0.0/0"], ["::/0"], ["10.0.0.1/8"]])
def test_row_23_trusting_everybody_is_refused_at_construction(wrong):
    with pytest.raises(ConfigError):
        TrustedProxy(over_wsgi(seen), proxies=wrong)


@given(st.text(st.sampled_from('abc=;,"\\ []:_0/'), max_size=40))
def test_row_23_no_text_makes_the_forwarded_parser_raise(text):
    found = parse_forwarded(text)
    assert found is None or all(isinstance(element, dict) for element in found)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_row_24_a_browser_is_sent_to_https(below, method):
    answer = call(Https(below(seen)), "/a%20b/%C3%A9?x=%2F&y=1", method=method, headers={"Host": "shop.example:80"})
    assert (answer.status, answer.headers["Location"]) == (308, "https://shop.example/a%20b/%C3%A9?x=%2F&y=1")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("PUT", {}),
        ("DELETE", {}),
        ("OPTIONS", {}),
        ("GET", {"Authorization": "Bearer x"}),
        ("GET", {"Accept": "application/json"}),
    ],
)
def test_row_24_other_requests_are_refused_and_not_redirected(below, method, headers):
    answer = call(Https(below(seen)), method=method, headers=headers)
    assert answer.status == 403
    assert answer.headers.get("Location") is None


def test_row_24_https_and_health_checks_pass():
    app = Https(over_wsgi(seen), exempt=["/health"])
    assert call(app, environ={"wsgi.url_scheme": "https"}).status == 200
    assert call(app, "/health").status == 200
    assert call(app, "/health/x").status == 308


def test_row_24_a_hostile_host_is_not_redirected_to():
    assert call(Https(over_wsgi(seen)), headers={"Host": "a@evil.example/"}).status == 400


def test_row_24_the_path_cannot_make_another_host_of_the_redirect():
    assert call(Https(over_wsgi(seen)), "//evil.example/").headers["Location"] == "https://localhost//evil.example/"


FRIEND = "https://friend.example"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "https://evilfriend.example", "https://friend.example.evil.example", "http://friend.example"],
)
def test_row_25_no_other_origin_may_read(below, origin):
    answer = call(Cors(below(seen), origins=[FRIEND], credentials=True), headers={"Origin": origin})
    assert answer.headers.get("Access-Control-Allow-Origin") is None
    assert answer.headers.get("Access-Control-Allow-Credentials") is None
    assert "Origin" in answer.headers.get_all("Vary")


def test_row_25_a_listed_origin_may_read(below):
    answer = call(Cors(below(seen), origins=[FRIEND], credentials=True, expose=["X-Total"]), headers={"Origin": FRIEND})
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Total"
    assert "Origin" in answer.headers.get_all("Vary")


def test_row_25_vary_is_there_without_an_origin_too(below):
    assert "Origin" in call(Cors(below(seen), origins=[FRIEND])).headers.get_all("Vary")


def test_row_25_everybody_may_read_what_needs_no_credentials():
    answer = call(Cors(over_wsgi(seen), origins=["*"]), headers={"Origin": "https://any.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers.get("Access-Control-Allow-Credentials") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"origins": ["*"], "credentials": True},
        {"origins": []},
        {"origins": ["friend.example"]},
        {"origins": ["https://*.example"]},
        {"origins": ["null"]},
        {"origins": [FRIEND], "methods": ["*"]},
        {"origins": [FRIEND], "headers": ["*"]},
        {"origins": [FRIEND], "max_age": 10**9},
    ],
)
def test_row_25_a_dangerous_configuration_is_refused_at_construction(wrong):
    with pytest.raises(ConfigError):
        Cors(over_wsgi(seen), **wrong)


@pytest.mark.parametrize(
    ("origin", "method", "headers", "status"),
    [
        (FRIEND, "PUT", "", 204),
        (FRIEND, "PUT", "content-type, X-Csrf-Token", 204),
        (FRIEND, "DELETE", "", 403),
        (FRIEND, "PUT", "x-other", 403),
        ("https://evil.example", "PUT", "", 403),
    ],
)
def test_row_25_a_preflight_is_answered_strictly(origin, method, headers, status):
    reached = []
    app = Cors(over_wsgi(reached.append), origins=[FRIEND], methods=["PUT"], headers=["Content-Type", "X-CSRF-Token"])
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    answer = call(app, method="OPTIONS", headers=asked)
    assert (answer.status, reached) == (status, [])
    assert (answer.headers.get("Access-Control-Allow-Methods") == "PUT") is (status == 204)
    assert (answer.headers.get("Access-Control-Allow-Origin") is not None) is (origin == FRIEND)


def test_row_25_an_options_request_that_is_no_preflight_reaches_the_app():
    assert call(Cors(over_wsgi(seen), origins=[FRIEND]), method="OPTIONS", headers={"Origin": FRIEND}).status == 200
