"""From a request to a tree of names: what every content type becomes before a form reads it.

>>> nest([("text", "Why?"), ("choices.0.text", "so"), ("choices.1.text", "else"), ("_do", "choices.add")])
({'text': 'Why?', 'choices': {'0': {'text': 'so'}, '1': {'text': 'else'}}}, {'_do': 'choices.add'})

Names may also be written `choices-0-text` or `choices[0][text]`, as other libraries do, or with the `__start__` and
`__end__` marks of peppercorn. A name given twice becomes a list. Names that begin with `_` are kit's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from kit.errors import Malformed, TooLarge
from kit.forms.nodes import Group
from kit.http.body import Limits, parse
from kit.http.pairs import pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

__all__ = ["Source", "nest", "source_of"]


class Source(NamedTuple):
    """One request's input: the tree, kit's own names, and how it came."""

    tree: dict[str, Any]
    own: dict[str, Any]
    json: bool = False
    partial: bool = False


def nest(pairs: Iterable[tuple[str, Any]], *, depth: int = 16) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tree of (name, value) pairs, and apart from it the names that begin with `_`.

    `TooLarge` for a name of more than `depth` levels; `Malformed` for a name that is both a value and a level.
    """
    tree: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for name, value in pairs:
        if name == "__start__" and value.__class__ is str:
            return nest(_unmarked(pairs), depth=depth)
        levels, last = _split(name, depth) if len(name) < 100 else _split.__wrapped__(name, depth)
        level = own if name[:1] == "_" else tree
        for step in levels:
            inner = level.get(step)
            if inner is None:
                inner = level[step] = {}
            elif inner.__class__ is not dict:
                raise _both(name)
            level = inner
        if last in level:
            value = _more(level[last], value, name)
        level[last] = value
    return tree, own


def source_of(environ: WSGIEnvironment, group: Group, *, method: str, limits: Limits) -> Source | None:
    """What a request posts to a form; None if it posts nothing."""
    verb = environ["REQUEST_METHOD"]
    if method == "get" or verb in ("GET", "HEAD"):
        return _searched(environ, group, limits) if method == "get" else None
    body = parse(environ, limits=limits)
    if body.kind == "json":
        own = {k: v for k, v in body.json.items() if k[:1] == "_"} if isinstance(body.json, dict) else {}
        return Source(body.json, own, json=True, partial=verb == "PATCH")
    return Source(*nest(body.items, depth=limits.depth), partial=verb == "PATCH")


def _searched(environ: WSGIEnvironment, group: Group, limits: Limits) -> Source | None:
    """A query string, if it names anything of the form; what it says beyond the form is not the form's business."""
    query = environ.get("QUERY_STRING", "").encode("latin-1")
    tree, own = nest(pairs(query, limit=limits.fields, what="the query string"), depth=limits.depth)
    known = {name: value for name, value in tree.items() if name in group.names}
    return Source(known, own) if known or "_do" in own else None


def _unmarked(pairs: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Peppercorn's marks as names: a mapping in a sequence is a row, whatever it is called."""
    path: list[tuple[str, str]] = []  # (name, kind) of the open marks
    counts: list[int] = [0]
    for name, value in pairs:
        here = str(counts[-1]) if path and path[-1][1] == "sequence" else ""
        if name == "__start__" and isinstance(value, str):
            called, _, kind = value.partition(":")
            path.append((here or called, kind))
            counts[-1] += 1
            counts.append(0)
        elif name == "__end__":
            if not path:
                raise Malformed("the form has an __end__ without a __start__")
            path.pop()
            counts.pop()
        else:
            counts[-1] += 1
            yield ".".join([step for step, _ in path] + [here or name]), value


def _more(old: Any, value: Any, name: str) -> Any:
    if old.__class__ is dict:
        raise _both(name)
    if old.__class__ is list:
        old.append(value)
        return old
    return [old, value]


@lru_cache(maxsize=4096)
def _split(name: str, depth: int) -> tuple[tuple[str, ...], str]:
    """The levels a name goes through, and the name in the last of them."""
    if name.isidentifier() or name[:1] == "_":
        return (), name
    if "[" in name:
        name = name.replace("][", ".").replace("[", ".").replace("]", "")
    elif "." not in name:
        name = name.replace("-", ".")
    *levels, last = name.split(".")
    if len(levels) >= depth:
        raise TooLarge(f"a field's name has more than {depth} levels", hint="see the form's limits")
    return tuple(levels), last


def _both(name: str) -> Malformed:
    return Malformed(f"the field {name[:80]!r} is both a value and a group of values", hint="give it one meaning")
