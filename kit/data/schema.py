"""The neutral schema: what a backend sees of a model. Plain values, no Python types, no behaviour.

>>> posts = Schema("posts", (Column("id", "text", max=64), Column("hits", "int")))
>>> posts.column("hits").kind
'int'

A column's `kind` is one of `KINDS`; the core turns all other Python types into these before a backend sees a value:

    text  str          int   64-bit int       float  finite float      bool  bool
    bytes bytes        decimal  Decimal with exactly `places` digits behind the point, at most 18 in all
    date  date         datetime  aware, UTC, whole milliseconds        json  dict, list, str, int, float, bool
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

__all__ = ["KINDS", "UNORDERED", "Column", "Index", "Schema"]

KINDS = ("text", "int", "float", "bool", "bytes", "decimal", "date", "datetime", "json")

#: kinds without < and without a place in an order: databases do not agree on them (MongoDB sorts bytes by length)
UNORDERED = ("bytes", "json")


@dataclass(frozen=True, eq=False)
class Column:
    """One column. `max` is the most characters or bytes; `low` and `high` are bounds that the server enforces too."""

    name: str
    kind: str
    null: bool = False
    max: int | None = None
    places: int = 0
    low: object = None
    high: object = None
    shadow: str = ""  #: the field whose case-folded copy this column holds


@dataclass(frozen=True)
class Index:
    """An index over columns, each `(name, descending)`. `fields` are the model's names, for messages."""

    columns: tuple[tuple[str, bool], ...]
    unique: bool = False
    fields: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names alone."""
        return tuple(name for name, _ in self.columns)


@dataclass(frozen=True, eq=False)
class Schema:
    """One collection: a table of SQL, a collection of MongoDB. `id` is its first column, and its key."""

    table: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()
    references: tuple[tuple[str, str], ...] = ()  #: pairs: a column, and the table whose id it holds
    by_name: dict[str, Column] = field(init=False, repr=False)
    #: the columns that make a record: all but the shadows
    names: tuple[str, ...] = field(init=False, repr=False)
    has_json: bool = field(init=False, repr=False)
    #: the columns whose values may be of any length
    unbounded: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        object.__setattr__(self, "names", tuple(column.name for column in self.columns if not column.shadow))
        long = [
            column.name for column in self.columns if column.kind in ("text", "bytes", "json") and column.max is None
        ]
        object.__setattr__(self, "unbounded", tuple(long))
        object.__setattr__(self, "has_json", any(column.kind == "json" for column in self.columns))

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if there is none."""
        return self.by_name[name]

    def index_name(self, index: Index) -> str:
        """The index's name in the database: at most 60 bytes, so that no server cuts it."""
        name = "_".join((self.table, *index.names, "key" if index.unique else "idx"))
        if len(name) > 60:
            name = f"{name[:47]}_{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        return name

    def unique_fields(self, *, name: str = "", columns: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The fields of the unique index with this name in the database, or over these columns; ("id",) for the key."""
        for index in self.indexes:
            if index.unique and (self.index_name(index) == name if name else index.names == columns):
                return index.fields
        return ("id",)
