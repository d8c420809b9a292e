"""How a form looks: a theme is an object with one method per piece, from strings that are HTML already to HTML.

>>> class Bare(Theme):
...     def label(self, piece):
...         return f'<label for="{piece.id}"><b>{piece.label}</b></label>'

Give it to a form class, `class Ask(Form, theme=Bare())`, or to a base class of your forms. Methods are called once per
field, look and locale, with marks in place of what changes from request to request (values, errors, row numbers);
the result is kept. So a theme can be as elaborate as it likes, and it must not compute with a value.

`Theme` itself is the theme "plain": small, without a style sheet, complete for assistive technology.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Piece", "Theme"]


class Piece(NamedTuple):
    """One field (or list of rows) as a theme sees it; every text in it is HTML already."""

    id: str
    name: str
    label: str
    hint: str
    #: "" in the look without an error
    error: str
    widget: str
    #: all attributes of the control, each with a leading space
    attrs: str
    value: str
    #: what `option` and `choice` made of the choices
    options: str
    required: bool
    #: texts around the field: "optional"
    optional: str


class Theme:
    """The theme "plain", and the base of others: override what should look different."""

    def field(self, piece: Piece) -> str:
        """A whole field: label, hint, error, control."""
        if piece.widget == "hidden":
            return self.control(piece)
        bad = " invalid" if piece.error else ""
        if piece.widget in ("radios", "checkboxes"):
            legend = f"<legend>{piece.label}</legend>{self.hint(piece)}{self.error(piece)}"
            return f'<fieldset class="field{bad}" id="{piece.id}"{piece.attrs}>{legend}{self.control(piece)}</fieldset>'
        around = f"{self.hint(piece)}{self.error(piece)}"
        if piece.widget == "checkbox":
            return f'<div class="field{bad}">{self.control(piece)} {self.label(piece)}{around}</div>'
        return f'<div class="field{bad}">{self.label(piece)}{around}{self.control(piece)}</div>'

    def label(self, piece: Piece) -> str:
        """The label of an input."""
        note = f' <span class="optional">({piece.optional})</span>' if piece.optional else ""
        return f'<label for="{piece.id}">{piece.label}{note}</label>'

    def hint(self, piece: Piece) -> str:
        """The hint below the label, or nothing."""
        return f'<p class="hint" id="{piece.id}-hint">{piece.hint}</p>' if piece.hint else ""

    def error(self, piece: Piece) -> str:
        """The error, or nothing."""
        return f'<p class="error" id="{piece.id}-error">{piece.error}</p>' if piece.error else ""

    def control(self, piece: Piece) -> str:
        """The control alone."""
        make = getattr(self, piece.widget, self.input)
        return str(make(piece))

    def input(self, piece: Piece) -> str:
        """An `<input>` of any type."""
        return f"<input{piece.attrs}>"

    def textarea(self, piece: Piece) -> str:
        """Several lines of text. A line break right after the tag is HTML's, not the value's."""
        return f"<textarea{piece.attrs}>\n{piece.value}</textarea>"

    def group(self, id: str, legend: str, body: str, buttons: str) -> str:
        """A nested form, or one row."""
        return f'<fieldset class="group" id="{id}"><legend>{legend}</legend>{body}{buttons}</fieldset>'

    def rows(self, piece: Piece, body: str, button: str) -> str:
        """A list of rows, and the button that adds one."""
        head = f"<legend>{piece.label}</legend>{self.hint(piece)}{self.error(piece)}"
        return f'<fieldset class="rows" id="{piece.id}"{piece.attrs}>{head}{body}{button}</fieldset>'

    def button(self, text: str, attrs: str, *, main: bool) -> str:
        """A submit button; `main` for those that finish the form."""
        return f"<button{attrs}>{text}</button>"

    def summary(self, title: str, items: Sequence[tuple[str, str]]) -> str:
        """The errors on top of the form: pairs (id of the input or "", sentence). It takes the focus."""
        lines = "".join(f'<li><a href="#{id}">{text}</a></li>' if id else f"<li>{text}</li>" for id, text in items)
        return (
            f'<div class="error-summary" tabindex="-1" autofocus aria-labelledby="error-summary">'
            f'<div role="alert"><h2 id="error-summary">{title}</h2><ul>{lines}</ul></div></div>'
        )

    def form(self, attrs: str, body: str) -> str:
        """The whole form."""
        return f"<form{attrs}>{body}</form>"
