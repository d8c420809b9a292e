"""Mako as an engine: escaped always, undefined names found by name, templates checked for changes only if asked.

>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> folder = Path(mkdtemp())
>>> _ = (folder / "hello.html").write_text("<p title='${name}'>${name | trim}</p>")
>>> MakoEngine([folder]).render("hello.html", None, {"name": " <Ann> "})
"<p title=' &lt;Ann&gt; '>&lt;Ann&gt;</p>"

What differs from plain Mako, each for a fault that plain Mako has (docs/render.md, "What kit changes in Mako"):

- Filters run on the value itself, in the order written, and the escape comes last: `${x | u}` is quoted once, what a
  filter of your own gives is escaped too unless it is `Markup`, and `h` is the escape that happens anyway.
- `${x | n}` writes `str(x)` unescaped. It is the only way out beside `Markup`.
- What a buffered def or `capture` gives is `Markup`: it is not escaped a second time.
- A name that nobody passed raises when it is *used*, at its own line, with its name.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from inspect import CO_VARKEYWORDS
from os import PathLike
from typing import TYPE_CHECKING, Any

import kit
from kit.errors import needs
from kit.render.absent import Absent
from kit.render.engine import TemplateError, UndefinedName, files, known
from kit.render.engines.mako_cache import StoreCache
from kit.render.escape import Markup

if TYPE_CHECKING:
    from kit.stores import Store

if TYPE_CHECKING:  # Mako has no types
    Template = Any

    class Lexer:
        def __init__(self, text: str, filename: str) -> None: ...
        def parse(self) -> Any: ...

    class Context:
        def __init__(self, buffer: Any, /, **data: Any) -> None:
            self._data: dict[str, Any]

        def get(self, key: str, default: Any = None) -> Any: ...
        def _copy(self) -> Context: ...


with needs("mako", extra="render", by="kit.render"):
    import mako
    from mako import exceptions, runtime
    from mako.lookup import TemplateLookup

    if not TYPE_CHECKING:
        from mako.lexer import Lexer
        from mako.runtime import Context

__all__ = ["MakoEngine", "parse"]

_IMPORTS = [
    "from kit.render.escape import Markup, safe_json, safe_url",
    "from kit.render.escape import escape as _kit_escape, trim as _kit_trim, url_quote as _kit_url",
]
#: modules that another version made are never loaded: it may have escaped otherwise
_STAMP = f"mako-{mako.__version__}-kit-{kit.__version__}"
#: filters of Mako that are nothing but the escape, or the str(), that ends every expression anyway
_IMPLIED = frozenset({"h", "x", "entity", "str", "unicode"})
_RENAMED = {"trim": "_kit_trim", "u": "_kit_url"}


class MakoEngine:
    """Mako templates of some folders; the first folder that has a name wins.

    `reload=True` looks at the file's time at each use (development). `compiled` is a folder for the Python modules made
    from the templates (`kit templates compile` fills it); it holds code, so nobody else may write there.
    `cache` is a store for the parts that say `cached`. `preprocess` gets the source of each template before it is read.
    """

    suffixes = (".html", ".mako", ".txt", ".xml")

    def __init__(
        self,
        folders: Sequence[str | PathLike[str]],
        *,
        reload: bool = False,
        compiled: str | PathLike[str] | None = None,
        cache: Store | None = None,
        preprocess: Callable[[str], str] | None = None,
    ) -> None:
        self.folders = tuple(str(folder) for folder in folders)
        self._seen: set[str] = set()  # names that were fit, and found
        self._lookup = TemplateLookup(
            directories=list(self.folders),
            filesystem_checks=reload,
            module_directory=None if compiled is None else os.path.join(compiled, _STAMP),
            input_encoding="utf-8",
            default_filters=["_kit_escape"],
            buffer_filters=["Markup"],
            imports=_IMPORTS,
            lexer_cls=_Lexer,
            cache_impl=StoreCache.plugin,
            cache_args={"store": cache},
            preprocessor=preprocess,
        )

    def render(self, name: str, part: str | None, context: Mapping[str, Any]) -> str:
        """The text of a template, or of one def or block of it."""
        pieces: list[str] = []
        self.write(name, part, context, pieces.append)
        return "".join(pieces)

    def write(self, name: str, part: str | None, context: Mapping[str, Any], write: Callable[[str], object]) -> None:
        """Call `write` with each piece of the text as it is made."""
        template = self.template(name)
        wanted = dict(context)
        if part is not None:
            template = self._part(template, name, part)
            wanted = _wanted(template.callable_, context)
        try:
            template.render_context(_Context(_Writer(write), context), **wanted)
        except Exception as exc:
            _point(exc)
            raise

    def compile(self) -> int:
        """Compile every template now; returns how many there are. `TemplateError` names the first that is broken."""
        return sum(1 for name in self.names() if self.template(name))

    def names(self) -> Iterator[str]:
        """The names of all templates in the folders."""
        return files(self.folders, self.suffixes)

    def template(self, name: str) -> Template:
        """Mako's own `Template`: compiled on first use, then kept."""
        try:
            if name not in self._seen:
                known(name, self.folders)
                self._lookup.get_template(name)
                self._seen.add(name)
            return self._lookup.get_template(name)
        except exceptions.TopLevelLookupException:
            raise TemplateError.missing(name, self.folders, self.names()) from None
        except (exceptions.SyntaxException, exceptions.CompileException) as exc:
            raise TemplateError(f"{exc}", filename=exc.filename, line=exc.lineno) from exc

    def _part(self, template: Template, name: str, part: str) -> Template:
        if part == "body" or not template.has_def(part):
            parts = ", ".join(sorted(each for each in template.list_defs() if each != "body"))
            raise TemplateError(f"{name} has no def or block {part!r}", hint=f"it has: {parts or 'none'}")
        return template.get_def(part)


