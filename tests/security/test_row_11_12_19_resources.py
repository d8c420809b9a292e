"""Rows 11, 12 and 19 of the requirements: JSON that no form can send, resources that no other site can load, caches."""

import pytest

from kit.errors import ConfigError
from kit.http import handler
from kit.http.body import parse
from kit.security import Headers, Isolation, Login, bearer, session, sign_in, sign_out
from kit.testing import call
from tests.security.frameworks import over_wsgi

JSON = [("Content-Type", "application/json")]


def secret(environ):
    return 200, JSON, b'{"secret": 1}'


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "text/plain;application/json"])
def test_row_11_json_in_a_content_type_that_a_form_can_send_is_refused(kind):
    @handler
    def api(request):
        return {"got": parse(request, accept=["json"]).json}

    assert call(api, method="POST", body='{"a": 1}', headers={"Content-Type": "application/json"}).status == 200
    assert call(api, method="POST", body='{"a": 1}', headers={"Content-Type": kind}).status == 415


def fetched(site, mode, dest):
    return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}


@pytest.mark.parametrize("dest", ["script", "image", "style", "iframe", "frame", "embed", "object", "font", "empty"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "unheard-of"])
def test_row_12_another_site_cannot_load_it(below, site, dest):
    mode = "navigate" if dest in ("iframe", "frame", "embed", "object") else "no-cors"
    answer = call(Isolation(below(secret)), headers=fetched(site, mode, dest))
    assert answer.status == 403
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        fetched("same-origin", "cors", "empty"),
        fetched("none", "navigate", "document"),
        fetched("cross-site", "navigate", "document"),
    ],
)
def test_row_12_pages_of_this_site_and_links_from_others_pass(below, headers):
    answer = call(Isolation(below(secret)), headers=headers)
    assert answer.status == 200
    assert any("Sec-Fetch-Site" in value for value in answer.headers.get_all("Vary"))


def test_row_12_a_form_of_another_site_that_navigates_here_is_refused():
    headers = fetched("cross-site", "navigate", "document")
    assert call(Isolation(over_wsgi(secret)), method="POST", headers=headers).status == 403


def test_row_12_what_is_public_may_be_loaded_by_all():
    app = Isolation(over_wsgi(secret), public=["/static/", "/logo.png"], trusted=["https://friend.example"])
    attack = fetched("cross-site", "no-cors", "script")
    paths = ("/static/a.js", "/logo.png", "/static/../me", "/me")
    assert [call(app, path, headers=attack).status for path in paths] == [200, 200, 403, 403]
    assert call(app, "/me", headers=attack | {"Origin": "https://friend.example"}).status == 200
    assert call(app, "/me", headers=attack | {"Origin": "https://evil.example"}).status == 403
    app = Isolation(over_wsgi(secret), same_site=True)
    assert call(app, headers=fetched("same-site", "cors", "empty")).status == 200


@pytest.mark.parametrize("wrong", [{"public": ["static/"]}, {"trusted": ["friend.example"]}])
def test_row_12_options_that_cannot_match_are_refused_at_construction(wrong):
    with pytest.raises(ConfigError):
        Isolation(over_wsgi(secret), **wrong)


def test_row_19_what_a_known_user_sees_is_kept_out_of_caches(below):
    app = Login(below(secret), by=[bearer({"t": "ann"}.get)])
    assert call(app, headers={"Authorization": "Bearer t"}).headers["Cache-Control"] == "no-store"
    assert call(app).headers.get("Cache-Control") != "no-store"


def test_row_19_the_word_of_the_app_about_caches_stands(below):
    view = lambda environ: (200, [("Content-Type", "text/plain"), ("Cache-Control", "public")], b"")  # noqa: E731
    app = Login(below(view), by=[bearer({"t": "ann"}.get)])
    assert call(app, headers={"Authorization": "Bearer t"}).headers.get_all("Cache-Control") == ["public"]


def test_row_19_signing_out_clears_the_browser(below):
    kept = {}

    def view(environ):
        (sign_out if environ["PATH_INFO"] == "/out" else lambda environ: sign_in(environ, "ann"))(environ)
        return 200, [("Content-Type", "text/plain")], b""

    app = Headers(Login(below(view), by=[session()]))
    call(app, "/in", environ={"kit.session": kept})
    assert kept
    answer = call(app, "/out", environ={"kit.session": kept})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert kept == {}
