"""Check a stack against what its layers declare: every problem at once, and an order that works.

>>> from kit.wsgi import Layer
>>> class Sessions(Layer):
...     provides = ("kit.session",)
>>> class Csrf(Layer):
...     provides, requires = ("kit.csrf",), ("kit.session",)
>>> def site(environ, start_response): ...
>>> check(Csrf(Sessions(site)))
Traceback (most recent call last):
kit.wsgi.check.StackError: 1 problem in this stack
1. Csrf needs 'kit.session', but Sessions, which sets it, is inside it. Move Sessions outside Csrf.
Working order: Sessions, Csrf, site

Every way through the tree is checked, so mounts and hand-nested foreign middleware count. The order that is printed
keeps the user's own wherever the declarations leave it free; nothing is ever moved silently.
"""

from __future__ import annotations

from kit.errors import KitError
from kit.wsgi.keys import KEYS
from kit.wsgi.tree import Node, chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Path = tuple[Node, ...]

__all__ = ["StackError", "check"]


class StackError(KitError, TypeError):
    """A stack that cannot work. `.problems` are the sentences; `.orders` what would work, outermost first."""

    def __init__(self, problems: Iterable[str], orders: Iterable[str] = ()) -> None:
        self.problems, self.orders = tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(orders))
        count = len(self.problems)
        lines = [f"{count} problem{'s' if count > 1 else ''} in this stack"]
        lines += [f"{at}. {problem}" for at, problem in enumerate(self.problems, 1)]
        super().__init__("\n".join([*lines, *self.orders]))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems, self.orders)


def check(app: Any) -> None:
    """Raise `StackError` if any way through the tree of `app` breaks what a layer declares."""
    problems: list[str] = []
    orders: list[str] = []
    for path in chain(app).paths():
        found = [*_shape(path), *_doubles(path), *_needs(path)]
        if found:
            problems += found
            orders.append(_order(path))
    if problems:
        raise StackError(problems, orders)


def _shape(path: Path) -> Iterator[str]:
    last = path[-1]
    if last.loop:
        yield f"{last.name} contains itself: {' -> '.join(node.name for node in path)}. Nest a second instance."
    elif isinstance(last.app, type):
        yield f"{last.name} is a class where an application should be. Pass an instance: {last.name}(…)."
    elif not callable(last.app):
        yield f"{last.name} cannot be called, so it is no WSGI application. Pass a callable(environ, start_response)."


def _doubles(path: Path) -> Iterator[str]:
    setter: dict[str, Node] = {}
    for node in path:
        for key in node.provides:
            first = setter.setdefault(key, node)
            if first is not node and not node.loop:
                yield f"{first.name} and {node.name} both set {key!r}. Keep one."


def _needs(path: Path) -> Iterator[str]:
    place = {id(node): at for at, node in enumerate(path)}
    _, cycles = _sorted(path)
    for cycle in cycles:
        names = " -> ".join(node.name for node in (*cycle, cycle[0]))
        yield f"No order can satisfy {names}: each must stand inside the next. Drop one of these needs."
    for needer, key, giver in _edges(path):
        cycled = any(needer in cycle and giver in cycle for cycle in cycles)
        if giver is not None and place[id(giver)] > place[id(needer)] and not cycled:
            verb = "needs" if key in needer.requires else "wants"
            act = "sets" if key in giver.provides else "rewrites"
            cure = f"Move {giver.name} outside {needer.name}."
            if giver is path[-1]:
                cure = f"{giver.name} is the application: move {needer.name} into it, or drop the need."
            yield f"{needer.name} {verb} {key!r}, but {giver.name}, which {act} it, is inside it. {cure}"
        elif giver is None:
            yield f"{needer.name} needs {key!r}, but no layer outside it sets that key. {_cure(key)}"


def _cure(key: str) -> str:
    if key in KEYS:
        return f"Add {KEYS[key][1]} outside it."
    return f"Add a layer that does, or describe the one that does: declare(layer, provides=({key!r},))."


def _edges(path: Path) -> Iterator[tuple[Node, str, Node | None]]:
    """(who needs, which key, who sets it): one setter per key, the outermost; None for a key that nobody sets."""
    for node in path:
        for key in node.requires:
            givers = [other for other in path if key in other.provides and other is not node]
            yield node, key, givers[0] if givers else None
        for key in node.wants:
            for other in path:
                if other is not node and key in other.provides:
                    yield node, key, other
                    break
                mutual = key in node.rewrites and key in other.wants  # two that correct one key: the user's order
                if other is not node and key in other.rewrites and not mutual:
                    yield node, key, other


def _sorted(path: Path) -> tuple[list[Node], list[list[Node]]]:
    """The nodes in an order that works, and the cycles because of which there may be none.

    Depth first over the user's own order: whoever is needed comes just outside the first who needs it.
    """
    before: dict[int, list[Node]] = {id(node): [] for node in path}
    for needer, _, giver in _edges(path):
        if giver is not None and giver is not path[-1]:
            before[id(needer)].append(giver)
    done: list[Node] = []
    cycles: list[list[Node]] = []
    stack: list[Node] = []

    def visit(node: Node) -> None:
        if node in stack:
            cycle = stack[stack.index(node) :]
            if not any(set(cycle) == set(known) for known in cycles):
                cycles.append(cycle)
            return
        if node in done:
            return
        stack.append(node)
        for outer in before[id(node)]:
            visit(outer)
        stack.pop()
        done.append(node)

    for node in path:
        visit(node)
    return done, cycles


def _order(path: Path) -> str:
    """The order that works for this path; what has no order at all is said to be in the way."""
    missing = dict.fromkeys(key for _, key, giver in _edges(path) if giver is None)
    whole = (*path[:-1], *(_Missing(key) for key in missing), path[-1])
    in_order, cycles = _sorted(whole)
    given: set[str] = set()
    names = []
    for node in in_order:
        doubled = bool(node.provides) and given.issuperset(node.provides)
        given.update(node.provides)
        if not doubled and not node.loop and not getattr(node.app, "transparent", False):
            names.append(node.name)
    at = "".join(node.label for node in path)
    misplaced = any(giver is path[-1] and needer is not giver for needer, _, giver in _edges(path))
    rest = ", once the rest is mended" if cycles or misplaced or any(_shape(path)) else ""
    return f"Working order{f' through {at}' if at else ''}{rest}: {', '.join(names)}"


class _Missing(Node):
    """Stands for the layer that would set a key, in the order that is printed."""

    def __init__(self, key: str) -> None:
        super().__init__(None)
        self.name = f"{KEYS[key][1].rpartition('.')[2]} (add)" if key in KEYS else f"a layer that sets {key!r} (add)"
        self.provides = (key,)
