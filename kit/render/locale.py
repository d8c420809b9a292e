"""Locale: the language of the answer, from what the site has and the client reads; left in `kit.locale`.

>>> from kit.testing import call
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [environ["kit.locale"].encode()]
>>> site = Locale(app, locales=["en", "de-CH", "fr"])
>>> answer = call(site, headers={"Accept-Language": "de;q=0.9, it"})
>>> answer.text, answer.headers["Content-Language"], answer.headers["Vary"]
('de-CH', 'de-CH', 'Accept-Language')
>>> call(site, headers={"Accept-Language": "ja"}).text
'en'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kit.errors import ConfigError
from kit.http.negotiate import best_language
from kit.wsgi import Layer

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    Headers = list[tuple[str, str]]

__all__ = ["Locale"]

_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*\Z")


class Locale(Layer):
    """Set `kit.locale` to one of `locales` (BCP 47 tags; the first is the default).

    `choose(environ)` may name one, say from the user's settings or a cookie; another answer of it is ignored, and then
    Accept-Language decides. Answers say which language they are in, and that it depends on the request.
    """

    provides = ("kit.locale",)

    def __init__(
        self,
        app: WSGIApplication,
        *,
        locales: Sequence[str],
        choose: Callable[[WSGIEnvironment], str | None] | None = None,
    ) -> None:
        super().__init__(app)
        unfit = [tag for tag in locales if not _TAG.match(tag)]
        if unfit or not locales or isinstance(locales, str):
            raise ConfigError(f"locales={locales!r} is no list of language tags", hint='locales=["en", "de-CH"]')
        self.locales = tuple(locales)
        self.choose = choose

    def before(self, environ: WSGIEnvironment) -> None:
        """Choose the language."""
        chosen = self.choose(environ) if self.choose is not None else None
        if chosen not in self.locales:
            chosen = best_language(environ.get("HTTP_ACCEPT_LANGUAGE"), self.locales) or self.locales[0]
        environ["kit.locale"] = chosen

    def head(self, environ: WSGIEnvironment, status: str, headers: Headers) -> tuple[str, Headers]:
        """Say which language it is, and what it depends on; not for a 304, which keeps what the client has."""
        names = {name.lower(): value.lower() for name, value in headers}
        if "accept-language" not in names.get("vary", ""):
            headers.append(("Vary", "Accept-Language"))
        if "content-language" not in names and "content-type" in names and status[:3] != "304":
            headers.append(("Content-Language", environ["kit.locale"]))
        return status, headers
