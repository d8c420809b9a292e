"""An app whose sessions are kept in a store of its own: Redis by URL, anything else as ever.

kit run custom_store --data redis://127.0.0.1:6379/0
"""

from functools import partial

from kit.routing import Router
from kit.sessions import Sessions, of
from kit.stores import open_store
from kit.wsgi import compose

from .store import RedisStore

PAGE = "<!doctype html><html lang=en><title>Visits</title><p>You were here {} times.</p></html>"


def store_for(url):
    """The store that a URL names."""
    return RedisStore(url) if url.startswith(("redis://", "rediss://", "unix://")) else open_store(url)


def visits(request):
    """Count the visits of this browser; requests that overlap are all counted."""
    return PAGE.format(of(request).incr("visits"))


def make_app(*, data="sqlite:///custom_store.sqlite", keys=None, debug=False, lint=False):
    """The app; `data` is the URL of the store. It has no secrets, so it needs no keys."""
    router = Router()
    router.get("/", visits)
    return compose(partial(Sessions, store=store_for(data)), router, lint=lint)
