"""Relations: `Ref` to one row of another model, `many` back to those that refer here. Nothing is ever loaded by itself.

>>> from kit.data import Field, Model, open_db
>>> class Author(Model):
...     name: Field[str]
...     posts = many("Post.author")
>>> class Post(Model):
...     author: Ref[Author] = ref(on_delete="cascade")
>>> db = open_db("memory:", models=[Author, Post])
>>> post = db[Post].add(Post(author=db[Author].add(Author(name="Ann")).id))
>>> post.author.row
Traceback (most recent call last):
kit.data.errors.NotIncluded: Post.author was not loaded: add .include(Post.author) to the query
>>> db[Post].include(Post.author).one().author.row.name
'Ann'

A reference is the id of the other row, a str: it goes into URLs, JSON and conditions as it is. `include` costs one more
query per relation, however many rows there are.
"""

# mypy: disable-error-code="override"

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from kit.data.errors import NotIncluded
from kit.data.fields import ID, Field, _Options
from kit.data.predicate import Pred
from kit.data.values import Rules
from kit.errors import ConfigError

__all__ = ["Link", "Many", "Ref", "many", "ref"]

M = TypeVar("M")
N = TypeVar("N")


class Link(str, Generic[M]):
    """The id of another row, and the row itself where the query included it."""

    __slots__ = ("_field", "_row")
    _field: Ref[Any]
    _row: M | None

    @property
    def id(self) -> str:
        """The id as a plain str."""
        return str.__str__(self)

    @property
    def row(self) -> M:
        """The other row; `NotIncluded` if the query did not include it."""
        if self._row is None:
            raise NotIncluded(f"{self._field} was not loaded", hint=f"add .include({self._field}) to the query")
        return self._row


class Ref(Field[Any], Generic[M]):
    """A reference: `author: Ref[Author] = ref(on_delete="cascade")`, or `Ref[Author | None]`."""

    #: the model on the other side, once the database has met all models
    target: Any = None

    @overload
    def __get__(self, record: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, record: object, owner: Any) -> Link[M]: ...
    def __get__(self, record: object | None, owner: Any) -> Any:
        if record is None:
            return self
        key = record.__dict__[self.name]
        if key is None:
            return None
        link: Link[Any] = Link(key)
        link._field, link._row = self, record.__dict__.get("+" + self.name)
        return link

    # with it, Python asks __get__ before the record's __dict__; Model.__setattr__ refuses first
    def __set__(self, record: object, value: str | M) -> None:
        """Statically: what a new record takes. Records are values: at run time nothing is ever set."""

    if TYPE_CHECKING:

        def __eq__(self, value: str | M) -> Pred: ...
        def __ne__(self, value: str | M) -> Pred: ...

    def gate(self, value: Any) -> Any:
        """The id of a record, of a reference, or as it is."""
        return super().gate(_key(value))

    def _stored(self, value: Any, **options: Any) -> Any:
        return super()._stored(_key(value), **options)


def _key(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else getattr(value, "id", value)


class Many(Generic[M]):
    """The other end of a `Ref`; on a record: a tuple of rows, ordered by id, or `NotIncluded`."""

    def __init__(self, path: str) -> None:
        self.model_name, _, self.ref_name = path.partition(".")
        if not self.ref_name:
            raise ConfigError(f"many({path!r})", hint='many("Post.author"): the model and its Ref, as text')
        self.name = ""
        self.owner: Any = None
        self.target: Any = None

    def __set_name__(self, owner: Any, name: str) -> None:
        self.owner, self.name = owner, name

    def __str__(self) -> str:
        return f"{getattr(self.owner, '__name__', '')}.{self.name}"

    @overload
    def __get__(self, record: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, record: object, owner: Any) -> tuple[M, ...]: ...
    def __get__(self, record: object | None, owner: Any) -> Any:
        if record is None:
            return self
        raise NotIncluded(f"{self} was not loaded", hint=f"add .include({self}) to the query")


def ref(*, on_delete: str = "restrict", default: Any = ..., unique: bool = False) -> Any:
    """A reference to a row of another model; it always has an index.

    `on_delete` says what becomes of this row when the other one is removed: "restrict" refuses that, "cascade" removes
    this one too, "set_null" sets None (the annotation must allow it).
    """
    if on_delete not in ("restrict", "cascade", "set_null"):
        raise ConfigError(f"no on_delete {on_delete!r}", hint='"restrict", "cascade" or "set_null"')
    rules = Rules(max=64, pattern=re.compile(ID))
    return Ref(_Options(default=default, rules=rules, unique=unique, index=not unique, on_delete=on_delete))


def many(path: str) -> Many[Any]:
    """The rows that refer here: `posts = many("Post.author")`, read after `.include(Author.posts)`."""
    return Many(path)
