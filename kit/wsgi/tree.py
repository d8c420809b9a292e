"""See a stack as it was built: `chain` walks from the outermost app inwards, through any framework's middleware.

>>> class Outer:
...     def __init__(self, app): self.app = app
...     def __call__(self, environ, start_response): return self.app(environ, start_response)
>>> def site(environ, start_response): ...
>>> [node.name for node in chain(declare(Outer(site), provides=("site.tenant",))).walk()]
['Outer', 'site']

An app is found inside another under `.app`, `.application`, `.wsgi_app` or `__wrapped__`; several under `.mounts` or
`.apps` (a mapping from prefix to app, or a sequence). A closure without `__wrapped__` hides what it wraps.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeVar

    T = TypeVar("T")

__all__ = ["Node", "chain", "declare"]

_FACETS = ("provides", "requires", "wants", "rewrites")


class Node:
    """One app of the tree: `.app` itself, `.name`, what it declares, and the nodes `.inner` to it.

    `.label` is the prefix under which a mount hangs, else ''. `.loop` marks an app that contains itself.
    """

    def __init__(self, app: Any, label: str = "", *, loop: bool = False) -> None:
        self.app, self.label, self.loop = app, label, loop
        self.name = _name(app)
        declared = getattr(app, "__kit__", {})
        self.provides, self.requires, self.wants, self.rewrites = (
            _keys(declared.get(facet, None) or getattr(app, facet, ())) for facet in _FACETS
        )
        self.inner: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, outermost first; an app that several mounts share comes once."""
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            node = waiting.pop(0)
            if id(node.app) not in seen:
                seen.add(id(node.app))
                yield node
                waiting[:0] = node.inner

    def paths(self) -> Iterator[tuple[Node, ...]]:
        """Every way from here to an innermost app; of several that meet the same declarations, the first."""
        seen: set[tuple[int, ...]] = set()

        def below(node: Node, outer: tuple[Node, ...], met: tuple[int, ...]) -> Iterator[tuple[Node, ...]]:
            if (id(node.app), *met) in seen and not node.loop:
                return
            seen.add((id(node.app), *met))
            if not node.inner:
                yield (*outer, node)
            met = (*met, id(node.app)) if any(getattr(node, facet) for facet in _FACETS) else met
            for inner in node.inner:
                yield from below(inner, (*outer, node), met)

        yield from below(self, (), ())


def chain(app: Any) -> Node:
    """The tree of apps below `app`, as it was built."""
    known: dict[int, tuple[Node, ...]] = {}  # what is inside an app is looked up once, however many mounts share it

    def grow(app: Any, label: str, outer: frozenset[int]) -> Node:
        node = Node(app, label, loop=id(app) in outer)
        if not node.loop and not isinstance(app, type):
            if id(app) not in known:
                known[id(app)] = ()  # a way back to here while it grows is cut by `outer`, or has been found before
                known[id(app)] = tuple(grow(each, at, outer | {id(app)}) for at, each in _inner(app))
            node.inner = known[id(app)]
        return node

    return grow(app, "", frozenset())


def declare(
    obj: T,
    *,
    provides: Iterable[str] = (),
    requires: Iterable[str] = (),
    wants: Iterable[str] = (),
    rewrites: Iterable[str] = (),
    buffers: bool = False,
    streams: bool = False,
) -> T:
    """Describe a foreign layer, or a factory of such layers, in the words of `Layer`; returns `obj`.

    `buffers` says that it gathers the whole body, `streams` that it passes the body through an iterator of its own.
    Raises TypeError for an object that takes no attributes: wrap that one in a function first.
    """
    words = {"provides": provides, "requires": requires, "wants": wants, "rewrites": rewrites}
    facts: dict[str, object] = {name: _keys((keys,) if isinstance(keys, str) else keys) for name, keys in words.items()}
    try:
        setattr(obj, "__kit__", {**facts, "buffers": buffers, "streams": streams})  # noqa: B010  (mypy: a T has no such attribute)
    except AttributeError:
        raise TypeError(f"{_name(obj)} takes no attributes: declare a function that calls it") from None
    return obj


def described(built: Any, factory: Any, app: Any) -> Any:
    """`built`, which `factory` made around `app`, with what was declared of the factory."""
    facts = getattr(factory, "__kit__", None)
    if facts and built is not app and getattr(built, "__kit__", None) is None:
        declare(built, **facts)
    return built


def _keys(value: Any) -> tuple[str, ...]:
    """The keys of a declaration; () for an attribute of that name which is something else altogether."""
    if isinstance(value, (tuple, list, set, frozenset)) and all(isinstance(key, str) for key in value):
        return tuple(value)
    return ()


def _name(app: Any) -> str:
    func = getattr(app, "func", None)  # functools.partial
    if callable(func) and not hasattr(app, "__name__"):
        return _name(func)
    own = getattr(app, "__name__", None)
    return own if isinstance(own, str) else type(app).__name__


def _inner(app: Any) -> Iterator[tuple[str, Any]]:
    seen = {id(app)}
    for name in ("app", "application", "wsgi_app", "__wrapped__"):
        each = _peek(app, name)
        own_method = getattr(each, "__self__", None) is app  # Flask.wsgi_app is Flask itself, not something inside it
        if callable(each) and not own_method and id(each) not in seen:
            seen.add(id(each))
            yield "", each
    for name in ("mounts", "apps"):
        forks = _peek(app, name)
        pairs = forks.items() if hasattr(forks, "items") else forks if isinstance(forks, (list, tuple)) else ()
        for pair in pairs:
            label, each = pair if isinstance(pair, tuple) and len(pair) == 2 else ("", pair)
            if callable(each) and id(each) not in seen:
                yield str(label), each


def _peek(app: Any, name: str) -> Any:
    try:
        return getattr(app, name, None)
    except Exception:  # a property or proxy of a foreign framework that needs a request
        return None
