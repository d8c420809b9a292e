"""The MongoDB backend, on pymongo. A single server is fully usable, only transactions need a replica set.

`tx.native` is a pair of pymongo's Database and the ClientSession of the transaction (None outside of one); pass the
session to every call: `database, session = tx.native; database.command("ping", session=session)`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from kit.data.errors import Conflict, DataError, Invalid, Lost, Timeout, Unavailable, UniqueViolation, Unsupported
from kit.data.evaluate import grouped
from kit.data.mongoforms import filter_of, grouping, index_options, loader, stored, update_of, validator
from kit.data.predicate import Pred
from kit.data.protocol import Change, Group, Query, Row
from kit.data.schema import Schema
from kit.errors import needs
from kit.url import URL

with needs("pymongo", extra="mongo", by=__name__):
    import pymongo
    from pymongo import errors
    from pymongo.read_concern import ReadConcern
    from pymongo.write_concern import WriteConcern

__all__ = ["MongoBackend"]

_UNKNOWN, _TRANSIENT = "UnknownTransactionCommitResult", "TransientTransactionError"


class MongoBackend:
    """MongoDB at a URL of `kit.url`."""

    def __init__(self, url: URL, *, pool: int = 10, timeout: float = 5.0) -> None:
        self._name = url.name
        text, options = url.mongo_args(timeout=timeout)
        given = {name.lower() for name in url.options}
        if "timeoutms" not in given:  # an operation may take its time unless there is a deadline
            del options["timeoutMS"]
        # what is acknowledged is in the journal of most servers: it survives a crash
        durable = {"w": "majority", "journal": True, "maxPoolSize": pool, "waitQueueTimeoutMS": int(timeout * 1000)}
        options |= {name: value for name, value in durable.items() if name.lower() not in given}
        self._open: Callable[[], Any] = lambda: pymongo.MongoClient(text, **options)
        self._lock = threading.Lock()
        self._client: Any = None
        self._collections: _Collections
        self._pid = 0
        self._inherited: list[Any] = []
        self._capabilities: frozenset[str] | None = None
        self._loads: dict[tuple[Schema, tuple[str, ...]], Any] = {}

    @property
    def client(self) -> Any:
        """The MongoClient of this process: a child of a fork makes its own, and never closes its parent's."""
        if self._pid != os.getpid():
            with self._lock:
                if self._pid != os.getpid():
                    self._inherited.append(self._client)
                    self._client = self._open()
                    self._collections = _Collections(self._client[self._name])
                    self._pid = os.getpid()
        return self._client

    @property
    def capabilities(self) -> frozenset[str]:
        """Asked of the server once: a server on its own has no transactions."""
        if self._capabilities is None:
            try:
                hello = self.client.admin.command("hello")
            except errors.PyMongoError as exc:
                raise self.translate(exc, None) or exc from exc
            replicated = "setName" in hello or hello.get("msg") == "isdbgrid"
            self._capabilities = frozenset({"durable", "shared", "explain", *(["transactions"] if replicated else [])})
        return self._capabilities

    @contextmanager
    def session(self, *, transaction: bool, deadline: float | None) -> Iterator[MongoSession]:
        """pymongo's own pool serves; a transaction has snapshot isolation, and the first to write wins."""
        client = self.client
        collections = self._collections
        with pymongo.timeout(deadline) if deadline is not None else nullcontext():
            if not transaction:
                yield MongoSession(collections, None, self._loads)
                return
            with client.start_session() as session:
                session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority", j=True))
                try:
                    yield MongoSession(collections, session, self._loads)
                except BaseException:
                    session.abort_transaction()
                    raise
                _commit(session)

    def create(self, schemas: Sequence[Schema]) -> None:
        """Collections with a validator, and indexes; the validator of a collection that is there is renewed."""
        database = self.client[self._name]
        there = set(database.list_collection_names())
        for schema in schemas:
            options = {"validator": validator(schema)}
            try:
                if schema.table not in there:
                    database.create_collection(schema.table, **options)
            except (errors.CollectionInvalid, errors.OperationFailure) as exc:
                if getattr(exc, "code", 48) not in (48, None):  # NamespaceExists: another process was faster
                    raise
            database.command("collMod", schema.table, **options)
            for index in schema.indexes:
                keys = [("_id" if name == "id" else name, -1 if down else 1) for name, down in index.columns]
                database[schema.table].create_index(keys, name=schema.index_name(index), **index_options(schema, index))

    def translate(self, exc: Exception, schema: Schema | None) -> DataError | None:
        """By pymongo's classes, the server's codes, and the labels of transactions."""
        if not isinstance(exc, errors.PyMongoError):
            return None
        details = getattr(exc, "details", None) or {}
        if isinstance(exc, errors.BulkWriteError) and details.get("writeErrors"):
            details = details["writeErrors"][0]
        code = details.get("code", getattr(exc, "code", None))
        if exc.has_error_label(_TRANSIENT) or code == 112:
            return Conflict("two transactions met on the same rows", hint="db.run tries again")
        if code in (11000, 11001):
            return _duplicate(details, schema)
        if exc.timeout or code == 50:
            return Timeout("the deadline has passed, or the server did not answer in time")
        if isinstance(exc, errors.ServerSelectionTimeoutError | errors.WaitQueueTimeoutError):
            return Unavailable("no MongoDB server answers", hint="is it there, and does the URL name it?")
        if isinstance(exc, errors.ConnectionFailure):
            return Lost("the connection to MongoDB broke")
        if code in (20, 263):
            return Unsupported("this MongoDB server has no transactions", hint="start mongod with --replSet")
        table = schema.table if schema else "MongoDB"
        if code in (2, 121):
            return Invalid(f"{table} refuses a value", hint="it is outside the field's range")
        return DataError(f"{table}: MongoDB refused the operation (code {code})")

    def close(self) -> None:
        """Close the client; the next operation opens anew."""
        with self._lock:
            if self._client is not None and self._pid == os.getpid():
                self._client.close()
                self._client, self._pid = None, 0


