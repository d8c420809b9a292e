"""What a template engine is to kit, and how its templates fail.

An `Engine` has three methods; `kit.render.engines.mako` is the default, and `kit.render.contract.EngineContract` is the
suite for one of your own: `Templates("views", engine=MyEngine(["views"]))`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

from kit.errors import KitError

__all__ = ["Engine", "TemplateError", "UndefinedName", "files", "known"]


class Engine(Protocol):
    """Renders templates by name, every value escaped unless it is `Markup`."""

    def render(self, name: str, part: str | None, context: Mapping[str, Any]) -> str:
        """The text of a template, or of the named part of it; `TemplateError` if there is no such template or part."""
        ...

    def write(self, name: str, part: str | None, context: Mapping[str, Any], write: Callable[[str], object]) -> None:
        """The same, handing each piece to `write` as soon as it is made."""
        ...

    def names(self) -> Iterable[str]:
        """The names of all templates."""
        ...


class TemplateError(KitError):
    """A template is missing, or is written wrongly: `.filename` and `.line` say where, if that is known."""

    def __init__(self, what: str = "", *, hint: str = "", filename: str | None = None, line: int | None = None) -> None:
        super().__init__(what, hint=hint)
        self.filename = filename
        self.line = line

    @classmethod
    def missing(cls, name: str, folders: Sequence[str], names: Iterable[str]) -> TemplateError:
        """There is no template `name`; the hint says what is near it."""
        near = get_close_matches(name, list(names), 3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"looked in {', '.join(folders)}"
        return cls(f"no template {name!r}", hint=hint)


class UndefinedName(KitError, NameError):
    """A template uses a name that it was not given."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} was not passed to the template", hint=f"pass {name}=…, or use context.get({name!r})"
        )


def known(name: str, folders: Sequence[str]) -> None:
    """Refuse a name that could leave the folders; names come from the code, never from a request, but a slip must not
    read another file.

    >>> known("../secret.html", ["views"])
    Traceback (most recent call last):
    kit.render.engine.TemplateError: '../secret.html' is no template name: write it relative to views, with / only
    """
    if not name or "\\" in name or "\0" in name or ":" in name or ".." in name.split("/"):
        hint = f"write it relative to {', '.join(folders)}, with / only"
        raise TemplateError(f"{name!r} is no template name", hint=hint)


def files(folders: Sequence[str], suffixes: tuple[str, ...]) -> Iterator[str]:
    """The names of the files below `folders` with one of `suffixes`, sorted, each once."""
    found: set[str] = set()
    for folder in folders:
        for at, _, inside in os.walk(folder):
            found.update((Path(at) / name).relative_to(folder).as_posix() for name in inside if name.endswith(suffixes))
    return iter(sorted(found))
