"""From a code and its parameters to a sentence: the only place where words for people are made, and it runs at render.

>>> Texts().message("too_short", {"min": 12})
'Enter at least 12 characters'
>>> Texts().message("too_few", {"min": 1})
'Add at least 1 entry'

>>> Catalogue().texts("de").message("too_short", {"min": 12})
'Geben Sie mindestens 12 Zeichen ein'

An unknown code, such as one of your own rules, is looked up as it is and then made readable: "minor_plan" becomes
"Minor plan".
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["MESSAGES", "Catalogue", "Texts"]

#: code -> sentence, or (parameter that counts, sentence for one, sentence for many)
MESSAGES: dict[str, str | tuple[str, str, str]] = {
    "required": "Enter a value",
    "type": "Enter a value of the right type",
    "duplicate": "Give this only once",
    "unknown": "This form has no such field",
    "too_deep": "This is nested too deeply",
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
    "pace": "Send the form again: it was too fast, or too late",
    "trap": "Leave this empty",
    "intent": "This form has no such button",
    "invalid": "Correct this",
}


class Texts:
    """The sentences of one locale. Texts of a form class (labels, hints, buttons) are looked up as they are written."""

    def __init__(self, found: gettext.NullTranslations | None = None) -> None:
        self._found = found or gettext.NullTranslations()

    def text(self, text: str) -> str:
        """A label, hint or button in this locale."""
        return self._found.gettext(text) if text else ""

    def message(self, code: str, params: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> str:
        """The sentence for an error; `own` holds a field's own sentences by code."""
        found = MESSAGES.get(code) if not own or code not in own else own[code]
        if isinstance(found, tuple):
            counted, one, many = found
            text = self._found.ngettext(one, many, params.get(counted, 0))
        else:
            text = self.text(found or code.replace("_", " ").capitalize())
        for name, value in params.items():
            text = text.replace("{" + name + "}", str(value))
        return text


class Catalogue:
    """Your own gettext catalogues for your own forms: `class Base(Form, catalogue=Catalogue("locale", domain="shop"))`.

    `folder/LANG/LC_MESSAGES/domain.mo` are looked for once, at first use, and come before those of kit, which speak
    English and German. Mark texts for extraction by any function that returns them: `label=_("Street")`, with
    `def _(text): return text`; then `xgettext -k_ forms.py`, or pybabel. A sentence of kit's is replaced by translating
    its English words in your catalogue.
    """

    def __init__(self, *folders: str | Path, domain: str = "messages") -> None:
        self.folders, self.domain = tuple(map(Path, folders)), domain

    def language(self, locale: str) -> str:
        """The language that serves a BCP 47 tag: the tag itself, or a shorter one, or "en". There are few of them."""
        known, tag = self._languages, locale.replace("-", "_")
        while tag and tag not in known:
            tag = tag.rpartition("_")[0]
        return tag or "en"

    @cached_property
    def _languages(self) -> frozenset[str]:
        return frozenset(
            path.parts[-3] for folder in (*self.folders, _OWN) for path in folder.glob("*/LC_MESSAGES/*.mo")
        )

    def texts(self, language: str) -> Texts:
        """The texts of a language, made once."""
        found = self._kept.get(language)
        if found is None:
            chain = gettext.NullTranslations()
            places = [(_OWN, "kit_forms"), *((folder, self.domain) for folder in reversed(self.folders))]
            for folder, domain in places:
                one = gettext.translation(domain, folder, [language], fallback=True)
                one.add_fallback(chain)
                chain = one
            found = self._kept[language] = Texts(chain)
        return found

    @cached_property
    def _kept(self) -> dict[str, Texts]:
        return {}


_OWN = Path(__file__).with_name("locale")
