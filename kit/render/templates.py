"""Templates: pages from folders of template files, escaped always.

>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> folder = Path(mkdtemp())
>>> _ = (folder / "post.html").write_text("<h1>${title}</h1><%block name='count'>${len(tags)} tags</%block>")
>>> templates = Templates(folder)
>>> templates.render("post.html", title="Salt & <pepper>", tags=["a"])
'<h1>Salt &amp; &lt;pepper&gt;</h1>1 tags'
>>> templates.fragment("post.html", "count", tags=["a", "b"])
'2 tags'
>>> answer = templates.response({}, "post.html", title="x", tags=[])
>>> answer.content_type, answer.text
('text/html', '<h1>x</h1>0 tags')

A name may carry the part behind a `#`: `render("post.html#count", …)` is `fragment("post.html", "count", …)`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from kit.errors import ConfigError
from kit.http import Response
from kit.render.absent import Absent
from kit.render.engine import Engine
from kit.render.htmx import TURBO, joined, wants_part
from kit.render.renders import Option, renders
from kit.render.stream import Streamed
from kit.render.values import Csrf, Flashes, request_values
from kit.wsgi import environ_of

if TYPE_CHECKING:
    from kit.stores import Store

__all__ = ["Templates"]

_TYPES = {".txt": "text/plain", ".xml": "application/xml", ".svg": "image/svg+xml"}


class Templates:
    """The templates of `folders` (the first that has a name wins), by Mako or by another `engine`.

    `reload=True` looks for changes at each use (development). `compiled` is a folder for compiled templates, which
    `kit templates compile` fills; `cache` is a store for the parts that say `cached`. `values` are in every page.
    `lang` is the page's `locale` where no layer chose one. `engine` replaces Mako and brings folders of its own.
    Nothing is read before the first page is made.
    """

    def __init__(
        self,
        *folders: str | PathLike[str],
        engine: Engine | None = None,
        reload: bool = False,
        compiled: str | PathLike[str] | None = None,
        cache: Store | None = None,
        values: Mapping[str, Any] | None = None,
        lang: str = "en",
    ) -> None:
        if (engine is None) != bool(folders) or (engine is not None and (reload or compiled or cache)):
            raise ConfigError("Templates wants folders, or an engine with its folders", hint="Templates('templates')")
        if engine is None:
            from kit.render.engines.mako import MakoEngine

            engine = MakoEngine(folders, reload=reload, compiled=compiled, cache=cache)
        self.engine = engine
        self.values = dict(values or {})
        self.lang = lang

    def render(self, name: str, /, **context: Any) -> str:
        """The text of a template. Knows nothing of a request: what the page needs is passed."""
        name, _, part = name.partition("#")
        return self.engine.render(name, part or None, {**self.values, **context})

    def fragment(self, name: str, part: str, /, **context: Any) -> str:
        """The text of one def or block of a template; the arguments of a def are taken from `context` by name."""
        return self.engine.render(name, part, {**self.values, **context})

    def response(self, environ_or_request: Any, name: str, /, **context: Any) -> Response:
        """The page as a 200 answer, with `url csrf nonce user session flashes locale` of this request added.

        What `context` and `values` name goes before these. Set status and headers on the answer.
        """
        values = request_values(environ_of(environ_or_request), lang=self.lang)
        text = self.render(name, **{**values, **self.values, **context})
        return Response(body=text.encode(), content_type=_content_type(name), charset="utf-8")

    def stream(self, environ_or_request: Any, name: str, /, **context: Any) -> Response:
        """The page as an answer that is sent while it is made, for long ones: iterators in `context` stay iterators.

        Nonce, CSRF token and flashes are drawn now, since they set headers, which leave with the first bytes.
        """
        values = request_values(environ_of(environ_or_request), lang=self.lang)
        drawn = {key: values[key].drawn() for key in ("csrf", "flashes") if isinstance(values[key], Csrf | Flashes)}
        if not isinstance(values["nonce"], Absent):
            drawn["nonce"] = str(values["nonce"])
        name, _, part = name.partition("#")
        whole = {**values, **drawn, **self.values, **context}

        def make(write: Callable[[str], object]) -> None:
            try:
                self.engine.write(name, part or None, whole, write)
            finally:  # the client may have gone in the middle
                for value in context.values():
                    if isinstance(value, Generator):
                        value.close()

        return Streamed(make, content_type=_content_type(name), charset="utf-8")

    def swap(self, environ_or_request: Any, name: str, /, *parts: str, **context: Any) -> Response:
        """The whole page, or only these parts of it for a request of htmx or Turbo.

        For htmx the first part goes where the page asked for it, each other into the element whose id is its name.
        """
        environ = environ_of(environ_or_request)
        kind = wants_part(environ) if parts else ""
        if kind:
            values = {**request_values(environ, lang=self.lang), **self.values, **context}
            text = joined(kind, {part: self.fragment(name, part, **values) for part in parts})
            answer = Response(
                body=text.encode(), content_type=TURBO if kind == "turbo" else "text/html", charset="utf-8"
            )
        else:
            answer = self.response(environ, name, **context)
        answer.vary = tuple(dict.fromkeys((*(answer.vary or ()), "HX-Request", "Accept")))
        return answer

    def renders(self, *, select: bool = False, **formats: Option) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """`kit.render.renders` with the pages of these templates: `@templates.renders(html="post.html", json=True)`."""
        return renders(templates=self, select=select, **formats)


def _content_type(name: str) -> str:
    name = name.partition("#")[0]
    return _TYPES.get(name[name.rfind(".") :], "text/html")
