"""PerRequest: a layer that gives each request its handle on the database, as `environ["kit.db"]`.

>>> from kit.data import Field, Model, open_db
>>> class Note(Model):
...     text: Field[str]
>>> def app(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [str(of(environ)[Note].everything().count()).encode()]
>>> from kit.testing import call
>>> call(PerRequest(app, db=open_db("memory:", models=[Note]))).text
'0'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kit.data.database import Database
from kit.errors import ConfigError
from kit.wsgi import Layer, provided

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

__all__ = ["PerRequest", "of"]


class PerRequest(Layer):
    """Sets `kit.db`. No connection is held between two operations, and none after the request.

    With `deadline` (seconds) every operation must end within that time of the request's start, or fails with `Timeout`.
    """

    def __init__(
        self, app: WSGIApplication, *, db: Database, deadline: float | None = None, key: str = "kit.db"
    ) -> None:
        super().__init__(app)
        if not isinstance(db, Database):
            raise ConfigError(f"db is a {type(db).__name__}", hint="pass what open_db returns")
        if deadline is not None and deadline <= 0:
            raise ConfigError("deadline is above 0 seconds")
        self.db, self.key, self.deadline = db, key, deadline
        self.provides = (key,)

    def before(self, environ: WSGIEnvironment) -> None:
        """Hang the handle into environ."""
        environ[self.key] = self.db if self.deadline is None else self.db.within(self.deadline)

    def shutdown(self) -> None:
        """Give all connections back: `kit.wsgi.shutdown(app)` calls it."""
        self.db.close()


def of(environ_or_request: Any, *, key: str = "kit.db") -> Database:
    """The database handle of a request; `MissingLayer` says what to add."""
    handle: Database = provided(environ_or_request, key, what="database", layer="kit.data.PerRequest")
    return handle
