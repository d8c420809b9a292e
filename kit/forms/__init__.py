"""Typed forms that are values: one class gives the HTML, reads the input, and is what comes out.

>>> class Choice(Form):
...     text: str = field(max=200)
>>> class Question(Form):
...     text: str = field(min=3, max=200, label="Question")
...     choices: list[Choice] = rows(min=2, max=10, each="Choice")
>>> from kit.testing import environ
>>> post = environ(method="POST", body="text=Why&choices.0.text=so&choices.1.text=",
...                headers={"Content-Type": "application/x-www-form-urlencoded"})
>>> form = Question.bind(post)
>>> form.valid, form.errors
(False, (Error(path='choices.1.text', code='required', params={}),))
>>> print(form.choices.add_button)
<button class="button" type="submit" name="_do" value="choices.add" formnovalidate>Add Choice</button>

In a handler: bind, use `form.value` if it is `valid`, else `return form.respond(request, page)`.
"""

from kit.forms.changeset import Changeset
from kit.forms.form import Form
from kit.forms.guard import Guard
from kit.forms.html import Html
from kit.forms.kinds import Kind, Wrong
from kit.forms.messages import Catalogue
from kit.forms.node import Error
from kit.forms.rules import after, different, equal, required_if, required_with
from kit.forms.spec import action, field, rows, rule
from kit.forms.theme import Piece, Theme
from kit.forms.uploads import File
from kit.http.body import Limits

__all__ = [
    "Catalogue",
    "Changeset",
    "Error",
    "File",
    "Form",
    "Guard",
    "Html",
    "Kind",
    "Limits",
    "Piece",
    "Theme",
    "Wrong",
    "action",
    "after",
    "different",
    "equal",
    "field",
    "required_if",
    "required_with",
    "rows",
    "rule",
]
