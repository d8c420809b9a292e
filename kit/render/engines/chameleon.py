"""Chameleon (TAL) as an engine: `Templates(engine=ChameleonEngine(["templates"]))`; fragments are macros.

>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> folder = Path(mkdtemp())
>>> _ = (folder / "a.pt").write_text('<p><b metal:define-macro="name">${name}</b></p>')
>>> engine = ChameleonEngine([folder])
>>> engine.render("a.pt", None, {"name": "<Ann>"}), engine.render("a.pt", "name", {"name": 7})
('<p><b>&lt;Ann&gt;</b></p>', '<b>7</b>')
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

from kit.errors import needs
from kit.render.engine import TemplateError, UndefinedName, files, known
from kit.render.escape import safe_json, safe_url

with needs("chameleon", extra="chameleon", by="ChameleonEngine"):
    from chameleon import PageTemplate, PageTemplateLoader
    from chameleon.exc import TemplateError as Broken

__all__ = ["ChameleonEngine"]


class ChameleonEngine:
    """Chameleon's page templates. It makes whole texts only, so a stream of it comes in one piece."""

    suffixes = (".pt", ".html", ".xml")

    def __init__(self, folders: Sequence[str | PathLike[str]], *, reload: bool = False, **options: Any) -> None:
        self.folders = tuple(str(folder) for folder in folders)
        self._load = PageTemplateLoader(self.folders, auto_reload=reload, **options)
        self._one = PageTemplate('<metal:part use-macro="part" />')

    def render(self, name: str, part: str | None, context: Mapping[str, Any]) -> str:
        """The text of a template, or of one macro of it."""
        known(name, self.folders)
        values = {"safe_json": safe_json, "safe_url": safe_url, **context}
        try:
            template = self._load[name]
            if part is None:
                return str(template(**values))
            if part not in template.macros.names:
                hint = f"it has: {', '.join(template.macros.names) or 'none'}"
                raise TemplateError(f"{name} has no macro {part!r}", hint=hint)
            return str(self._one(part=template.macros[part], **values))
        except ValueError:
            if name in self.names():
                raise
            raise TemplateError.missing(name, self.folders, self.names()) from None
        except Broken as exc:
            line = exc.token.location[0] if hasattr(exc.token, "location") else None
            raise TemplateError(str(exc.args[0]), filename=str(exc.filename), line=line) from exc
        except NameError as exc:
            raise UndefinedName(exc.name or str(exc.args[0]).partition("\n")[0]) from exc

    def write(self, name: str, part: str | None, context: Mapping[str, Any], write: Callable[[str], object]) -> None:
        """Call `write` with the text."""
        write(self.render(name, part, context))

    def names(self) -> Iterator[str]:
        """The names of all templates in the folders."""
        return files(self.folders, self.suffixes)
