"""What a form class says about its fields: `field()`, `rows()`, `rule()` and `action()`.

>>> spec = field(max=80, label="Street", autocomplete="address-line1")
>>> spec.words, spec.label
({'max': 80}, 'Street')

These are plain records; kit.forms.compile makes the working parts of them once per class. The types of the fields come
from the annotations. Words that limit (`min max pattern ge gt le lt step`) are rows of kit.forms.constraints and mean
the same as in kit.data: `min` and `max` count characters or rows, `ge gt le lt` compare values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

__all__ = ["MISSING", "Action", "FieldSpec", "RowsSpec", "Rule", "action", "field", "rows", "rule"]


class _Missing:
    """The one value that stands for "nothing was given"; false, so that `if value` reads well."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()
F = TypeVar("F", bound=Callable[..., Any])


class FieldSpec:
    """The options of one field, as `field()` was given them."""

    words: dict[str, Any]
    default: Any
    label: str | None
    hint: str
    widget: str | None
    name: str | None
    required: bool | None
    redisplay: bool
    stored: bool
    attrs: Mapping[str, Any]
    messages: Mapping[str, str]
    #: options of the kind: choices, places, zone, accept
    kind: dict[str, Any]

    def __init__(self, **options: Any) -> None:
        self.__dict__.update(options)


def field(
    *,
    default: Any = MISSING,
    label: str | None = None,
    hint: str = "",
    min: Any = None,
    max: Any = None,
    pattern: str | None = None,
    ge: Any = None,
    gt: Any = None,
    le: Any = None,
    lt: Any = None,
    step: Any = None,
    places: int | None = None,
    choices: Any = None,
    zone: str | None = None,
    accept: str | None = None,
    max_bytes: int | str | None = None,
    required: bool | None = None,
    widget: str | None = None,
    name: str | None = None,
    redisplay: bool = True,
    stored: bool = True,
    autocomplete: str | None = None,
    placeholder: str | None = None,
    attrs: Mapping[str, Any] | None = None,
    messages: Mapping[str, str] | None = None,
) -> Any:
    """One input. A field is required unless its annotation admits None, it has a blank default, or `required=False`.

    - `default`: the value shown at first, and taken where a JSON document says nothing; or a function that makes it
    - `label`, `hint`: texts, translated at render; the label is made from the name where it is not given
    - `choices`: pairs (value, label), values, an Enum, groups {label: choices}, or a function that returns these
    - `places`: digits after the point of a Decimal;  `zone`: where the local time of a datetime is (IANA name)
    - `accept`, `max_bytes`: of a file ("image/png,image/*,.pdf"; 2097152 or "2MiB")
    - `widget`: another widget than the type's own: textarea, password, hidden, radios, select …
    - `name`: the name in HTML and JSON, if it cannot be the Python one
    - `redisplay=False`: never write the input back into the page;  `stored=False`: leave it out of `.changes`
    - `messages`: {code: text} of this field alone
    """
    words = {"min": min, "max": max, "pattern": pattern, "ge": ge, "gt": gt, "le": le, "lt": lt, "step": step}
    extra = {"autocomplete": autocomplete, "placeholder": placeholder}
    return FieldSpec(
        words=_given({**words, "max_bytes": max_bytes}),
        default=default,
        label=label,
        hint=hint,
        widget=widget,
        name=name,
        required=required,
        redisplay=redisplay,
        stored=stored,
        attrs=_given(extra) | dict(attrs or {}),
        messages=dict(messages or {}),
        kind=_given({"choices": choices, "places": places, "zone": zone, "accept": accept}),
    )


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


class RowsSpec:
    """The options of repeated rows, as `rows()` was given them."""

    min: int
    max: int
    label: str | None
    each: str | None
    hint: str
    reorder: bool
    name: str | None
    stored: bool
    item: FieldSpec | None

    def __init__(self, **options: Any) -> None:
        self.__dict__.update(options)


def rows(
    *,
    min: int = 0,
    max: int = 50,
    label: str | None = None,
    each: str | None = None,
    hint: str = "",
    reorder: bool = False,
    name: str | None = None,
    stored: bool = True,
    item: Any = None,
) -> Any:
    """A list of subforms, `min` to `max` of them; buttons add, remove and (`reorder`) move rows without JavaScript.

    `label` is the legend of the list, `each` that of one row ("Choice": "Choice 1", "Choice 2" …). Rows left wholly
    blank are no rows, as long as `min` of them are left; one row too many is an error, never a cut. In a list of single
    inputs, `tags: list[str] = rows(item=field(max=20))`, `item` has their options.
    """
    if not 0 <= min <= max:
        raise ValueError(f"rows(min={min}, max={max}): 0 <= min <= max must hold")
    return RowsSpec(
        min=min, max=max, label=label, each=each, hint=hint, reorder=reorder, name=name, stored=stored, item=item
    )


class Rule:
    """A check across fields: `check(form)` returns True, or the code of what is wrong (False: `code`).

    `client` describes it to the JavaScript module, if it is one of those in kit.forms.rules.
    """

    client: Mapping[str, Any] | None = None

    def __init__(
        self, field: str, check: Callable[[Any], Any], *, code: str, when: Callable[[Any], Any] | None
    ) -> None:
        self.field, self.check, self.code, self.when = field, check, code, when


def rule(field: str = "", *, code: str = "invalid", when: Callable[[Any], Any] | None = None) -> Callable[[F], F]:
    """Mark a method as a check across fields, reported at `field` ("": the whole form).

    It gets the form's value, and runs only once the fields that it reads are good. It returns True, or False for
    `code`, or another code; the text of a code is looked up at render. `when` says for which values the rule counts.
    """

    def mark(check: F) -> F:
        check.__dict__["__rule__"] = Rule(field, check, code=code, when=when)
        return check

    return mark


class Action:
    """A submit button and the fields that it may change."""

    def __init__(self, name: str, permit: Iterable[str], label: str | None) -> None:
        self.name, self.permit = name, frozenset(permit)
        self.label = label or name.replace("_", " ").capitalize()


def action(name: str) -> Callable[[type], Action]:
    """Make a class with `permit` (names, or one string of them) and `label` the action `name` of a form.

    A form with actions changes only what the chosen one permits; what else is posted is left as it was. A form without
    actions permits all its fields. The first action counts where a request names none.
    """

    def make(body: type) -> Action:
        permit: str | Sequence[str] = getattr(body, "permit", ())
        return Action(name, permit.split() if isinstance(permit, str) else permit, getattr(body, "label", None))

    return make
