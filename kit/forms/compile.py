"""From the annotations and options of a form class to its compiled group, once per class.

The type of a field is its annotation: `str int float bool Decimal UUID date time datetime`, an Enum or a Literal,
`File`, `list[X]` of several choices or files, `X | None` for what may be blank, `SomeForm` for a form within,
`list[SomeForm]` for rows, and `Annotated[X, MyKind()]` for a kind of one's own.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import operator
import types
import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from kit.errors import ConfigError
from kit.forms.choices import Choice, Several
from kit.forms.kinds import Boolean, Decimal, Float, Integer, Kind, Text, Uuid
from kit.forms.leaf import Leaf
from kit.forms.moments import Day, Time, When
from kit.forms.node import Node
from kit.forms.nodes import Either, Group, Nest, Rows
from kit.forms.spec import Action, FieldSpec, RowsSpec, Rule, field, rows
from kit.forms.uploads import File, FileKind, byte_count

__all__ = ["compile_form"]

_KINDS: dict[Any, Callable[[FieldSpec], Kind]] = {
    str: lambda spec: Text(lines=spec.widget == "textarea"),
    int: lambda spec: Integer(),
    float: lambda spec: Float(),
    bool: lambda spec: Boolean(),
    decimal.Decimal: lambda spec: Decimal(places=spec.kind.get("places", 2)),
    datetime.date: lambda spec: Day(),
    datetime.time: lambda spec: Time(),
    datetime.datetime: lambda spec: When(zone=spec.kind.get("zone", "UTC")),
    uuid.UUID: lambda spec: Uuid(),
    File: lambda spec: FileKind(accept=spec.kind.get("accept", "")),
}


def compile_form(cls: type, specs: Mapping[str, Any], names: Mapping[str, Any], reserved: frozenset[str]) -> Group:
    """The group of `cls`. `specs` are its options by attribute, `names` the names its annotations may use besides its
    module's; an attribute in `reserved` is refused, since a template could not reach it."""
    hints = get_type_hints(cls, localns=dict(names), include_extras=True)
    parts: list[Node] = []
    for attribute, hint in hints.items():
        if attribute.startswith("_") or get_origin(hint) is ClassVar:
            continue
        if attribute in reserved:
            raise ConfigError(
                f"{cls.__name__}.{attribute} would hide the form's own .{attribute}",
                hint=f'call it {attribute}_ and give it field(name="{attribute}")',
            )
        parts.append(_part(f"{cls.__name__}.{attribute}", attribute, hint, specs.get(attribute)))
    members = [getattr(cls, name) for name in _members(cls)]
    rules = [found for found in (getattr(member, "__rule__", member) for member in members) if isinstance(found, Rule)]
    group = Group(cls, parts, rules, [member for member in members if isinstance(member, Action)])
    _check_names(cls, group)
    return group


def _part(where: str, attribute: str, hint: Any, spec: Any) -> Node:
    hint, optional = _optional(hint)
    if isinstance(spec, RowsSpec) or (spec is None and _has_forms(hint)):
        if get_origin(hint) is not list:
            raise ConfigError(f"{where} has rows(…)", hint="annotate it as list[SomeForm]")
        return _rows(where, attribute, get_args(hint)[0], spec or rows())
    if _has_forms(hint):
        raise ConfigError(f"{where} is a list of forms", hint="give it rows(…), not field(…)")
    if not isinstance(spec, FieldSpec):
        spec = field() if spec is None else field(default=spec)  # `size: int = 3`
    if _is_form(hint):
        return Nest(attribute, hint.__group__, spec, optional=optional)
    return Leaf(attribute, _kind(where, hint, spec), _sized(spec), optional=optional)


def _rows(where: str, attribute: str, inner: Any, spec: RowsSpec) -> Rows:
    if _is_form(inner):
        return Rows(attribute, inner.__group__, spec)
    if get_origin(inner) in (Union, types.UnionType) and all(map(_is_form, get_args(inner))):
        either = Either([one.__group__ for one in get_args(inner)], [one.__name__ for one in get_args(inner)])
        return Rows(attribute, lambda: either, spec)
    own = spec.item or field()
    leaf = Leaf("", _kind(where, inner, own), _sized(own), optional=False)
    leaf.label = spec.each or ""
    return Rows(attribute, lambda: leaf, spec)


def _kind(where: str, hint: Any, spec: FieldSpec) -> Kind:
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, Kind):
                return extra
        hint = get_args(hint)[0]
    if get_origin(hint) is list:
        inner = _kind(where, get_args(hint)[0], spec)
        if isinstance(inner, Choice | FileKind):
            return Several(inner)
        raise ConfigError(f"{where} is a list of what is no choice", hint="give it choices=… or rows(…)")
    if "choices" in spec.kind:
        return Choice(spec.kind["choices"])
    if get_origin(hint) is Literal:
        return Choice(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return Choice(hint)
    if hint not in _KINDS:
        raise ConfigError(f"{where}: no kind of field for {hint!r}", hint="say Annotated[…, MyKind()]")
    return _KINDS[hint](spec)


def _sized(spec: FieldSpec) -> FieldSpec:
    if "max_bytes" in spec.words:
        spec.words["max_bytes"] = byte_count(spec.words["max_bytes"])
    return spec


def _optional(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        others = tuple(arg for arg in get_args(hint) if arg is not type(None))
        if len(others) < len(get_args(hint)):
            return functools.reduce(operator.or_, others), True
    return hint, False


def _is_form(hint: Any) -> bool:
    return isinstance(hint, type) and hasattr(hint, "__group__")


def _has_forms(hint: Any) -> bool:
    return get_origin(hint) is list and any(map(_is_form, (*get_args(hint), *get_args(get_args(hint)[0]))))


def _members(cls: type) -> list[str]:
    """Names of class attributes, base classes first, each once, in the order of writing."""
    return list(dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base)))


def _check_names(cls: type, group: Group) -> None:
    """What a form says twice, or about a field that it has not, is a mistake."""
    if len(group.names) < len(group.parts):
        raise ConfigError(f"{cls.__name__} has two fields of the same name", hint="see field(name=…)")
    for part in group.parts:
        if not part.name.isidentifier() or part.name.startswith("_"):
            raise ConfigError(f"{cls.__name__}.{part.attribute}: name={part.name!r}", hint="give it a word without _")
    for action in group.actions.values():
        for name in sorted(action.permit - group.by_attribute.keys()):
            raise ConfigError(f"action {action.name!r} of {cls.__name__} permits {name!r}", hint="no such field")
    for rule in group.rules:
        if rule.field and rule.field not in group.by_attribute:
            raise ConfigError(f"a rule of {cls.__name__} reports at {rule.field!r}", hint="no such field")
