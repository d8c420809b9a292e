"""From the annotations and options of a form class to its compiled group, once per class.

The type of a field is its annotation: `str int float Decimal bool`, `X | None` for what may be blank,
`Annotated[X, MyKind()]` for a kind of one's own, `list[SomeForm]` for rows, `SomeForm` for a nested form.
"""

from __future__ import annotations

import decimal
import functools
import operator
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints

from kit.errors import ConfigError
from kit.forms.kinds import Boolean, Decimal, Float, Integer, Kind, Text
from kit.forms.nodes import Group, Leaf, Node, Rows
from kit.forms.spec import Action, FieldSpec, RowsSpec, Rule, field, rows

__all__ = ["compile_form"]

_PLAIN: dict[Any, Callable[[FieldSpec], Kind]] = {
    str: lambda spec: Text(lines=spec.widget == "textarea"),
    int: lambda spec: Integer(),
    float: lambda spec: Float(),
    bool: lambda spec: Boolean(),
    decimal.Decimal: lambda spec: Decimal(places=spec.kind.get("places", 2)),
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
        parts.append(_part(cls, attribute, hint, specs.get(attribute)))
    rules = [found for found in (_rule(getattr(cls, name)) for name in _members(cls)) if found]
    actions = [found for found in (getattr(cls, name) for name in _members(cls)) if isinstance(found, Action)]
    group = Group(cls, parts, rules, actions)
    _refuse_twins(cls, parts)
    _refuse_strangers(cls, group)
    return group


def _part(cls: type, attribute: str, hint: Any, spec: Any) -> Node:
    hint, optional = _optional(hint)
    where = f"{cls.__name__}.{attribute}"
    if get_origin(hint) is list:
        (inner,) = get_args(hint)
        if _is_form(inner):
            spec = rows() if spec is None else spec
            if not isinstance(spec, RowsSpec):
                raise ConfigError(f"{where} is a list of forms", hint="give it rows(…), not field(…)")
            return Rows(attribute, lambda: inner.__group__(), spec)
    if isinstance(spec, RowsSpec):
        raise ConfigError(f"{where} has rows(…)", hint="annotate it as list[SomeForm]")
    if spec is not None and not isinstance(spec, FieldSpec):
        spec = field(default=spec)  # `size: int = 3`
    spec = field() if spec is None else spec
    return Leaf(attribute, _kind(where, hint, spec), spec, optional=optional)


def _kind(where: str, hint: Any, spec: FieldSpec) -> Kind:
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, Kind):
                return extra
        hint = get_args(hint)[0]
    make = _PLAIN.get(hint)
    if make is None:
        raise ConfigError(f"{where}: no kind of field for {hint!r}", hint="say Annotated[…, MyKind()]")
    return make(spec)


def _optional(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        others = tuple(arg for arg in get_args(hint) if arg is not type(None))
        if len(others) < len(get_args(hint)):
            return functools.reduce(operator.or_, others), True
    return hint, False


def _is_form(hint: Any) -> bool:
    return isinstance(hint, type) and hasattr(hint, "__group__")


def _members(cls: type) -> list[str]:
    """Names of class attributes, base classes first, each once, in the order of writing."""
    return list(dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base)))


def _rule(member: Any) -> Rule | None:
    found = getattr(member, "__rule__", None)
    return found if isinstance(found, Rule) else None


def _refuse_twins(cls: type, parts: list[Node]) -> None:
    for i, part in enumerate(parts):
        if any(part.name == other.name for other in parts[:i]):
            raise ConfigError(f"{cls.__name__} has two fields named {part.name!r}", hint="see field(name=…)")
        if part.name.startswith("_") or "." in part.name:
            raise ConfigError(f"{cls.__name__}.{part.attribute}: name {part.name!r}", hint="no leading _ and no dot")


def _refuse_strangers(cls: type, group: Group) -> None:
    known = {part.attribute for part in group.parts}
    for action in group.actions.values():
        for name in sorted(action.permit - known):
            raise ConfigError(f"action {action.name!r} of {cls.__name__} permits {name!r}", hint="no such field")
    for rule in group.rules:
        if rule.field and rule.field not in known:
            raise ConfigError(f"a rule of {cls.__name__} reports at {rule.field!r}", hint="no such field")
