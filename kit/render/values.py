"""What `Templates.response` adds to a page from the request: `url csrf nonce user session flashes locale`.

They come from the environ keys of the layers that are there. Nothing is drawn, and no session is read, until a template
uses the value; a value whose layer is missing raises `MissingLayer`, with the cure, when it is used.

>>> values = request_values({"kit.csrf": lambda: "t0ken"}, lang="en")
>>> f"{values['csrf']} {values['csrf'].field}"
't0ken <input type="hidden" name="_csrf" value="t0ken">'
>>> values["user"] is None, values["locale"]
(True, 'en')
>>> list(values["flashes"])
Traceback (most recent call last):
kit.errors.MissingLayer: no session here (looked for 'kit.session'): add kit.sessions.Sessions outside this app
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from kit.errors import MissingLayer
from kit.render.absent import Absent
from kit.render.escape import Markup, escape
from kit.wsgi.keys import KEYS

__all__ = ["Csrf", "Flashes", "request_values"]


def request_values(environ: Mapping[str, Any], *, lang: str) -> dict[str, Any]:
    """The seven values. `user` is None, and `locale` is `lang`, where no layer says otherwise."""
    session = _from(environ, "kit.session", "session")
    token = _from(environ, "kit.csrf", "CSRF token")
    return {
        "url": _from(environ, "kit.url", "router"),
        "csrf": token if isinstance(token, Absent) else Csrf(token),
        "nonce": _from(environ, "kit.nonce", "nonce"),
        "user": environ.get("kit.user"),
        "session": session,
        "flashes": session if isinstance(session, Absent) else Flashes(session),
        "locale": environ.get("kit.locale", lang),
    }


def _from(environ: Mapping[str, Any], key: str, what: str) -> Any:
    return environ[key] if key in environ else Absent(partial(_missing, key, what))


def _missing(key: str, what: str) -> MissingLayer:
    return MissingLayer(f"no {what} here (looked for {key!r})", hint=f"add {KEYS[key][1]} outside this app")


class Csrf:
    """The CSRF token of this request: `${csrf.field}` in a form, `${csrf}` or `csrf()` anywhere else."""

    __slots__ = ("_draw",)

    def __init__(self, draw: Callable[[], str]) -> None:
        self._draw = draw

    def __call__(self) -> str:
        return self._draw()

    def __str__(self) -> str:
        return self._draw()

    def drawn(self) -> Csrf:
        """The same with one token, drawn now."""
        token = self._draw()
        return Csrf(lambda: token)

    @property
    def field(self) -> Markup:
        """The hidden field that `kit.security.Csrf` looks for."""
        return Markup(f'<input type="hidden" name="_csrf" value="{escape(self._draw())}">')


class Flashes:
    """The flash messages of the session, claimed when the page first looks at them, once."""

    __slots__ = ("_session", "_taken")

    def __init__(self, session: Any) -> None:
        self._session = session
        self._taken: list[Any] | None = None

    def _all(self) -> list[Any]:
        if self._taken is None:
            self._taken = list(self._session.take_flashes())
        return self._taken

    def drawn(self) -> list[Any]:
        """The messages, claimed now."""
        return self._all()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())
