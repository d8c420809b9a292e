"""How a form looks: a theme is an object with one method per piece, from strings that are HTML already to HTML.

>>> class Loud(Theme):
...     def label(self, piece):
...         return f'<label for="{piece.id}"><b>{piece.label}</b></label>'

Give it to a form class, `class Ask(Form, theme=Loud())`, or to a base class of your forms. Methods are called once per
field, locale and state, with marks in place of what changes from request to request (values, errors, row numbers), and
the result is kept. So a theme may be as elaborate as it likes, and it must not compute with a value.

`Theme()` itself is the theme "plain": small, without a style sheet, complete for assistive technology.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["Piece", "Theme"]


class Piece(NamedTuple):
    """One field, or list of rows, as a theme sees it; every text in it is HTML already."""

    id: str
    label: str
    hint: str
    #: "" in the state without an error
    error: str
    widget: str
    #: all attributes of the control (of the fieldset, for radios and checkboxes), each with a leading space
    attrs: str
    value: str
    #: what `option` and `choice` made of the choices
    options: str
    #: "optional" in words, for what may be left blank
    optional: str = ""


class Theme:
    """The theme "plain", and the base of others: override what should look different."""

    #: classes of the pieces, by what they are; "input!" is what an input with an error has besides
    classes: Mapping[str, str] = {}

    def css(self, name: str, *, bad: bool = False) -> str:
        """The class attribute of a piece: `name` itself, unless `classes` knows better."""
        names = self.classes.get(name, name) + (f" {self.classes.get(f'{name}!', 'invalid')}" if bad else "")
        return f' class="{names}"' if names.strip() else ""

    def field(self, piece: Piece) -> str:
        """A whole field: label, hint, error, control."""
        if piece.widget == "hidden":
            return self.control(piece)
        css, around = self.css("field", bad=bool(piece.error)), f"{self.hint(piece)}{self.error(piece)}"
        if piece.widget in ("radios", "checkboxes"):
            inner = f"{self.legend(piece.label)}{around}{self.control(piece)}"
            return f"<fieldset{css}{piece.attrs}>{inner}</fieldset>"
        if piece.widget == "checkbox":
            return f"<div{css}>{around}{self.choice('checkbox', piece.id, piece.attrs, piece.label)}</div>"
        return f"<div{css}>{self.label(piece)}{around}{self.control(piece)}</div>"

    def label(self, piece: Piece) -> str:
        """The label of an input."""
        note = f" <span{self.css('optional')}>({piece.optional})</span>" if piece.optional else ""
        return f'<label{self.css("label")} for="{piece.id}">{piece.label}{note}</label>'

    def legend(self, text: str) -> str:
        """The legend of a fieldset."""
        return f"<legend{self.css('legend')}>{text}</legend>"

    def hint(self, piece: Piece) -> str:
        """The hint, or nothing."""
        return f'<p{self.css("hint")} id="{piece.id}-hint">{piece.hint}</p>' if piece.hint else ""

    def error(self, piece: Piece) -> str:
        """The error, or nothing."""
        return f'<p{self.css("error")} id="{piece.id}-error">{piece.error}</p>' if piece.error else ""

    def control(self, piece: Piece) -> str:
        """The control alone: the method called like its widget, else `input`."""
        return str(getattr(self, piece.widget, self.input)(piece))

    def input(self, piece: Piece) -> str:
        """An `<input>` of any type but those below."""
        return f"<input{self.css('input', bad=bool(piece.error))}{piece.attrs}>"

    def hidden(self, piece: Piece) -> str:
        """A hidden input."""
        return f"<input{piece.attrs}>"

    def checkbox(self, piece: Piece) -> str:
        """A checkbox of its own."""
        return f"<input{self.css('checkbox-input')}{piece.attrs}>"

    def file(self, piece: Piece) -> str:
        """A file input; `value` names a file kept from an earlier post."""
        return f"<input{self.css('file')}{piece.attrs}>{piece.value}"

    def textarea(self, piece: Piece) -> str:
        """Several lines of text. The line break right behind the tag is HTML's, not the value's."""
        return f"<textarea{self.css('textarea', bad=bool(piece.error))}{piece.attrs}>\n{piece.value}</textarea>"

    def select(self, piece: Piece) -> str:
        """A drop-down list."""
        return f"<select{self.css('select', bad=bool(piece.error))}{piece.attrs}>{piece.options}</select>"

    def radios(self, piece: Piece) -> str:
        """Radio buttons: one of several."""
        return f"<div{self.css('radios')}>{piece.options}</div>"

    def checkboxes(self, piece: Piece) -> str:
        """Checkboxes: some of several."""
        return f"<div{self.css('checkboxes')}>{piece.options}</div>"

    def option(self, attrs: str, label: str) -> str:
        """One option of a drop-down list."""
        return f"<option{attrs}>{label}</option>"

    def options(self, label: str, options: str) -> str:
        """A labelled group of options."""
        return f'<optgroup label="{label}">{options}</optgroup>'

    def choice(self, kind: str, id: str, attrs: str, label: str) -> str:
        """One button of several, or a checkbox of its own; `kind` is "radio" or "checkbox"."""
        text = f'<label{self.css(kind + "-label")} for="{id}">{label}</label>'
        return f"<div{self.css(kind)}><input{self.css(kind + '-input')}{attrs}> {text}</div>"

    def group(self, id: str, legend: str, body: str, buttons: str) -> str:
        """A form within a form, or one row."""
        return f'<fieldset{self.css("group")} id="{id}">{self.legend(legend)}{body}{buttons}</fieldset>'

    def item(self, body: str, buttons: str) -> str:
        """One row of a list of single inputs."""
        return f"<div{self.css('item')}>{body}{buttons}</div>"

    def rows(self, piece: Piece, body: str, button: str) -> str:
        """A list of rows, and the button that adds one."""
        head = f"{self.legend(piece.label)}{self.hint(piece)}{self.error(piece)}"
        return f'<fieldset{self.css("rows")} id="{piece.id}"{piece.attrs}>{head}{body}{button}</fieldset>'

    def button(self, text: str, attrs: str, *, main: bool) -> str:
        """A submit button; `main` for those that finish the form."""
        return f"<button{self.css('submit' if main else 'button')}{attrs}>{text}</button>"

    def summary(self, title: str, items: Sequence[tuple[str, str]]) -> str:
        """The errors on top of the form: pairs (id of the input or "", sentence). It takes the focus."""
        lines = "".join(f'<li><a href="#{id}">{text}</a></li>' if id else f"<li>{text}</li>" for id, text in items)
        head = f'<h2{self.css("summary-title")} id="error-summary">{title}</h2>'
        inner = f'<div role="alert">{head}<ul{self.css("summary-list")}>{lines}</ul></div>'
        focus = 'tabindex="-1" autofocus aria-labelledby="error-summary"'
        return f"<section{self.css('error-summary')} {focus}>{inner}</section>"

    def form(self, attrs: str, body: str) -> str:
        """The whole form."""
        return f"<form{attrs}>{body}</form>"
