"""polls: how the parts become an application. What it stores: models.py. What it answers: pages.py."""

from functools import partial
from pathlib import Path

from kit.data import PerRequest, open_db
from kit.observe import AccessLog, RequestId
from kit.render import ErrorPages, Static, Templates
from kit.security import BodyLimit, Csrf, Headers, TrustedHosts, TrustedProxy
from kit.sessions import Sessions
from kit.stores import Sealed, open_store
from kit.wsgi import compose

from . import models, samples
from .pages import routes

HERE = Path(__file__).parent


def make_app(*, data, keys, debug=False, lint=False, hosts=("127.0.0.1", "localhost"), proxies=()):
    """The application on the database that the URL `data` names; `keys` seal what its sessions hold.

    To serve others than this machine, name the `hosts` of the site, and the `proxies` in front of it that speak TLS.
    """
    db = open_db(data, models=models.ALL)
    db.create()
    samples.add(db)
    templates = Templates(HERE / "templates", reload=debug)
    return compose(
        RequestId,
        *([partial(TrustedProxy, proxies=proxies)] if proxies else []),
        AccessLog,
        partial(TrustedHosts, hosts=hosts),
        Headers,
        partial(BodyLimit, bytes=64 * 1024),
        partial(ErrorPages, debug=debug, page=partial(error_page, templates)),
        partial(Static, folder=HERE / "static", prefix="/static"),
        partial(PerRequest, db=db),
        partial(Sessions, store=Sealed(open_store(data), keys)),
        Csrf,
        routes(templates),
        lint=lint,
    )


def error_page(templates, request, problem):
    """Every error in the looks of the site."""
    return templates.render("error.html", problem=problem)
