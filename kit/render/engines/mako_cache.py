"""Parts of Mako pages kept in a store: `<%block name="menu" cached="True" cache_timeout="60" cache_key="${lang}">`.

    templates = Templates("templates", cache=open_store(url))

A part is found again under its name or `cache_key`, as long as the template's source is the same, by every process that
shares the store. What differs between people (user, session, token, nonce) does not belong in it, unless its key says
whose it is; `kit templates lint` finds such parts. Without a store, or while it is down, parts are simply made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kit.errors import Unavailable, needs

if TYPE_CHECKING:

    class CacheImpl:
        def __init__(self, cache: Any) -> None:
            self.cache = cache


with needs("mako", extra="render", by="kit.render"):
    from mako.cache import register_plugin

    if not TYPE_CHECKING:
        from mako.cache import CacheImpl

__all__ = ["StoreCache"]

#: seconds that a part is kept if it does not say cache_timeout
TTL = 60.0


class StoreCache(CacheImpl):
    """What Mako calls a cache implementation, on the store that `Templates(cache=…)` was given."""

    plugin = "kit"

    def __init__(self, cache: Any) -> None:
        super().__init__(cache)
        template = cache.template
        mark = hashlib.sha256(f"{template.uri}\0{template.source}".encode()).hexdigest()[:32]
        self._prefix = f"page:{mark}:"
        self._store = template.cache_args.get("store")

    def get_or_create(
        self, key: Any, creation_function: Callable[[], str], *, timeout: float = TTL, **options: Any
    ) -> str:
        """The part as it was kept, or made now and kept for `timeout` seconds."""
        if self._store is None:
            return creation_function()
        name = self._prefix + hashlib.sha256(str(key).encode()).hexdigest()[:32]
        try:
            kept = self._store.get(name)
        except Unavailable:
            return creation_function()
        if kept is not None:
            return str(kept.value.decode())
        text = creation_function()
        try:
            self._store.add(name, text.encode(), ttl=float(timeout))
        except Unavailable:
            pass  # the page is whole without
        return text


register_plugin(StoreCache.plugin, StoreCache.__module__, StoreCache.__name__)
