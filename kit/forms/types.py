"""Types for annotations beside Python's own: `email: Email = field()`. For the type checker they are what they hold.

A type of your own is one line, too: `Iban = Annotated[str, IbanKind()]` with a subclass of `kit.forms.Kind`.
"""

from __future__ import annotations

from typing import Annotated, Any

from kit.forms import kinds
from kit.forms.uploads import File

__all__ = ["Email", "File", "Json", "Slug", "Text", "Url"]

#: several lines of text
Text = Annotated[str, kinds.Text(lines=True)]
Email = Annotated[str, kinds.Email()]
Url = Annotated[str, kinds.Url()]
Slug = Annotated[str, kinds.Slug()]
Json = Annotated[Any, kinds.Json()]
