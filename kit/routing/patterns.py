r"""What can be known of a regular expression without running it.

>>> may_contain(r"\d{4}|[a-z]+", "/"), may_contain("[^-]+", "/")
(False, True)
>>> simple(r"\d+"), simple(r"(?=x)x"), simple(".*")
(True, False, False)

The parser is the one of `re`; where a Python hides it, or for a construct that is not listed here, the answer is the
careful one: it may contain anything, it is not simple.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["may_contain", "parsed", "refers", "simple"]


@lru_cache(512)
def parsed(pattern: str) -> Any:
    """The syntax tree of `pattern`: pairs of operation name and argument; None where it is not known."""
    try:
        return _plain(import_module("re._parser").parse(pattern))
    except (ImportError, re.error, RecursionError, OverflowError):
        return None


def _plain(tree: Any) -> Any:
    """Lists and tuples in place of the parser's own classes, with operations by name."""
    kind = type(tree).__name__
    if kind == "SubPattern" or isinstance(tree, list):
        return [_plain(each) for each in tree]
    if isinstance(tree, tuple):
        return tuple(_plain(each) for each in tree)
    return str(tree) if kind == "_NamedIntConstant" else tree


@lru_cache(512)
def may_contain(pattern: str, char: str) -> bool:
    """Whether a match of `pattern` could contain `char`; True when in doubt."""
    tree = parsed(pattern)
    return tree is None or any(_hits(each, char) for each in tree)


@lru_cache(512)
def simple(pattern: str) -> bool:
    """Whether `pattern` is made of characters, classes, groups, choices and repeats alone and never matches nothing.

    Such a pattern matches a text inside a larger expression exactly if it matches it alone.
    """
    tree = parsed(pattern)
    return tree is not None and all(_plain_op(each) for each in tree) and re.compile(pattern).match("") is None


def refers(pattern: str) -> bool:
    """Whether `pattern` refers to a group of its own (`\\1`), whose number is another inside a larger expression."""
    return "GROUPREF" in str(parsed(pattern) or "GROUPREF")


def _hits(node: Any, char: str) -> bool:
    op, arg = node
    if op == "LITERAL":
        return bool(arg == ord(char))
    if op == "NOT_LITERAL":
        return bool(arg != ord(char))
    if op == "IN":
        return re.match(_class(arg), char) is not None if _known_class(arg) else True
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return any(_hits(each, char) for each in arg[2])
    if op == "SUBPATTERN":
        return bool(arg[1] or arg[2]) or any(_hits(each, char) for each in arg[3])  # (?i:…) changes what a letter means
    if op == "ATOMIC_GROUP":
        return any(_hits(each, char) for each in arg)
    if op == "BRANCH":
        return any(_hits(each, char) for branch in arg[1] for each in branch)
    return op not in ("AT", "ASSERT", "ASSERT_NOT")


_CATEGORY = {"CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S",
             "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W"}  # fmt: skip


def _known_class(items: Any) -> bool:
    return all(op in ("NEGATE", "LITERAL", "RANGE") or arg in _CATEGORY for op, arg in items)


def _class(items: Any) -> str:
    """The class, written again."""
    made = ["["]
    for op, arg in items:
        if op == "NEGATE":
            made.append("^")
        elif op == "LITERAL":
            made.append(f"\\U{arg:08x}")
        elif op == "RANGE":
            made.append(f"\\U{arg[0]:08x}-\\U{arg[1]:08x}")
        else:
            made.append(_CATEGORY[arg])
    return "".join(made) + "]"


def _plain_op(node: Any) -> bool:
    op, arg = node
    if op in ("LITERAL", "NOT_LITERAL", "IN"):
        return True
    if op in ("MAX_REPEAT", "MIN_REPEAT"):
        return all(_plain_op(each) for each in arg[2])
    if op == "SUBPATTERN":
        return not (arg[1] or arg[2]) and all(_plain_op(each) for each in arg[3])
    if op == "BRANCH":
        return all(_plain_op(each) for branch in arg[1] for each in branch)
    return False


@lru_cache(512)
def danger(pattern: str) -> str:
    r"""Why a hostile text can keep `pattern` busy for very long, or "".

    >>> danger(r"(?:a+)+b"), danger(r"\d{4}-\d+")
    ('a repeat inside a repeat, (?:x+)+: exponential time', '')

    Found are repeats without end inside such repeats, choices inside a repeat that begin with the same letter, and
    three or more repeats without end in a row that take the same letters: exponential or cubic time in `re`. It is a
    lint: it can miss one, and an odd expression that it names may be harmless.
    """
    tree = parsed(pattern)
    return "" if tree is None else _danger(tree)


def _endless(node: Any) -> bool:
    op, arg = node
    return op in ("MAX_REPEAT", "MIN_REPEAT") and (str(arg[1]) == "MAXREPEAT" or arg[1] > 1000)


def _danger(nodes: Any) -> str:
    row: list[Any] = []
    for node in nodes:
        if _endless(node):
            body = _flat(node[1][2])
            if any(map(_endless, body)) and all(_endless(each) or _optional(each) for each in body):
                return "a repeat inside a repeat, (?:x+)+: exponential time"
            if any(_same_start(each) for each in _deep(node[1][2])):
                return "choices inside a repeat that begin alike, (?:[ab]c|a[bc])*: exponential time"
            row.append(node[1][2])
        found = next(filter(None, (_danger(inner) for inner in _inner(node))), "")
        if found:
            return found
    if any(sum(_overlap(one, other) for other in row) >= 3 for one in row):
        return "three endless repeats of the same letters, .*x.*y.*: cubic time"
    return ""


def _flat(nodes: Any) -> list[Any]:
    """A sequence, with what is in groups put in their place."""
    return [each for node in nodes for each in (_flat(node[1][3]) if node[0] == "SUBPATTERN" else [node])]


def _optional(node: Any) -> bool:
    return node[0] in ("AT", "ASSERT", "ASSERT_NOT") or (node[0].endswith("REPEAT") and node[1][0] == 0)


def _inner(node: Any) -> list[Any]:
    """The sequences right inside a node."""
    op, arg = node
    if op in ("MAX_REPEAT", "MIN_REPEAT"):
        return [arg[2]]
    if op == "SUBPATTERN":
        return [arg[3]]
    return list(arg[1]) if op == "BRANCH" else []


def _deep(nodes: Any) -> list[Any]:
    """The nodes, and those in groups and choices among them."""
    made = list(nodes)
    for node in nodes:
        if node[0] in ("SUBPATTERN", "BRANCH"):
            for inner in _inner(node):
                made += _deep(inner)
    return made


def _letters(nodes: Any) -> set[str]:
    """Which of some sample letters can begin a sequence."""
    if not nodes:
        return set()
    node = _deep(nodes[:1])[-1] if nodes[0][0] == "SUBPATTERN" and len(nodes[0][1][3]) == 1 else nodes[0]
    return {char for char in "aZ09_-./ xyé" if node[0] != "AT" and _hits(node, char)}


def _overlap(one: Any, other: Any) -> bool:
    return bool(_letters(one) & _letters(other))


def _same_start(node: Any) -> bool:
    if node[0] != "BRANCH":
        return False
    starts = [branch[:1] for branch in node[1][1]]
    return any(_overlap(a, b) for at, a in enumerate(starts) for b in starts[:at])
