"""MongoStore: entries in a collection of MongoDB, one document each; expired ones are deleted by the server.

    store = MongoStore("mongodb://db.example/blog")         # or a pymongo Collection
    store.add("a", b"1", ttl=60)

Every operation is one operation on one document, which MongoDB makes atomic. Writes are acknowledged by a majority and
journalled; reads go to the primary. The index by which the server deletes what has expired (an hour later, for clocks
that differ) is made at first use.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kit.errors import ConfigError, Unavailable, needs
from kit.stores.forks import renew_after_fork
from kit.stores.protocol import Entry, check_key, check_ttl, new_version
from kit.url import URL, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["MongoStore"]

_NONE: tuple[int, Any] = (0, None)  # process, and its client or collection
_LATER = 3600  # seconds by which the server's own deletion follows expiry


class MongoStore:
    """A store in `collection`, or in the Collection that is given. `timeout` in seconds is for each operation."""

    def __init__(
        self,
        database: str | URL | Any,
        *,
        collection: str = "kit_store",
        timeout: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]{0,99}", collection):
            raise ConfigError(f"{collection!r} is no name of a collection", hint="use letters, digits and _")
        if isinstance(database, str):
            database = parse(database)
        if isinstance(database, URL):
            database.mongo_args(timeout=timeout)
        elif not hasattr(database, "find_one_and_update"):
            raise ConfigError(f"MongoStore takes a URL or a pymongo Collection, not {type(database).__name__}")
        self._given, self._name, self._timeout, self._clock = database, collection, timeout, clock
        self._client, self._opened = _NONE, _NONE
        self._inherited: list[Any] = []
        renew_after_fork(self)

    def renew(self) -> None:
        """A lock that nobody holds (`kit.stores.forks`)."""
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """The entry, or None."""
        with self._documents() as documents:
            found = documents.find_one({"_id": check_key(key), "expires": {"$gt": self._clock()}})
        return _entry(found) if found else None

    def add(self, key: str, value: bytes, *, ttl: float, owner: str | None = None) -> bool:
        """Insert; False if a live entry is there."""
        owner = owner if owner is None else check_key(owner, "owner")
        fields = {"value": bytes(value), "owner": owner, **self._until(ttl), "version": _int64(new_version())}
        with self._documents() as documents:
            from pymongo.errors import DuplicateKeyError

            try:  # inserts, or takes the place of what has expired; a live entry makes it a duplicate key
                where = {"_id": check_key(key), "expires": {"$lte": self._clock()}}
                documents.update_one(where, {"$set": fields}, upsert=True)
            except DuplicateKeyError:
                return False
        return True

    def swap(self, key: str, value: bytes, *, version: int, ttl: float | None = None, owner: str | None = None) -> bool:
        """Compare and set; False if the entry moved or is gone."""
        fields: dict[str, Any] = {"value": bytes(value), "version": _int64(new_version())}
        if ttl is not None:
            fields |= self._until(ttl)
        if owner is not None:
            fields["owner"] = check_key(owner, "owner")
        return self._update(key, {"version": _int64(version)}, fields)

    def touch(self, key: str, *, ttl: float) -> bool:
        """New expiry, same version."""
        return self._update(key, {}, self._until(ttl))

    def remove(self, key: str) -> bool:
        """Delete; True for exactly one of many callers."""
        with self._documents() as documents:
            where = {"_id": check_key(key), "expires": {"$gt": self._clock()}}
            return bool(documents.delete_one(where).deleted_count == 1)

    def owned(self, owner: str) -> list[Entry]:
        """All live entries of `owner`."""
        with self._documents() as documents:
            found = documents.find({"owner": check_key(owner, "owner"), "expires": {"$gt": self._clock()}})
            return [_entry(document) for document in found]

    def sweep(self, limit: int = 1000) -> int:
        """Delete at most `limit` expired entries."""
        with self._documents() as documents:
            dead = {"expires": {"$lte": self._clock()}}
            keys = [document["_id"] for document in documents.find(dead, {"_id": 1}).limit(limit)]
            return int(documents.delete_many({"_id": {"$in": keys}, **dead}).deleted_count) if keys else 0

    def close(self) -> None:
        """Close the client that was made from a URL; a later call opens again."""
        with self._lock:
            (pid, client), self._client, self._opened = self._client, _NONE, _NONE
        if pid == os.getpid():
            client.close()
        elif client is not None:
            self._inherited.append(client)

    def _until(self, ttl: float) -> dict[str, Any]:
        expires = self._clock() + check_ttl(ttl)
        return {"expires": expires, "until": datetime.fromtimestamp(min(expires, 253e9), UTC)}

    def _update(self, key: str, where: dict[str, Any], fields: dict[str, Any]) -> bool:
        with self._documents() as documents:
            where = {"_id": check_key(key), **where, "expires": {"$gt": self._clock()}}
            return bool(documents.update_one(where, {"$set": fields}).matched_count == 1)

    @contextlib.contextmanager
    def _documents(self) -> Iterator[Any]:
        with needs("pymongo", extra="mongo", by=__name__):
            from pymongo.errors import PyMongoError
        try:
            yield self._open()
        except PyMongoError as exc:
            shown = self._given.masked if isinstance(self._given, URL) else self._name
            raise Unavailable(f"the store in {shown} fails ({exc})", hint="is the server up and within reach?") from exc

    def _open(self) -> Any:
        """Connect and make the indexes. Nothing that waits for the server happens under the lock."""
        pid, collection = self._opened
        if pid == os.getpid():
            return collection
        from pymongo import ReadPreference, WriteConcern

        client, collection = None, self._given
        if isinstance(self._given, URL):
            client = self._connected(self._given)
            collection = client[self._given.name][self._name]
        collection = collection.with_options(
            read_preference=ReadPreference.PRIMARY, write_concern=WriteConcern(w="majority", j=True)
        )
        collection.create_index("owner", sparse=True)
        collection.create_index("expires")
        if self._clock is time.time:  # a clock of the caller's own is not the server's
            collection.create_index("until", expireAfterSeconds=_LATER)
        with self._lock:
            if self._client[1] is client:  # else it was closed meanwhile
                self._opened = os.getpid(), collection
        return collection

    def _connected(self, url: URL) -> Any:
        """The client of this process, one for all threads. One that a fork has brought along is left to the parent."""
        pid, client = self._client
        if pid == os.getpid():
            return client
        from pymongo import MongoClient

        text, settings = url.mongo_args(timeout=self._timeout)
        made: Any = MongoClient(text, **settings)
        with self._lock:
            pid, client = self._client
            if pid != os.getpid():
                self._inherited.append(client)
                self._client = os.getpid(), made
                return made
        made.close()
        return client


def _int64(number: int) -> Any:
    with needs("pymongo", extra="mongo", by=__name__):
        import pymongo  # noqa: F401  # bson is a part of it
    from bson.int64 import Int64

    return Int64(number)


def _entry(document: dict[str, Any]) -> Entry:
    version, expires = int(document["version"]), float(document["expires"])
    return Entry(document["_id"], bytes(document["value"]), version, expires, document["owner"])
