"""wizard: how the parts become an application. Steps: forms.py. What is stored: models.py. Answers: pages.py."""

from functools import partial
from pathlib import Path

from kit.data import PerRequest, open_db
from kit.observe import AccessLog, RequestId
from kit.render import ErrorPages, Static, Templates
from kit.security import BodyLimit, Csrf, Headers, TrustedHosts
from kit.sessions import Sessions
from kit.stores import Sealed, open_store
from kit.wsgi import compose

from . import models
from .pages import routes

HERE = Path(__file__).parent


def make_app(*, data, keys, debug=False, lint=False, hosts=("127.0.0.1", "localhost")):
    """The application on the database that the URL `data` names; `keys` seal sessions and kept files."""
    db = open_db(data, models=models.ALL)
    db.create()
    store = Sealed(open_store(data), keys)
    templates = Templates(HERE / "templates", reload=debug)
    return compose(
        RequestId,
        AccessLog,
        partial(TrustedHosts, hosts=hosts),
        Headers,
        partial(BodyLimit, bytes=6 << 20),
        partial(ErrorPages, debug=debug),
        partial(Static, folder=HERE / "static", prefix="/static"),
        partial(PerRequest, db=db),
        partial(Sessions, store=store),
        Csrf,
        routes(templates, keys=keys, files=store),
        lint=lint,
    )
