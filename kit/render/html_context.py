"""Where in an HTML page does the next character land? Enough of the tokenizer of WHATWG HTML, 13.2.5, for templates.

>>> place = Place()
>>> place.feed('<a class="x" href="/posts/')
>>> place.state, place.tag, place.attribute, place.value
('value', 'a', 'href', '/posts/')
"""

from __future__ import annotations

import re

__all__ = ["Place"]

_SPACE = " \t\n\r\f"
_RAW = ("script", "style", "textarea", "title", "iframe", "noscript", "xmp", "noembed", "noframes")


class Place:
    """A place in a page; `feed(text)` moves it on.

    `state` is `text`, `tag-name`, `tag` (between attributes), `name` (in an attribute's name), `before-value` (behind
    `=`), `value` (`quote` is `"`, `'` or, for an unquoted one, ""), `comment`, or `raw` (in the text of `<script>` and
    the like). `attributes` are those of the tag so far.
    """

    def __init__(self) -> None:
        self.state = "text"
        self.tag = self.attribute = self.value = self.quote = self.text = ""
        self.attributes: dict[str, str] = {}

    def feed(self, text: str) -> None:
        """Read literal text of the template."""
        position = 0
        while position < len(text):
            position = getattr(self, "_" + self.state.replace("-", "_"))(text, position)

    def filled(self) -> None:
        """An expression stood here."""
        if self.state == "before-value":
            self.state, self.quote, self.value = "value", "", ""
        if self.state == "value":
            self.value += "\ufffc"
        self.text += "\ufffc"

    def _text(self, text: str, at: int) -> int:
        found = text.find("<", at)
        if found < 0 or found + 1 >= len(text):
            if found >= 0:
                self.state, self.tag = "tag-name", ""
            return len(text)
        following = text[found + 1]
        if text.startswith("<!--", found):
            self.state = "comment"
            return found + 4
        if following.isalpha() or following == "/":
            self.state, self.tag, self.attributes = "tag-name", "", {}
        return found + 1

    def _comment(self, text: str, at: int) -> int:
        end = text.find("-->", at)
        if end < 0:
            return len(text)
        self.state = "text"
        return end + 3

    def _tag_name(self, text: str, at: int) -> int:
        char = text[at]
        if char in _SPACE or (char == "/" and self.tag):
            self.state = "tag"
        elif char == ">":
            self._close()
        else:
            self.tag += char.lower()
        return at + 1

    def _tag(self, text: str, at: int) -> int:
        char = text[at]
        if char == ">":
            self._close()
        elif char not in _SPACE and char != "/":
            self.state, self.attribute = "name", ""
            return at
        return at + 1

    def _name(self, text: str, at: int) -> int:
        char = text[at]
        if char == "=":
            self.state = "before-value"
        elif char in _SPACE or char in ">/":
            self.state = "tag"
            rest = text[at:].lstrip(_SPACE)
            if rest.startswith("="):  # white space may stand around the sign
                self.state = "before-value"
                return len(text) - len(rest) + 1
            return at
        else:
            self.attribute += char.lower()
        return at + 1

    def _before_value(self, text: str, at: int) -> int:
        char = text[at]
        if char in _SPACE:
            return at + 1
        self.state, self.value = "value", ""
        self.quote = char if char in "\"'" else ""
        return at + 1 if self.quote else at

    def _value(self, text: str, at: int) -> int:
        char = text[at]
        if char == self.quote or (not self.quote and (char in _SPACE or char == ">")):
            self.attributes[self.attribute] = self.value
            self.state = "tag"
            return at + 1 if self.quote else at
        self.value += char
        return at + 1

    def _close(self) -> None:
        """The tag ends."""
        self.text = ""
        self.state = "raw" if self.tag in _RAW else "text"

    def _raw(self, text: str, at: int) -> int:
        found = re.compile(rf"</{self.tag}(?=[\s/>])", re.IGNORECASE).search(text, at)
        self.text += text[at : found.start() if found else len(text)]
        if found is None:
            return len(text)
        self.state, self.tag = "tag-name", "/" + self.tag
        return found.end()
