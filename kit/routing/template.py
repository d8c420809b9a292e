r"""Read a path with variables: `/posts/{id:int}` becomes literal segments, typed variables, and one regular expression.

>>> t = Template("/posts/{id:int}/{rest:path}")
>>> t.names, t.prefix, t.crosses
(('id', 'rest'), '/posts', True)
>>> t.build({"id": 7, "rest": "a/b c"})
'/posts/7/a/b%20c'
>>> Template(r"/archive/{year:\d{4}}-{kind:(?:a|b:c)}").pattern
'/archive/(?P<year>\\d{4})\\-(?P<kind>(?:a|b:c))'

A brace inside a regular expression must be balanced or escaped; a literal brace is doubled: `/{{x}}`.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from kit.errors import ConfigError
from kit.routing.converters import Converter, converter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["KNOWN", "SAFE", "Template", "Variable"]

#: simple and crossing, of the patterns so common that a small app need not load the analysis
KNOWN = {
    **dict.fromkeys(("[^/]+", "[0-9]+", "[-a-zA-Z0-9_]+", "[0-9]{4}-[0-9]{2}-[0-9]{2}"), (True, False)),
    **dict.fromkeys(("[^/].*?", ".*"), (False, True)),
}
_TAILS = {"[^/].*?": "/", ".*": "*", ".*?": "*", ".+": "+", ".+?": "+"}
#: characters that stay as they are in a segment of a URL
SAFE = "!$&'()*+,;=:@~"  # pchar (RFC 3986, 3.3)


class Variable:
    """One `{name:converter}`."""

    __slots__ = ("converter", "crosses", "name", "plain", "simple", "text")

    def __init__(self, name: str, text: str, own: dict[str, Any] | None) -> None:
        self.name = name
        self.text = text
        self.converter = converter(text, own)
        #: whether it fits a whole segment exactly if its pattern does so alone; whether its text may contain a slash
        self.simple, self.crosses = KNOWN.get(self.converter.pattern) or _analysed(self.converter.pattern)
        #: whether any segment that is not empty fits, and stands for itself
        self.plain = type(self.converter) is Converter

    @property
    def tail(self) -> tuple[str, str] | None:
        """Its name and its kind (see `Rule`), if it can take all the rest of a path without an expression."""
        kind = _TAILS.get(self.converter.pattern)
        return (self.name, kind) if kind and type(self.converter).parse is Converter.parse else None


def _analysed(pattern: str) -> tuple[bool, bool]:
    from kit.routing.patterns import may_contain, simple

    return simple(pattern), may_contain(pattern, "/")


class Template:
    """A path with variables. `own` are converters by name, besides those of kit.routing.converters."""

    def __init__(self, text: str, own: dict[str, Any] | None = None) -> None:
        if text and not text.startswith("/"):
            raise ConfigError(f"the path {text!r} does not begin with a slash", hint=f"write {'/' + text!r}")
        self.text = text
        #: literal text and variables, as they follow each other
        self.parts: list[str | Variable] = list(_parts(text, own))
        self.variables = [part for part in self.parts if isinstance(part, Variable)]
        self.names = tuple(each.name for each in self.variables)
        if len(set(self.names)) < len(self.names):
            raise ConfigError(f"{text!r} names a variable twice", hint="give each its own name")
        first = self.parts[0] if self.parts else ""
        #: the literal text before the first variable, without slashes at its end: Routes ranks by its length
        self.prefix = first.rstrip("/") if isinstance(first, str) else ""
        self.crosses = any(each.crosses for each in self.variables)

    @property
    def pattern(self) -> str:
        """The whole path as a regular expression with named groups."""
        return "".join(
            re.escape(part) if isinstance(part, str) else f"(?P<{part.name}>{part.converter.pattern})"
            for part in self.parts
        )

    def fits(self, path: str) -> bool:
        """Whether a decoded path matches, values not looked at."""
        return re.fullmatch(self.pattern, path) is not None

    def build(self, args: dict[str, Any]) -> str:
        """The path for these values, percent-encoded; KeyError for an absent one, ValueError for a misfit."""
        made = []
        for part in self.parts:
            if isinstance(part, str):
                made.append(quote(part, safe=SAFE + "/"))
            else:
                text = part.converter.build(args[part.name])
                made.append(quote(text, safe=SAFE + "/" if part.crosses else SAFE))
        return "".join(made)


def _parts(text: str, own: dict[str, Any] | None) -> Iterator[str | Variable]:
    literal, at = "", 0
    while at < len(text):
        char = text[at]
        if char in "{}" and text[at + 1 : at + 2] == char:
            literal, at = literal + char, at + 2
        elif char == "{":
            if literal:
                yield literal
            end = _closing(text, at)
            yield _variable(text, text[at + 1 : end], own)
            literal, at = "", end + 1
        elif char == "}":
            raise ConfigError(
                f"{text!r} closes a brace that was not opened, at {at}", hint="double a literal brace: }}"
            )
        else:
            literal, at = literal + char, at + 1
    if literal:
        yield literal


def _closing(text: str, start: int) -> int:
    """The index of the brace that closes the one at `start`; escaped braces and those in [classes] do not count."""
    depth, at, in_class = 0, start, False
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]" or text[at - 1] == "[" or text[at - 2 : at] == "[^"
        elif char == "[":
            in_class = True
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if not depth:
                return at
        at += 1
    raise ConfigError(f"{text!r} opens a brace at {start} that is not closed", hint="double a literal brace: {{")


def _variable(text: str, inside: str, own: dict[str, Any] | None) -> Variable:
    name, _, kind = inside.partition(":")
    if not name.isidentifier():
        raise ConfigError(
            f"{text!r} has a variable {name!r}, which is no name", hint="write {name} or {name:converter}"
        )
    return Variable(name, kind, own)