class _Collections(dict[str, Any]):
    """The collections of a database by name: pymongo makes a new object each time it is asked, which takes as long as
    a short operation itself."""

    def __init__(self, database: Any) -> None:
        self.database = database

    def __missing__(self, name: str) -> Any:
        self[name] = made = self.database[name]
        return made


class MongoSession:
    """A database, and the transaction if there is one."""

    def __init__(
        self, collections: _Collections, session: Any, loads: dict[tuple[Schema, tuple[str, ...]], Any]
    ) -> None:
        self._collections, self._session, self._loads = collections, session, loads

    @property
    def native(self) -> tuple[Any, Any]:
        """pymongo's Database and ClientSession."""
        return self._collections.database, self._session

    def insert(self, schema: Schema, rows: Sequence[Mapping[str, Any]]) -> None:
        """Documents with every field, None included."""
        documents = [stored(schema, row) for row in rows]
        collection = self._collections[schema.table]
        if len(documents) == 1:
            collection.insert_one(documents[0], session=self._session)
        else:
            collection.insert_many(documents, session=self._session)

    def find(self, query: Query) -> list[Row]:
        """find, with the sort of the core."""
        key = (query.schema, query.columns)
        if key not in self._loads:
            self._loads[key] = loader(*key)
        projection, load = self._loads[key]
        cursor = self._collections[query.schema.table].find(
            filter_of(query.where),
            projection,
            sort=[("_id" if name == "id" else name, -1 if down else 1) for name, down in query.order] or None,
            limit=-query.limit if query.limit else 0,  # below 0: one batch, and the server keeps no cursor
            skip=query.offset,
            session=self._session,
        )
        return [load(document) for document in cursor]

    def count(self, query: Query) -> int:
        """Exact, by an aggregation."""
        collection = self._collections[query.schema.table]
        return int(collection.count_documents(filter_of(query.where), session=self._session))

    def explain(self, query: Query) -> tuple[bool, str]:
        """The winning plan."""
        sort = [("_id" if name == "id" else name, -1 if down else 1) for name, down in query.order]
        command = {"find": query.schema.table, "filter": filter_of(query.where), "sort": dict(sort)}
        answer = self._collections.database.command("explain", command, verbosity="queryPlanner", session=self._session)
        text = str(answer["queryPlanner"]["winningPlan"])
        return "COLLSCAN" not in text, text

    def group(self, group: Group) -> list[Row]:
        """An aggregation pipeline."""
        collection = self._collections[group.schema.table]
        pipeline, load = grouping(group)
        rows = [load(document) for document in collection.aggregate(pipeline, session=self._session)]
        return rows or ([] if group.keys else grouped([], group))

    def update(self, schema: Schema, where: Pred | None, changes: Mapping[str, Change]) -> int:
        """update_many: each document in one step."""
        collection = self._collections[schema.table]
        done = collection.update_many(filter_of(where), update_of(changes), session=self._session)
        return int(done.matched_count)

    def delete(self, schema: Schema, where: Pred | None) -> int:
        """delete_many."""
        return int(self._collections[schema.table].delete_many(filter_of(where), session=self._session).deleted_count)


def _commit(session: Any) -> None:
    """Commit, asking again while the answer is lost: a commit may be repeated, its operations may not."""
    for attempt in range(3):
        try:
            session.commit_transaction()
            return
        except errors.PyMongoError as exc:
            if attempt == 2 or not exc.has_error_label(_UNKNOWN) or exc.timeout:
                raise


def _duplicate(details: Mapping[str, Any], schema: Schema | None) -> UniqueViolation:
    columns = tuple("id" if name == "_id" else name for name in details.get("keyPattern") or {})
    fields = schema.unique_fields(columns=columns) if schema and columns else columns
    return UniqueViolation(
        f"another row of {schema.table if schema else 'a collection'} has this {', '.join(fields)}", fields=fields
    )
