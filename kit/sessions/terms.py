"""Terms: what the layer tells the place where sessions are kept, checked once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kit.errors import ConfigError
from kit.sessions.row import Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

__all__ = ["Terms"]


class Terms(NamedTuple):
    """Times are in seconds, `limit` in bytes, `renew` 0 is never. `cookie` and its name are read from environ."""

    idle: float
    absolute: float
    renew: float
    most: int
    limit: int
    when_down: str
    clock: Callable[[], float]
    cookie_name: Callable[[WSGIEnvironment], str]
    cookie: Callable[[WSGIEnvironment], str | None]

    def check(self) -> Terms:
        """The terms, or `ConfigError`."""
        if not 0 < self.idle <= self.absolute:
            raise ConfigError(f"idle={self.idle}, absolute={self.absolute}", hint="0 < idle <= absolute, in seconds")
        if self.renew < 0 or self.most < 0:
            raise ConfigError(f"renew={self.renew}, most={self.most}", hint="0 for never and for any number")
        if self.when_down not in ("refuse", "anonymous"):
            raise ConfigError(f"when_down={self.when_down!r}", hint="'refuse' or 'anonymous'")
        return self

    def new_row(self, environ: WSGIEnvironment) -> Row:
        """A session that begins with this request."""
        return Row(created=self.clock(), agent=environ.get("HTTP_USER_AGENT", "")[:200])

    def too_old(self, row: Row) -> bool:
        """Whether the session has lived as long as one may."""
        return row.created + self.absolute <= self.clock()

    def outdated(self, row: Row) -> bool:
        """Whether the id is old enough to be replaced."""
        return self.renew > 0 and row.issued + self.renew <= self.clock()

    def ttl(self, row: Row) -> float:
        """How long the session may rest from now on."""
        return max(1.0, min(self.idle, row.created + self.absolute - self.clock()))

    def due(self, row: Row, expires: float) -> bool:
        """Whether the end of a session that was used must be put off: at most once a minute."""
        return self.clock() + self.ttl(row) - expires > min(60.0, self.idle / 10)
