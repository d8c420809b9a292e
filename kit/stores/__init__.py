"""Expiring key-value stores with compare-and-swap: under sessions, rate limits, login throttles, single-use tokens.

>>> store = open_store("memory:")
>>> store.add("token", b"ann", ttl=600)
True
>>> store.remove("token"), store.remove("token")
(True, False)

`open_store` takes the URL of a backend; `MemoryStore`, `kit.stores.sql.SqlStore` and `kit.stores.mongo.MongoStore` are
what it makes. `Sealed` encrypts the values of any store; `Breaker` stops asking one that is down. To write a backend of
your own, see `kit.stores.contract`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit.errors import ConfigError
from kit.stores.breaker import Breaker
from kit.stores.memory import MemoryStore
from kit.stores.protocol import Entry, Store, check_process
from kit.stores.sealed import Sealed
from kit.url import URL, parse

if TYPE_CHECKING:
    from typing import Any

__all__ = ["Breaker", "Entry", "MemoryStore", "Sealed", "Store", "check_process", "open_store"]


def open_store(url: str | URL, **options: Any) -> Store:
    """A store in the backend that `url` names; nothing is connected before its first use.

    For SQLite it is a file beside the data: `sqlite:///app.db` gives a store in `app.stores.db`. `memory:` and
    `sqlite::memory:` give a `MemoryStore`. `options` are those of the store's class (`timeout`, `clock`).
    """
    url = parse(url) if isinstance(url, str) else url
    if url.in_memory:
        options.pop("timeout", None)
        return MemoryStore(**options)
    if url.engine == "mongodb":
        from kit.stores.mongo import MongoStore

        return MongoStore(url, **options)
    if url.engine in ("sqlite", "postgresql", "mysql"):
        from kit.stores.sql import SqlStore

        return SqlStore(url.beside("stores"), **options)
    raise ConfigError(f"kit has no store on {url.masked}", hint="write one as recipes/custom_store does, for Redis")
