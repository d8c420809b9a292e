"""Queries: which rows of a model, in which order, and what to do with them. A query is a value; asking it runs it.

>>> from kit.data import Field, Model, field, open_db
>>> class Post(Model):
...     title: Field[str] = field(max=200)
...     hits: Field[int] = field(default=0)
>>> db = open_db("memory:", models=[Post])
>>> ids = [db[Post].add(Post(title=title)).id for title in "abc"]
>>> popular = db[Post].where(Post.title > "a")
>>> popular.update(Post.hits.add(1))
2
>>> [post.title for post in popular.order(Post.title.desc()).limit(1).all()]
['c']

Rows come by the given order, then by id, so that an order is always whole; without one, by id, which is the order in
which they were added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kit.data.errors import DataError, Invalid, Missing
from kit.data.fields import Change, Field, Order
from kit.data.groups import Groups
from kit.data.model import Model, record_of
from kit.data.pages import Page, after_cursor, cursor_of
from kit.data.predicate import NOTHING, And, Pred, columns, normal
from kit.data.protocol import Plan, Query, Row
from kit.data.relations import Many, Ref
from kit.data.schema import UNORDERED, Schema
from kit.data.values import as_it_is, fold
from kit.data.watch import Unexpected

if TYPE_CHECKING:
    from kit.data.handle import Handle

__all__ = ["Rows"]

M = TypeVar("M", bound=Model)


class Rows(Generic[M]):
    """The rows of a model that fit; `db[Model]` is all of them."""

    def __init__(self, handle: Handle, model: type[M]) -> None:
        self._handle, self._model = handle, model
        self._schema: Schema = model.schema()
        self._where: Pred | None = None
        self._order: tuple[Order, ...] = ()
        self._limit: int | None = None
        self._offset = 0
        self._include: tuple[Ref[Any] | Many[Any], ...] = ()
        self._everything = False

    # -- which -------------------------------------------------------------------------------------------------------

    def where(self, *conditions: Pred) -> Rows[M]:
        """Only the rows that fit all conditions, those given before included."""
        given = () if self._where is None else (self._where,)
        for condition in conditions:
            self._own(condition)
        return self._with(_where=And((*given, *conditions)))

    def order(self, *keys: Order | Field[Any]) -> Rows[M]:
        """In this order: `order(Post.hits.desc(), Post.title)`. It replaces an order given before."""
        order = tuple(key if isinstance(key, Order) else key.asc() for key in keys)
        for key in order:
            self._own_column(key.column)
            if key.column.kind in UNORDERED:
                raise Invalid(f"{key.column.name} is {key.column.kind}, which has no order")
        return self._with(_order=order)

    def limit(self, most: int, *, offset: int = 0) -> Rows[M]:
        """At most `most` rows, after `offset` others. For pages, `page` is faster and does not skip rows."""
        if most < 0 or offset < 0:
            raise Invalid("limit and offset are 0 or more")
        return self._with(_limit=most, _offset=offset)

    def include(self, *relations: Any) -> Rows[M]:
        """Load these relations too: `include(Post.author, Post.comments)`; one more query each."""
        for relation in relations:
            if not isinstance(relation, Ref | Many) or not issubclass(self._model, relation.owner):
                raise Invalid(
                    f"{relation} is no relation of {self._model.__name__}", hint="a Ref or a many() of the model"
                )
        return self._with(_include=(*self._include, *relations))

    def everything(self) -> Rows[M]:
        """All rows, said aloud: without a condition `update` and `delete` refuse."""
        return self._with(_everything=True)

    # -- read --------------------------------------------------------------------------------------------------------

    def all(self) -> list[M]:
        """The rows."""
        return self._fetch(self._limit)

    def first(self) -> M | None:
        """The first row, or None."""
        rows = self._fetch(1 if self._limit is None else min(1, self._limit))
        return rows[0] if rows else None

    def one(self) -> M:
        """The only row: `Missing` if there is none, `DataError` if there are more."""
        rows = self._fetch(2)
        if not rows:
            raise Missing(f"no {self._model.__name__} fits")
        if len(rows) > 1:
            raise DataError(f"more than one {self._model.__name__} fits", hint="use first() or a narrower condition")
        return rows[0]

    def count(self) -> int:
        """How many rows fit, exactly (limit and offset aside); the server looks at each of them."""
        where = normal(self._where)
        if where is NOTHING:
            return 0
        query = Query(self._schema, where)
        return self._handle.call("count", self._schema, lambda session: session.count(query), where)

    def exists(self) -> bool:
        """Whether any row fits."""
        return bool(self._rows(1, columns=("id",)))

    def page(self, *, size: int = 20, after: str | None = None) -> Page[M]:
        """`size` rows behind the cursor `after`: `page.rows`, and `page.next` for the page behind it (None: the last).

        A cursor is a position in the order, not a number of rows, so rows that come or go meanwhile shift nothing. It
        is text that anybody may write: it goes through the value gate, and `WrongCursor` (400) is all it can cause.
        """
        if not 1 <= size <= 1000:
            raise Invalid("a page has 1 to 1000 rows")
        keys = self._keys()
        query = self if not after else self.where(after_cursor(self._schema, keys, after))
        rows = query._rows(
            size + 1, columns=self._schema.names + tuple(k for k, _ in keys if self._schema.column(k).shadow)
        )
        more = len(rows) > size
        next_cursor = cursor_of(self._schema, keys, rows[size - 1]) if more else None
        return Page(self._records(rows[:size]), next_cursor)

    def iter(self, *, chunk: int = 500) -> Iterator[M]:
        """The rows one by one, read in chunks by position: memory stays small, no connection is held in between."""
        after: str | None = None
        while True:
            page = self.page(size=chunk, after=after)
            yield from page.rows
            after = page.next
            if after is None:
                return

    def values(self, *fields: Field[Any], into: Callable[..., Any] = dict) -> list[Any]:
        """Only these fields of each row: as dicts, as tuples (`into=tuple`), or as whatever `into(**values)` makes."""
        for one in fields:
            self._own_column(one.column)
        names = tuple(one.name for one in fields)
        rows = self._rows(self._limit, columns=names)
        for one in fields:
            if one.kind.load is not as_it_is:
                for row in rows:
                    row[one.name] = None if row[one.name] is None else one.kind.load(row[one.name])
        if into is tuple:
            return [tuple(row[name] for name in names) for row in rows]
        return rows if into is dict else [into(**row) for row in rows]

    def explain(self) -> Plan:
        """How the server would find these rows: `.indexed`, and its own words as `.text`; for tests and for tuning."""
        self._handle.require("explain")
        query = Query(self._schema, normal(self._where), self._keys() if self._order else (), self._limit)
        work = attrgetter("explain")
        return self._handle.call("explain", self._schema, lambda session: Plan(*work(session)(query)), query.where)

    def assert_indexed(self) -> None:
        """Fail, in a test, unless an index serves this query: `AssertionError` with the server's plan."""
        plan = self.explain()
        if not plan.indexed:
            raise Unexpected(f"no index serves {self._model.__name__} where {self._where}: {plan.text}")

    def group(self, *fields: Field[Any]) -> Groups:
        """The rows put together by the values of `fields`: see `kit.data.groups`."""
        for one in fields:
            self._own_column(one.column)
            if one.column.kind in UNORDERED:
                raise Invalid(f"no groups by {one}, which is {one.column.kind}")
        return Groups(self, fields)

    # -- write -------------------------------------------------------------------------------------------------------

    def update(self, *changes: Change) -> int:
        """Make `changes` to every row that fits, in the database; returns how many fitted, changed or not."""
        where = self._written("update")
        lowered = self._lowered(changes)
        if where is NOTHING:
            return 0
        return self._write("update", where, lambda session: session.update(self._schema, where, lowered))

    def delete(self) -> int:
        """Delete every row that fits; returns how many there were."""
        where = self._written("delete")
        if where is NOTHING:
            return 0
        return self._write("delete", where, lambda session: session.delete(self._schema, where))

    # -- inside ------------------------------------------------------------------------------------------------------

    def _with(self, **changes: Any) -> Rows[M]:
        other: Rows[M] = Rows.__new__(Rows)
        other.__dict__.update(self.__dict__)
        other.__dict__.update(changes)
        return other

    def _own(self, pred: Pred) -> None:
        for column in columns(pred):
            self._own_column(column)

    def _own_column(self, column: Any) -> None:
        if self._schema.by_name.get(column.name) is not column:
            raise Invalid(f"{column.name} is no field of {self._model.__name__}")

    def _keys(self) -> tuple[tuple[str, bool], ...]:
        keys = tuple((key.column.name, key.descending) for key in self._order)
        return keys if any(name == "id" for name, _ in keys) else (*keys, ("id", False))

    def _rows(self, limit: int | None, *, columns: tuple[str, ...] = ()) -> list[Row]:
        where = normal(self._where)
        if where is NOTHING or limit == 0:
            return []
        query = Query(self._schema, where, self._keys(), limit, self._offset, columns or self._schema.names)
        return self._handle.call("find", self._schema, lambda session: session.find(query), where)

    def _fetch(self, limit: int | None) -> list[M]:
        return self._records(self._rows(limit))

    def _records(self, rows: list[Row]) -> list[M]:
        records = [record_of(self._model, row) for row in rows]
        for relation in self._include if records else ():
            self._handle.include(relation, records)
        return records

    def _written(self, verb: str) -> Pred | None:
        if self._limit is not None or self._offset or self._include:
            raise Invalid(f"{verb} takes no limit and no include", hint="a condition alone says which rows")
        if self._where is None and not self._everything:
            raise Invalid(
                f"this would {verb} every {self._model.__name__}", hint=f"say .everything().{verb}(…), or .where(…)"
            )
        return normal(self._where)

    def _write(self, verb: str, where: Pred | None, work: Callable[[Any], int]) -> int:
        return self._handle.call(verb, self._schema, work, where, write=True)

    def _lowered(self, changes: tuple[Change, ...]) -> dict[str, Change]:
        """The changes by column, with what follows from them: folded copies, the stamp of saving, the version."""
        if not changes:
            raise Invalid("an update without changes", hint="update(Post.hits.add(1), Post.title.to('y'))")
        lowered: dict[str, Change] = {}
        for change in changes:
            self._own_column(change.column)
            name = change.column.name
            if name in lowered or name == "id":
                raise Invalid(f"{name} twice in one update" if name in lowered else "an id never changes")
            lowered[name] = change
            shadow = self._model._fields[name].compared
            if shadow is not change.column:
                lowered[shadow.name] = Change(shadow, "set", None if change.value is None else fold(change.value))
        for name, one in self._model._fields.items():
            if one.options.version and name not in lowered:
                lowered[name] = Change(one.column, "add", 1)
            elif one.options.stamp == "save" and name not in lowered:
                lowered[name] = Change(one.column, "set", self._handle.now())
        return lowered
