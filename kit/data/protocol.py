"""What a backend is: two small protocols. The core does everything else, once for all of them.

A backend never sees a model, a Python type beyond the kinds of `kit.data.schema.KINDS`, a condition that is not in the
normal form of `kit.data.predicate`, an unchecked value, or a name that does not come from a schema. It is a codec, a
compiler of conditions, five operations, the schema's statements, and a map of errors. The suite that says whether it is
one is `kit.data.contract.BackendContract`; the shortest worked example is `kit.data.memory`.

    class Shelf:                            # a backend of your own
        capabilities = frozenset({"transactions"})
        def session(self, *, transaction, deadline): ...
    db = open_db(Shelf("books.shelf"), models=[Book])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from kit.data.errors import DataError
from kit.data.fields import Change
from kit.data.predicate import Pred
from kit.data.schema import Column, Schema

__all__ = ["CAPABILITIES", "Aggregate", "Backend", "Change", "Group", "Plan", "Query", "Row", "Session"]

#: column name -> value, in the types of `kit.data.schema.KINDS`
Row = dict[str, Any]

#: what a backend may claim; what it does not claim, the core refuses or does itself
CAPABILITIES = {
    "transactions": "several operations become one: all of them are stored, or none, and none loses another's update",
    "durable": "what was acknowledged outlives the process",
    "shared": "several processes may use it at once",
    "references": "the server refuses a reference to a row that is not there",
    "explain": "it can say whether a query is served by an index",
}


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows of `schema`: in normal form, `order` as pairs of column and descending, `columns` in this order."""

    schema: Schema
    where: Pred | None = None
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None
    offset: int = 0
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """How a server finds rows: whether indexes serve it, and its own words."""

    indexed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One number of a group: `rows`; or, of the values of `column` that are not None, their `count`, `total` (anything
    where there is none), `least`, `greatest`."""

    verb: str
    column: Column | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows put together by `keys`, at most `limit` groups, ordered by the keys; None is a key like any other."""

    schema: Schema
    where: Pred | None
    keys: tuple[str, ...]
    parts: tuple[Aggregate, ...]
    limit: int


class Session(Protocol):
    """One connection, for one operation or one transaction; used by one thread at a time.

    One that claims `explain` has `explain(query: Query) -> tuple[bool, str]`, the parts of a `Plan`. It may also have
    `group(group: Group) -> list[Row]`, with the keys by name and the parts as `_a0`, `_a1` …; where it has not, the
    core finds the rows and groups them itself.
    """

    @property
    def native(self) -> Any:
        """The driver's own handle, inside this transaction."""

    def insert(self, schema: Schema, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store rows, each with every column; in a transaction all or none, and one row always whole."""

    def find(self, query: Query) -> list[Row]:
        """The rows, each with `query.columns`."""

    def count(self, query: Query) -> int:
        """How many rows fit; order, limit and offset are empty."""

    def update(self, schema: Schema, where: Pred | None, changes: Mapping[str, Change]) -> int:
        """Change every row that fits, in one step of the server; how many fitted, changed or not."""

    def delete(self, schema: Schema, where: Pred | None) -> int:
        """Delete every row that fits; how many there were."""


class Backend(Protocol):
    """A database. Opened by its first session, safe for threads, and safe to use in a forked child."""

    @property
    def capabilities(self) -> frozenset[str]:
        """What it can do, of `CAPABILITIES`; it may ask the server."""

    def session(self, *, transaction: bool, deadline: float | None) -> AbstractContextManager[Session]:
        """A session; with `transaction`, what it did is stored on a clean exit and undone on any error.

        `deadline` is in seconds from now, for the whole of the session; past it, operations fail with `Timeout`.
        """

    def create(self, schemas: Sequence[Schema]) -> None:
        """Make tables and indexes that are not there; `schemas` are ordered by reference. May run at any time."""

    def translate(self, exc: Exception, schema: Schema | None) -> DataError | None:
        """The error of `kit.data.errors` for one of the driver; None if it is none of the driver's."""

    def close(self) -> None:
        """Release every connection; the next session opens anew."""
