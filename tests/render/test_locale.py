"""Locale: one of the site's languages, and answers that say so."""

from __future__ import annotations

from typing import Any

import pytest

from kit.errors import ConfigError
from kit.render import Locale
from kit.testing import call
from kit.wsgi.lint import check_layer


def app(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["kit.locale"].encode()]


def test_locale_keeps_the_contract() -> None:
    check_layer(lambda inner: Locale(inner, locales=["en", "de"]))


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("pt", "pt-BR"),
        ("fr, pt-br;q=0.5", "pt-BR"),
        ("en;q=0.1, de;q=0.2", "de"),
        ("*", "en"),
        ("de;q=0, *", "en"),
        ("x" * 100_000, "en"),
        ("\x00;;q=q", "en"),
    ],
)
def test_the_client_chooses_among_what_there_is(header: str | None, locale: str) -> None:
    site = Locale(app, locales=["en", "de", "pt-BR"])
    answer = call(site, headers={} if header is None else {"Accept-Language": header})
    assert answer.text == answer.headers["Content-Language"] == locale
    assert answer.headers["Vary"] == "Accept-Language"


def test_the_users_own_choice_goes_first_if_the_site_has_it() -> None:
    for chosen, locale in (("de", "de"), ("xx", "en"), (None, "en")):
        site = Locale(app, locales=["en", "de"], choose=lambda environ, chosen=chosen: chosen)
        assert call(site).text == locale


def test_what_the_app_says_itself_stays() -> None:
    def own(environ: Any, start_response: Any) -> Any:
        start_response(
            "200 OK", [("Content-Type", "text/plain"), ("Content-Language", "la"), ("Vary", "Accept-Language")]
        )
        return []

    answer = call(Locale(own, locales=["en"]))
    assert (answer.headers.get_all("Content-Language"), answer.headers.get_all("Vary")) == (["la"], ["Accept-Language"])


@pytest.mark.parametrize("locales", [[], "en", ["en_US"], ["en\r\nX: y"]])
def test_tags_that_are_none_fail_at_once(locales: Any) -> None:
    with pytest.raises(ConfigError, match="language tags"):
        Locale(app, locales=locales)
