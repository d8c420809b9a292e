"""Models: classes whose instances are plain values, the same whichever database they came from.

>>> class Post(Model):
...     title: Field[str] = field(max=200)
...     hits: Field[int] = field(default=0)
>>> draft = Post(title="Hello")
>>> draft.replace(title="Hello, world")
Post(id=None, title='Hello, world', hits=0)
>>> draft.title = "no"
Traceback (most recent call last):
AttributeError: a Post is a value: use post = post.replace(title=...), then save it

A record is checked when it is made (`Invalid` names every field that is wrong), never changes, knows no database, and
equals any record with the same values. `id`, stamps and version are None until the record is added.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from kit.data.declare import make_schema, read_fields
from kit.data.errors import Invalid
from kit.data.fields import ID, Field, field
from kit.data.schema import Index, Schema
from kit.data.values import Refuse, as_it_is, fold
from kit.errors import ConfigError

__all__ = ["Model", "index", "record_of", "row_of", "unique"]

M = TypeVar("M", bound="Model")


@dataclass_transform(kw_only_default=True)
class Model:
    """The root of all models: `class Post(Model): title: Field[str] = field(max=200)`.

    The table is called like the class (`BlogPost` -> `blog_post`), unless `class BlogPost(Model, table="posts")`.
    Indexes over several fields: `indexes = (unique("session", "question"), index("author", "-at"))`.
    """

    id: Field[str] = field(max=64, pattern=ID)
    indexes: ClassVar[tuple[Index, ...]] = ()
    _table: ClassVar[str] = ""
    _fields: ClassVar[dict[str, Field[Any]]] = {}
    _loads: ClassVar[tuple[tuple[str, Callable[[Any], Any]], ...]] = ()
    _dumps: ClassVar[tuple[tuple[str, Callable[[Any], Any]], ...]] = ()
    _folds: ClassVar[tuple[tuple[str, str], ...]] = ()
    _schema: ClassVar[Schema | None] = None

    def __init_subclass__(cls, table: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._table = table or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,50}", cls._table):
            raise ConfigError(f"{cls._table!r} is no name of a table", hint='class Post(Model, table="posts")')
        cls._schema = None
        cls._fields = read_fields(cls, sys._getframe(1))
        fields = cls._fields.items()
        cls._loads = tuple((name, one.kind.load) for name, one in fields if one.kind.load is not as_it_is)
        cls._dumps = tuple((name, one.kind.dump) for name, one in fields if one.kind.dump is not as_it_is)
        cls._folds = tuple((name, one.compared.name) for name, one in fields if one.options.fold)

    def __init__(self, **values: Any) -> None:
        fields = type(self)._fields
        row: dict[str, Any] = {}
        errors: list[tuple[tuple[str, ...], str, dict[str, Any]]] = []
        for name, one in fields.items():
            try:
                if name not in values:
                    row[name] = _default(one)
                elif (value := values[name]) is None or not one.plain:
                    row[name] = one.gate(value)
                else:  # the usual case, spared a call
                    row[name] = one.kind.gate(value, one.options.rules)
            except Refuse as refused:
                if values.get(name, ...) is None and _given_later(one):
                    row[name] = None
                else:
                    errors.append(((name,), refused.code, refused.params))
        if not values.keys() <= fields.keys():
            unknown = [name for name in values if name not in fields]
            raise TypeError(
                f"{type(self).__name__} has no field {', '.join(map(repr, unknown))}; it has {', '.join(fields)}"
            )
        if errors:
            what = ", ".join(f"{path[0]} ({code})" for path, code, _ in errors)
            raise Invalid(f"this is no {type(self).__name__}: {what}", errors=tuple(errors))
        object.__setattr__(self, "__dict__", row)

    def replace(self, **values: Any) -> Self:
        """A new record with these values in place of its own."""
        return type(self)(**{**self.as_dict(), **values})

    def as_dict(self) -> dict[str, Any]:
        """The values by name, without the rows that were included."""
        return {name: value for name, value in self.__dict__.items() if name in type(self)._fields}

    __json__ = as_dict  # for kit.http.json

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and type(self) is type(other) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((type(self), self.__dict__["id"]))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.as_dict().items())})"

    def __setattr__(self, name: str, value: Any) -> None:
        lower = type(self).__name__.lower()
        raise AttributeError(
            f"a {type(self).__name__} is a value: use {lower} = {lower}.replace({name}=...), then save it"
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a {type(self).__name__} is a value: nothing can be deleted from it")

    @classmethod
    def schema(cls) -> Schema:
        """The neutral schema of this model."""
        schema = cls._schema
        if schema is None:
            schema = cls._schema = make_schema(cls.__name__, cls._table, cls._fields, cls.indexes)
        return schema


def index(*fields: str) -> Index:
    """An index over several fields, `-` before one that descends: `index("author", "-at")`."""
    return Index(tuple((name.lstrip("-"), name.startswith("-")) for name in fields))


def unique(*fields: str) -> Index:
    """No two rows with the same values in all of these fields; rows with None among them do not count."""
    return Index(tuple((name, False) for name in fields), unique=True, fields=fields)


def _given_later(one: Field[Any]) -> bool:
    return one.name == "id" or bool(one.options.stamp) or one.options.version


def _default(one: Field[Any]) -> Any:
    options = one.options
    if _given_later(one):
        return None
    if options.factory is not None:
        return one.gate(options.factory())
    if options.default is not ...:
        return one.gate(options.default)
    return one.gate(None)


def record_of(model: type[M], row: dict[str, Any]) -> M:
    """A record of what a backend found; `row` becomes the record's own."""
    for name, load in model._loads:
        value = row[name]
        if value is not None:
            row[name] = load(value)
    record = object.__new__(model)
    object.__setattr__(record, "__dict__", row)
    return record


def row_of(record: Model) -> dict[str, Any]:
    """The record as a backend stores it: every column, the folded copies behind the fields."""
    model, values = type(record), record.__dict__
    row = dict(values) if len(values) == len(model._fields) else {name: values[name] for name in model._fields}
    for name, dump in model._dumps:
        if row[name] is not None:
            row[name] = dump(row[name])
    for name, shadow in model._folds:
        row[shadow] = None if row[name] is None else fold(row[name])
    return row


Model.__dict__["id"].bind(str, False)
