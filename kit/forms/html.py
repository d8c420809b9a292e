"""Text that is already HTML, and the one way to make it from text that is not.

>>> escape('<b> & "c"')
'&lt;b&gt; &amp; &quot;c&quot;'
>>> escape(Html("<b>done</b>"))
'<b>done</b>'
>>> attributes({"id": "a", "required": True, "title": None, "data-x": "<"})
' id="a" required data-x="&lt;"'

`Html` carries `__html__`, the mark that Mako (with kit.render), Jinja2, Chameleon and Django's templates leave alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["Html", "attributes", "escape"]

_SPECIAL = re.compile(r"[&<>\"']")


class Html(str):
    """A string that is HTML and must not be escaped again."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def escape(value: object) -> Html:
    """`value` as HTML text, safe in an element and in a quoted attribute; what has `__html__` is taken as it is."""
    if value.__class__ is not str and hasattr(value, "__html__"):
        return Html(value.__html__())
    text = str(value)
    if text and _SPECIAL.search(text):
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = text.replace('"', "&quot;").replace("'", "&#39;")
    return Html(text)


def attributes(pairs: Mapping[str, Any]) -> Html:
    """HTML attributes with a leading space each; True gives the bare name, False and None leave it out.

    A trailing underscore is dropped and others become hyphens, so that Python keywords can be written: `class_="wide"`.
    """
    out = []
    for name, value in pairs.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        if not name or not name.replace("-", "").replace(":", "").isalnum():
            raise ValueError(f"{name!r} is no name of an HTML attribute")
        out.append(f" {name}" if value is True else f' {name}="{escape(value)}"')
    return Html("".join(out))
