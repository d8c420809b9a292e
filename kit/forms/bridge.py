"""A form from a model or a dataclass: `class PostForm(Form, source=Post, only="title price")`.

>>> from dataclasses import dataclass, field as about
>>> from kit.forms import Form
>>> @dataclass
... class Person:
...     name: str = about(metadata={"max": 80, "label": "Full name"})
...     age: int | None = None
...     admin: bool = False
>>> class PersonForm(Form, source=Person, only="name age"):
...     nick: str = ""
>>> form = PersonForm.check({"name": "Ann", "age": 33, "nick": "an"})
>>> Person(**{k: v for k, v in form.changes.items() if k != "nick"})
Person(name='Ann', age=33, admin=False)

Which fields may come from outside is always said (`only`), so a column that is added later does not open by itself.
What the class says itself comes first, which is also the way to refine a field. Nothing of kit.data is imported: a
model is known by its descriptors, which have `.options` with `.rules` (max, min, ge, le, pattern, places).
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, get_args, get_type_hints

from kit.errors import ConfigError
from kit.forms.spec import MISSING, field

__all__ = ["fields_of"]

_WORDS = frozenset(inspect.signature(field).parameters)


def fields_of(source: Any, only: str) -> dict[str, tuple[Any, Any]]:
    """(annotation, options) of the fields named in `only`, in that order."""
    if not only:
        raise ConfigError(f"a form from {source.__name__} takes no fields", hint='name them: only="title price"')
    hints = get_type_hints(source, include_extras=True)
    made = {}
    for name in only.split():
        if name not in hints:
            raise ConfigError(f"{source.__name__} has no field {name!r}", hint=f"it has: {', '.join(hints)}")
        described = inspect.getattr_static(source, name, None)
        options = getattr(described, "options", None)
        if options is not None and hasattr(options, "rules"):
            made[name] = get_args(hints[name])[0], _of_model(options)
        elif dataclasses.is_dataclass(source):
            made[name] = hints[name], _of_dataclass(source.__dataclass_fields__[name])
        else:
            raise ConfigError(f"{source.__name__}.{name} is no field of a model or a dataclass")
    return made


def _of_model(options: Any) -> Any:
    rules = options.rules
    words = {word: getattr(rules, word) for word in ("max", "min", "ge", "le", "places")}
    pattern = rules.pattern.pattern if rules.pattern is not None else None
    return field(**words, pattern=pattern, default=MISSING if options.default is ... else options.default)


def _of_dataclass(one: Any) -> Any:
    words = {word: value for word, value in one.metadata.items() if word in _WORDS}
    if one.default is not dataclasses.MISSING:
        words.setdefault("default", one.default)
    return field(**words)
