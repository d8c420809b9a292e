"""From a code and its parameters to a sentence: the only place where words for people are made, and it runs at render.

>>> Texts().message("too_short", {"min": 12})
'Enter at least 12 characters'
>>> Texts().message("too_few", {"min": 1})
'Add at least 1 entry'

An unknown code, such as one of your own rules, is looked up as it is and then made readable: "minor_plan" becomes
"Minor plan".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

__all__ = ["MESSAGES", "Texts", "texts"]

#: code -> sentence, or (parameter that counts, sentence for one, sentence for many)
MESSAGES: dict[str, str | tuple[str, str, str]] = {
    "required": "Enter a value",
    "choose": "Choose an option",
    "type": "Enter a value of the right type",
    "duplicate": "Give this only once",
    "unknown": "This form has no such field",
    "characters": "Remove the characters that cannot be shown",
    "integer": "Enter a whole number",
    "number": "Enter a number",
    "places": ("places", "Enter at most {places} decimal place", "Enter at most {places} decimal places"),
    "too_short": ("min", "Enter at least {min} character", "Enter at least {min} characters"),
    "too_long": ("max", "Enter at most {max} character", "Enter at most {max} characters"),
    "pattern": "Use the format that is asked for",
    "too_small": "Enter {ge} or more",
    "not_above": "Enter more than {gt}",
    "too_large": "Enter {le} or less",
    "not_below": "Enter less than {lt}",
    "step": "Enter a multiple of {step}",
    "too_few": ("min", "Add at least {min} entry", "Add at least {min} entries"),
    "too_many": ("max", "Remove entries: at most {max} is allowed", "Remove entries: at most {max} are allowed"),
    "taken": "This is already taken",
    "refused": "This could not be saved",
    "email": "Enter an e-mail address, like name@example.com",
    "url": "Enter a web address that begins with https:// or http://",
    "slug": "Use small letters, digits and hyphens between them",
    "uuid": "Enter a UUID",
    "json": "Enter valid JSON",
    "date": "Enter a date that exists",
    "time": "Enter a time that exists",
    "date-time": "Enter a date and time that exist",
    "choice": "Choose one of the options",
    "file": "Choose a file",
    "file_type": "Choose a file of another type: {accept}",
    "file_content": "Choose another file: what is in it does not fit its name",
    "too_big": "Choose a file of at most {max_bytes} bytes",
    "mismatch": "Enter the same value again",
    "same": "Enter another value than before",
    "order": "Enter a later value",
    "intent": "This form has no such button",
    "invalid": "Correct this",
}


class Texts:
    """The sentences of one locale (a BCP 47 tag)."""

    def __init__(self, locale: str = "en") -> None:
        self.locale = locale

    def text(self, text: str) -> str:
        """A label, hint or button in this locale."""
        return text

    def message(self, code: str, params: Mapping[str, Any], own: Mapping[str, str] | None = None) -> str:
        """The sentence for an error; `own` holds a field's own sentences by code."""
        if own and code in own:
            return _filled(self.text(own[code]), params)
        found = MESSAGES.get(code)
        if found is None:
            return _filled(self.text(code.replace("_", " ").capitalize()), params)
        if isinstance(found, str):
            return _filled(self.text(found), params)
        counted, one, many = found
        return _filled(one if params.get(counted) == 1 else many, params)


def _filled(text: str, params: Mapping[str, Any]) -> str:
    for name, value in params.items():
        text = text.replace("{" + name + "}", str(value))
    return text


@lru_cache(maxsize=64)
def texts(locale: str) -> Texts:
    """The texts of `locale`; made once."""
    return Texts(locale)
