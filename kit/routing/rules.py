"""Rule: what the compiler knows of one route, and nothing more. Both `routes.Mapper` and `Router` are turned into
rules.

>>> show = Rule("show", heads=("", "posts", None), variables=[(2, "id", None)], methods=["GET"])
>>> show.covers(Rule("new", heads=("", "posts", "new")))
True

A list of rules is in order of rank: the first that fits the URL, the method and its condition is the answer.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Verify = Callable[[str, Any], Any]
    Condition = Callable[[Any, dict[str, Any]], Any]
    Find = Callable[..., Any]

    Tail = tuple[int, str, str] | None
    Shape = tuple[list[str | None], bool, list[tuple[int, str, Any]] | None, Tail]

__all__ = ["Rule", "shape"]


def shape(
    parts: Iterable[Any],
    crosses: Callable[[Any], bool],
    convert: Callable[[Any], tuple[str, Any] | None],
    tail: Callable[[Any], tuple[str, str] | None],
) -> Shape:
    """What a rule says of a path: `heads`, `more`, `variables` and `tail`; variables None if the path is not plain.

    `parts` are literal texts and variables. Of a variable, `crosses` says whether its text may contain a slash,
    `convert` gives name and converter if it fits a segment exactly when it does so alone, `tail` name and kind of a
    known tail.
    """
    segments: list[list[Any]] = [[]]
    rest: list[Any] = []
    for part in parts:
        if rest or (not isinstance(part, str) and crosses(part)):
            rest.append(part)
        elif isinstance(part, str):
            first, *others = part.split("/")
            segments[-1] += [first] if first else []
            segments += [[each] if each else [] for each in others]
        else:
            segments[-1].append(part)
    return _shape(segments, rest, convert, tail)


def _shape(segments: list[list[Any]], rest: list[Any], convert: Any, tail: Any) -> Shape:
    whole = [each[0] if len(each) == 1 and not isinstance(each[0], str) else None for each in segments]
    mixed = [len(each) > 1 for each in segments]
    heads = [None if var or mix else "".join(each) for each, var, mix in zip(segments, whole, mixed, strict=True)]
    last = len(heads) - 1
    end = tail(rest[0]) if len(rest) == 1 and not segments[-1] else None
    if rest:
        heads[last] = None  # what may contain slashes begins in this segment
    found = [(at, convert(var)) for at, var in enumerate(whole) if var is not None]
    if any(mixed) or (rest and not end) or not all(each for _, each in found):
        return heads, bool(rest), None, None
    return heads, bool(rest), [(at, *each) for at, each in found], (last, *end) if end else None


class Rule:
    """One route for the compiler.

    `heads` are its leading segments: literal text, or None for anything. `more` says that more segments may follow. A
    rule without `verify` is plain: every None is one whole variable, named in `variables` as (index, name, convert),
    with a `convert` from text to value, or None when the text is no value; without convert, the text itself if it is
    not empty. `tail` (index, name, kind) is a last variable that takes all the rest, which of kind "+" is not empty,
    of kind "/" has a first segment that is not empty. `verify(path, environ)` gives the variables of a rule that is
    not plain, or False. `methods` None means all. `condition(environ, variables)` is asked last and may change the
    variables. `tells` says whether a mismatch of the method alone counts as "405".
    """

    __slots__ = (
        "condition",
        "defaults",
        "heads",
        "methods",
        "more",
        "shape",
        "tail",
        "target",
        "tells",
        "variables",
        "verify",
    )

    def __init__(
        self,
        target: Any,
        *,
        heads: Sequence[str | None],
        more: bool = False,
        variables: Iterable[tuple[int, str, Any]] = (),
        tail: Tail = None,
        verify: Verify | None = None,
        defaults: dict[str, Any] | None = None,
        methods: Iterable[str] | None = None,
        condition: Condition | None = None,
        tells: bool = True,
    ) -> None:
        self.target = target
        self.heads = tuple(heads)
        self.more = more
        self.variables = tuple(variables)
        self.tail = tail
        self.verify = verify
        self.defaults = defaults or {}
        self.methods = None if methods is None else frozenset(methods)
        self.condition = condition
        self.tells = tells
        #: rules of one shape, next to each other in rank, are told apart by their method alone
        self.shape = None if verify else (self.heads, self.variables, tail, condition)

    @property
    def static(self) -> bool:
        """Whether it fits exactly one path."""
        return self.verify is None and not self.variables and not self.more

    @property
    def path(self) -> str:
        """The one path of a static rule."""
        return "/".join(head or "" for head in self.heads)

    def covers(self, other: Rule) -> bool:
        """Whether this rule surely takes every URL that `other` takes; methods are not looked at."""
        if self.verify or self.condition not in (None, other.condition):
            return False
        if self.tail is None and (other.more or len(self.heads) != len(other.heads)):
            return False
        if self.tail and not self._tail_covers(other):
            return False
        converts = {index: convert for index, _, convert in self.variables}
        theirs = {} if other.verify else {index: convert for index, _, convert in other.variables}
        heads = self.heads[:-1] if self.tail else self.heads
        return all(
            _takes(mine, converts.get(at), other.heads[at], theirs.get(at), at in theirs)
            for at, mine in enumerate(heads)
        )

    def _tail_covers(self, other: Rule) -> bool:
        at, _, kind = self.tail or (0, "", "")
        if other.verify or len(other.heads) <= at:
            return False
        if other.tail and other.tail[0] == at:
            return kind in ("*", other.tail[2]) or (other.tail[2] == "/" and kind == "+")
        full = bool(other.heads[at]) or any(index == at for index, _, _ in other.variables)
        return full or kind == "*" or (kind == "+" and (len(other.heads) > at + 1))


def _takes(mine: str | None, convert: Any, head: str | None, theirs: Any, whole: bool) -> bool:
    """Whether a segment of one rule takes all that a segment of another takes."""
    if mine is not None:
        return mine == head
    if head is not None:  # a variable takes a literal that is not empty and that it can convert
        return bool(head) and (convert is None or convert(head) is not None)
    return whole and (convert is None or convert is theirs)
