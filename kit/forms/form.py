"""Form: a class whose annotations are inputs, and whose instances are the values that came out of them.

>>> from kit.forms import field, rows
>>> class Choice(Form):
...     text: str = field(max=200)
>>> class Question(Form):
...     text: str = field(min=3, max=200, label="Question")
...     choices: list[Choice] = rows(min=2, max=10)
>>> form = Question.check({"text": "Why?", "choices": [{"text": "so"}, {"text": "else"}]})
>>> form.valid, form.value.choices[1].text
(True, 'else')
>>> Question.check({"text": "Why?", "choices": []}).errors
(Error(path='choices', code='too_few', params={'min': 2}),)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, dataclass_transform

from kit.errors import ConfigError
from kit.forms.bridge import fields_of
from kit.forms.changeset import Changeset, plain
from kit.forms.compile import compile_form
from kit.forms.node import Absent
from kit.forms.nodes import Group
from kit.forms.schema import schema_of
from kit.forms.setting import Call, Setting
from kit.forms.source import Source, source_of
from kit.forms.spec import field, rows
from kit.seal import KeyRing
from kit.wsgi import environ_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit.stores.protocol import Store

__all__ = ["Form"]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field, rows))
class Form:
    """Subclass it. Class options, inherited: `class Signup(Form, theme=GovUk(), name="signup")`.

    - `theme`: how it looks;  `catalogue`: your own translations (kit.forms.messages)
    - `name`: put before the ids of its inputs, for two forms on one page
    - `limits`: how much may be posted;  `guard`: against robots and double posts (kit.forms.guard)
    - `source`, `only`: fields of a model or a dataclass (kit.forms.bridge)
    - `method`: "get" for a search form, which is read from the query string

    An instance is a plain value with the fields as attributes; two with equal fields are equal.
    """

    _setting: ClassVar[Setting] = Setting()
    _specs: ClassVar[Mapping[str, Any]] = {}
    _names: ClassVar[Mapping[str, Any]] = {}
    _compiled: ClassVar[Group | None] = None

    def __init_subclass__(cls, *, name: str | None = None, source: Any = None, only: str = "", **options: Any) -> None:
        super().__init_subclass__()
        if name is not None:
            options["scope"] = f"{name}-"
        if options.get("method") not in (None, "get", "post"):
            raise ConfigError(f"{cls.__name__}: method={options['method']!r}", hint='it is "post" or "get"')
        if not options.keys() <= set(Setting._fields):
            raise TypeError(f"{cls.__name__}: no such option: {', '.join(options.keys() - set(Setting._fields))}")
        cls._setting = cls._setting._replace(**options)
        if source is not None:
            found = fields_of(source, only)
            cls.__annotations__ = {**{field: hint for field, (hint, _) in found.items()}, **_annotated(cls)}
            cls._specs = {**cls._specs, **{field: spec for field, (_, spec) in found.items()}}
        own = {a: vars(cls)[a] for a in _annotated(cls) if a in vars(cls) and a[0] != "_"}
        for attribute in own:
            delattr(cls, attribute)
        cls._specs, cls._compiled = {**cls._specs, **own}, None
        cls._names = {**sys._getframe(1).f_locals, cls.__name__: cls}
        try:
            cls.__group__()
        except NameError:
            pass  # an annotation names a class that comes later: found at first use

    @classmethod
    def __group__(cls) -> Group:
        """The compiled form."""
        if cls._compiled is None:
            cls._compiled = compile_form(cls, cls._specs, cls._names, _RESERVED)
            cls._names = {}
        return cls._compiled

    def __init__(self, **values: Any) -> None:
        parts = self.__group__().by_attribute
        for name in values:
            if name not in parts:
                raise TypeError(f"{type(self).__name__} has no field {name!r}")
        self.__dict__.update(values)

    @classmethod
    def bind(
        cls,
        environ_or_request: Any,
        data: Any = None,
        *,
        action: str | None = None,
        keys: KeyRing | None = None,
        files: Store | None = None,
        clock: Callable[[], float] = time.time,
    ) -> Changeset[Self]:
        """The changeset of a request: what it posted (urlencoded, multipart or JSON), laid over `data`.

        `data` is what is stored now, a record or a mapping. GET and HEAD post nothing: the form shows `data`. With
        PATCH, a field that is missing keeps what `data` has. `action` chooses what may change, whatever the button.
        With `keys` and `files`, a store, uploads survive a failed post (kit.forms.keep).

        Raises `Malformed` (400) for a body that cannot be read and `TooLarge` (413) for one beyond the form's limits.
        """
        environ, group, setting = environ_of(environ_or_request), cls.__group__(), cls._setting
        source = source_of(environ, group, method=setting.method, limits=setting.limits)
        return Changeset(group, source, data, setting, Call(environ, keys, files, clock), action)

    @classmethod
    def check(cls, document: Any, data: Any = None, *, action: str | None = None) -> Changeset[Self]:
        """The changeset of a decoded JSON document, without a request and without a guard."""
        source = Source(document, {}, json=True)
        return Changeset(cls.__group__(), source, data, cls._setting._replace(guard=None), Call(), action)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema (2020-12) of what `bind` takes as JSON; OpenAPI 3.1 takes it as a request body."""
        return schema_of(cls.__group__())

    def asdict(self) -> dict[str, Any]:
        """The fields as a dict, nested forms too."""
        parts = self.__group__().by_attribute
        return {name: plain(value, parts[name]) for name, value in self.__dict__.items()}

    if not TYPE_CHECKING:  # a type checker knows the fields

        def __getattr__(self, name: str) -> Any:
            raise Absent(f"{type(self).__name__} has no {name!r}: it was not posted, or is not a field")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a form's value does not change: .{name} cannot be set")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), repr(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"


def _annotated(cls: type) -> dict[str, Any]:
    """The annotations of a class itself, without its bases'."""
    own: dict[str, Any] = vars(cls).get("__annotations__", {})
    return own


_RESERVED = frozenset(name for name in {*dir(Form), *dir(Changeset), "errors", "action", "intent"} if name[0] != "_")
