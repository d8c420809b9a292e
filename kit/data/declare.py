"""Read a model's class: its annotations become fields, its fields and indexes a neutral schema.

Annotations may be text (`from __future__ import annotations`); a name that is not defined yet is a model that comes
later in the file, and `open_db` finds it among its models.
"""

from __future__ import annotations

import builtins
import inspect
import re
import types
from collections.abc import Mapping, Sequence
from typing import Any, ForwardRef, Union, get_args, get_origin

from kit.data.fields import Field
from kit.data.relations import Many, Ref
from kit.data.schema import Column, Index, Schema
from kit.errors import ConfigError

__all__ = ["make_schema", "read_fields", "resolve"]

_MOST_INDEXED = 700  # characters of an indexed text: MariaDB's index key holds 3,072 bytes, four for a character
_TAKEN = frozenset(("replace", "as_dict", "schema", "indexes"))


class _Names(dict[str, Any]):
    """The names an annotation may use; one that is not there yet is a model that comes later in the file."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, None) or ForwardRef(name)


def read_fields(cls: type[Any], frame: types.FrameType) -> dict[str, Field[Any]]:
    """The fields of `cls`, those of its bases first; each is bound to the type that its annotation gives."""
    names = _Names({**frame.f_globals, **frame.f_locals})
    fields: dict[str, Field[Any]] = {}
    for base in reversed(cls.__mro__[1:]):
        fields |= getattr(base, "_fields", {})
    own = inspect.get_annotations(cls)
    if not fields:
        own = {"id": Field[str], **own}
    for name, annotation in own.items():
        if isinstance(annotation, str):
            annotation = eval(annotation, {"__builtins__": {}}, names)
        origin: Any = get_origin(annotation)
        origin = annotation if origin is None else origin
        if isinstance(origin, type) and issubclass(origin, Field):
            fields[name] = _bind(cls, name, annotation, origin)
    for name, value in cls.__dict__.items():
        if isinstance(value, Field) and name not in fields:
            raise ConfigError(f"{cls.__name__}.{name} has no type", hint=f"write {name}: Field[str] = field(…)")
    return fields


def _bind(cls: type[Any], name: str, annotation: Any, origin: type[Field[Any]]) -> Field[Any]:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,50}", name) or "__" in name or name in _TAKEN:
        raise ConfigError(
            f"{cls.__name__}.{name} cannot be a field", hint="small letters, digits and _, no method of Model"
        )
    one = cls.__dict__.get(name)
    if one is None and name == "id":
        one = Field(cls.id.options)
    elif one is None:
        one = origin()
    if one.owner is not cls:
        one.__set_name__(cls, name)
        setattr(cls, name, one)
    if not isinstance(one, origin):
        raise ConfigError(
            f"{cls.__name__}.{name} is annotated as {origin.__name__}", hint="Field goes with field(), Ref with ref()"
        )
    python, null = _type(annotation)
    if isinstance(one, Ref):
        one.target = python
        python = str
        if one.options.on_delete == "set_null" and not null:
            raise ConfigError(f"{one} can never be None", hint=f"{name}: Ref[… | None]")
    one.bind(python, null)
    return one


def _type(annotation: Any) -> tuple[Any, bool]:
    """The type inside `Field[…]`, and whether it may be None."""
    (inner,) = get_args(annotation) or (Any,)
    if get_origin(inner) in (Union, types.UnionType):
        parts = [part for part in get_args(inner) if part is not type(None)]
        if len(parts) == 1 and len(parts) < len(get_args(inner)):
            return _bare(parts[0]), True
        raise ConfigError(f"no field holds {inner}", hint="one type, and None where it may be absent")
    return _bare(inner), False


def _bare(python: Any) -> Any:
    origin = get_origin(python)
    return origin if origin in (dict, list) else python


def make_schema(model: str, table: str, fields: Mapping[str, Field[Any]], given: tuple[Index, ...]) -> Schema:
    """The neutral schema of `model`; `ConfigError` where an index cannot be kept on every database."""
    columns: list[Column] = []
    indexes: list[Index] = []
    for name, one in fields.items():
        columns.append(one.column)
        if one.compared is not one.column:
            columns.append(one.compared)
        if one.options.unique or one.options.index:
            indexes.append(Index(((one.compared.name, False),), one.options.unique, (name,)))
    for index in given:
        if unknown := [name for name in index.names if name not in fields]:
            raise ConfigError(f"an index of {model} over {', '.join(unknown)}", hint=f"fields: {', '.join(fields)}")
        keys = tuple((fields[name].compared.name, descending) for name, descending in index.columns)
        indexes.append(Index(keys, index.unique, index.names))
    references = tuple((name, _target(one)._table) for name, one in fields.items() if isinstance(one, Ref))
    schema = Schema(table, tuple(columns), tuple(dict.fromkeys(indexes)), references)
    for index in schema.indexes:
        for name in index.names:
            _indexable(model, schema.column(name))
    return schema


def _target(one: Ref[Any]) -> Any:
    if isinstance(one.target, ForwardRef):
        raise ConfigError(
            f"{one} refers to {one.target.__forward_arg__}, which is not known yet", hint="open_db(…, models=[…])"
        )
    return one.target


def _indexable(model: str, column: Column) -> None:
    if column.kind == "json":
        raise ConfigError(f"{model}.{column.name} is JSON", hint="index a field of its own")
    if column.kind in ("text", "bytes") and (column.max or _MOST_INDEXED + 1) > _MOST_INDEXED:
        hint = f"field(max={_MOST_INDEXED}) at most (with fold: {_MOST_INDEXED // 3})"
        raise ConfigError(f"{model}.{column.name} is too long for an index", hint=hint)


def resolve(models: Sequence[Any]) -> None:
    """Point every `Ref` and `many` of `models` at its model; `ConfigError` names one that is not among them."""
    by_name = {model.__name__: model for model in models}
    for model in models:
        for one in model._fields.values():
            if isinstance(one, Ref):
                name = getattr(one.target, "__forward_arg__", "") or one.target.__name__
                one.target = _known(one, name, by_name)
        for one in vars(model).values():
            if isinstance(one, Many):
                one.target = _known(one, one.model_name, by_name)
                if not isinstance(one.target._fields.get(one.ref_name), Ref):
                    raise ConfigError(f"{one} goes by {one.model_name}.{one.ref_name}, which is no Ref")


def _known(one: object, name: str, by_name: Mapping[str, Any]) -> Any:
    if name not in by_name:
        raise ConfigError(
            f"{one} refers to {name}, which is not among the models", hint=f"open_db(…, models=[…, {name}])"
        )
    return by_name[name]