def _point(exc: Exception) -> None:
    """Add the innermost line of a template to what a traceback shows of `exc`."""
    from kit.render.debug import template_line

    found = template_line(exc.__traceback__)
    if found is not None:
        file, line, text = found
        note = f"in the template {file}, line {line}: {text}"
        if note not in getattr(exc, "__notes__", ()):
            exc.add_note(note)


def _wanted(callable_: Any, context: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a def that the context has, by name."""
    code = callable_.__code__
    if code.co_flags & CO_VARKEYWORDS:
        return dict(context)
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    return {name: context[name] for name in names if name in context}


def _filters(written: Sequence[str]) -> list[str]:
    """The filters that run for an expression with these filters: theirs on the raw value, then the escape.

    >>> _filters(["u"]), _filters(["n", "trim"]), _filters(["h"])
    (['n', '_kit_url', '_kit_escape'], ['n', '_kit_trim', 'str'], ['n', '_kit_escape'])
    """
    own = [_RENAMED.get(name, name) for name in written if name != "n" and name not in _IMPLIED]
    return ["n", *own, "str" if "n" in written else "_kit_escape"]


class _Lexer(Lexer):
    """Mako's lexer, with the filters of each expression put in kit's order."""

    def parse(self) -> Any:
        tree = super().parse()
        nodes = list(_walk(tree))
        page: list[str] = []
        for node in nodes:
            if type(node).__name__ == "PageTag":
                page, node.filter_args.args = list(node.filter_args.args), []
        for node in nodes:
            if type(node).__name__ == "Expression" and (page or node.escapes_code.args):
                node.escapes_code.args = _filters([*page, *node.escapes_code.args])
        return tree


def parse(source: str, file: str) -> Any:
    """Mako's parse tree of a template, as written; for tools that read templates."""
    try:
        return Lexer(source, file).parse()
    except (exceptions.SyntaxException, exceptions.CompileException) as exc:
        raise TemplateError(f"{exc}", filename=file, line=exc.lineno) from exc


def _walk(node: Any) -> Iterator[Any]:
    """Every node once. The children of a control line (`% if`) hang in the tag around it too, and are taken there."""
    for child in node.nodes:
        yield child
        if hasattr(child, "nodes") and type(child).__name__ != "ControlLine":
            yield from _walk(child)


class _Writer:
    """What Mako calls a buffer: the end of the pipe, without a copy of the text."""

    __slots__ = ("write",)

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write


class _Context(Context):
    """Mako's context, with `capture` that gives `Markup` and undefined names that know themselves."""

    def __init__(self, buffer: Any, data: Mapping[str, Any]) -> None:
        # what runtime.Context.__init__ does, with fewer copies; tests/render/test_engines.py compares the two
        self._buffer_stack = [buffer]
        self._kwargs = dict(data)
        self._with_template = self._outputting_as_unicode = None
        self.namespaces: dict[Any, Any] = {}
        self.caller_stack = runtime.CallerStack()
        self._data = {**data, "capture": partial(_capture, self), "caller": self.caller_stack}

    def get(self, key: str, default: Any = None) -> Any:
        if key in self._data:
            return self._data[key]
        value = getattr(builtins, key, default)
        return Absent(partial(UndefinedName, key)) if value is runtime.UNDEFINED else value

    def _copy(self) -> Context:
        copy = super()._copy()  # this names Mako's own class
        copy.__class__ = type(self)
        return copy


def _capture(context: _Context, fn: Callable[..., Any], *args: Any, **named: Any) -> Markup:
    return Markup(runtime.capture(context, fn, *args, **named))
