"""Jinja2 as an engine: `Templates(engine=Jinja2Engine(["templates"]))`; fragments are blocks and macros.

>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> folder = Path(mkdtemp())
>>> _ = (folder / "a.html").write_text("<p>{% block name %}{{ name }}{% endblock %}</p>")
>>> engine = Jinja2Engine([folder])
>>> engine.render("a.html", None, {"name": "<Ann>"}), engine.render("a.html", "name", {"name": 7})
('<p>&lt;Ann&gt;</p>', '7')
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from kit.errors import needs
from kit.render.engine import TemplateError, UndefinedName, files, known
from kit.render.escape import safe_json, safe_url

with needs("jinja2", extra="jinja2", by="Jinja2Engine"):
    import jinja2

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["Jinja2Engine"]


class Jinja2Engine:
    """Jinja2 with autoescape for every name, and undefined names as errors. `options` go to `jinja2.Environment`."""

    suffixes = (".html", ".jinja", ".j2", ".txt", ".xml")

    def __init__(self, folders: Sequence[str | PathLike[str]], *, reload: bool = False, **options: Any) -> None:
        self.folders = tuple(str(folder) for folder in folders)
        self.environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self.folders),
            **{"autoescape": True, "undefined": jinja2.StrictUndefined, "auto_reload": reload, **options},
        )
        self.environment.globals |= {"safe_json": safe_json, "safe_url": safe_url}

    def render(self, name: str, part: str | None, context: Mapping[str, Any]) -> str:
        """The text of a template, or of one block or macro of it."""
        pieces: list[str] = []
        self.write(name, part, context, pieces.append)
        return "".join(pieces)

    def write(self, name: str, part: str | None, context: Mapping[str, Any], write: Callable[[str], object]) -> None:
        """Call `write` with each piece of the text as it is made."""
        known(name, self.folders)
        try:
            template = self.environment.get_template(name)
            for piece in template.generate(**context) if part is None else self._part(template, part, context):
                write(piece)
        except jinja2.TemplateNotFound as exc:
            raise TemplateError.missing(str(exc.name or name), self.folders, self.names()) from None
        except jinja2.TemplateSyntaxError as exc:
            raise TemplateError(f"{exc}", filename=exc.filename, line=exc.lineno) from exc
        except jinja2.UndefinedError as exc:
            raise UndefinedName((exc.message or "").partition("'")[2].partition("'")[0] or "a name") from exc

    def names(self) -> Iterator[str]:
        """The names of all templates in the folders."""
        return files(self.folders, self.suffixes)

    def _part(self, template: Template, part: str, context: Mapping[str, Any]) -> Iterable[str]:
        if part in template.blocks:
            return template.blocks[part](template.new_context(dict(context)))
        macro = getattr(template.make_module(dict(context)), part, None)
        if macro is None or not hasattr(macro, "arguments"):
            parts = ", ".join(sorted(template.blocks)) or "none"
            raise TemplateError(f"{template.name} has no block or macro {part!r}", hint=f"its blocks: {parts}")
        return [str(macro(**{name: context[name] for name in macro.arguments if name in context}))]
