"""Buttons that change the rows of a form without JavaScript: what they post, and what that does to the input.

A button is called `_do`; its value is the path of a list or row and a verb: `choices.add`, `choices.2.remove`,
`choices.2.up`, `choices.2.down`. Rows keep their keys, so no input changes its name under the user's hands:

>>> press({"0": {"text": "a"}, "1": {"text": "b"}}, ["0"], "remove", limit=9)
({'1': {'text': 'b'}}, 'add')
>>> press({"0": {"text": "a"}, "1": {"text": "b"}}, [], "add", limit=9)
({'0': {'text': 'a'}, '1': {'text': 'b'}, '2': {}}, '2')
"""

from __future__ import annotations

from typing import Any

from kit.forms.node import Node
from kit.forms.nodes import Either, Group, Nest, Rows

__all__ = ["applied", "is_intent", "press"]

_VERBS = ("remove", "up", "down")


def is_intent(group: Group, do: str) -> bool:
    """Whether `do` is a button of one of the form's lists."""
    *path, verb = do.split(".")
    part: Node | None = group
    while path and part is not None:
        name = path.pop(0)
        part = part.item if isinstance(part, Nest) else part
        if isinstance(part, Rows):
            if not path or not name.isdecimal():
                return name.isdecimal() and verb in _VERBS
            part = part.item
        else:
            part = part.by_name.get(name) if isinstance(part, Group) else None
    word, _, kind = verb.partition(":")
    known = set(part.item.kinds) if isinstance(part, Rows) and isinstance(part.item, Either) else {""}
    return isinstance(part, Rows) and word == "add" and kind in known


def applied(group: Group, raw: dict[str, Any], do: str) -> tuple[dict[str, Any], str]:
    """The input after the button, and the path of what takes the focus. `do` must be an intent."""
    *path, verb = do.split(".")
    return _within(group, raw, path, verb, "")


def _within(part: Node, raw: Any, path: list[str], verb: str, prefix: str) -> tuple[dict[str, Any], str]:
    raw = raw if isinstance(raw, dict) else {}
    part = part.item if isinstance(part, Nest) else part
    if isinstance(part, Rows) and (not path or (len(path) == 1 and verb in _VERBS)):
        changed, focus = press(raw, path, verb, limit=part.max)
        if focus in changed:
            row = part.row(changed[focus])
            focus += row.join + first(row)
        return changed, prefix + focus
    name, *rest = path
    inner = (
        part.row(raw.get(name)) if isinstance(part, Rows) else part.by_name[name] if isinstance(part, Group) else None
    )
    if inner is None or (isinstance(part, Rows) and name not in raw):
        return raw, ""
    changed, focus = _within(inner, raw.get(name), rest, verb, f"{prefix}{name}.")
    return {**raw, name: changed}, focus


def first(part: Node) -> str:
    """The name of the first input in a row."""
    return part.parts[0].name if isinstance(part, Group) else ""


def press(rows: dict[str, Any], path: list[str], verb: str, *, limit: int) -> tuple[dict[str, Any], str]:
    """One list after one button: (rows, key of the row or button that takes the focus)."""
    if not path:
        if len(rows) >= limit:
            return rows, ""
        key = str(max((int(old) for old in rows if old.isdecimal()), default=-1) + 1)
        kind = verb.partition(":")[2]
        return {**rows, key: {"_kind": kind} if kind else {}}, key
    key = path[0]
    if key not in rows:
        return rows, ""
    if verb == "remove":
        return {old: row for old, row in rows.items() if old != key}, "add"
    order = list(rows)
    here = order.index(key)
    there = here + (-1 if verb == "up" else 1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
    return {old: rows[old] for old in order}, key
