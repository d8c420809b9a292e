"""Escape a value for HTML, once: what every `${…}` of a template goes through.

>>> escape("<b>'x'</b>"), escape(7), escape(None)
('&lt;b&gt;&#39;x&#39;&lt;/b&gt;', '7', 'None')
>>> escape(Markup("<b>kept</b>"))
'<b>kept</b>'

`Markup`, and everything else with an `__html__` method, passes as it is: that is the opt-out. The result is a plain
`str`, not `Markup`, because a template only writes it: three times as fast as `markupsafe.escape`, since no object that
the garbage collector has to track is made for each value.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from kit.errors import needs
from kit.http.json import dumps

with needs("markupsafe", extra="render", by="kit.render"):
    from markupsafe import Markup

__all__ = ["Markup", "escape", "safe_json", "safe_url", "trim", "url_quote"]

_text: Callable[[str], str]
try:  # markupsafe's C function, without the Markup object around its answer
    from markupsafe._speedups import _escape_inner as _text
except ImportError:  # a markupsafe without its C part: `'` becomes &#x27;, otherwise the same

    def _text(value: str, /) -> str:
        return html.escape(value)


def escape(value: Any, /) -> str:
    """The HTML text of `value`, safe between tags and inside quoted attributes."""
    kind = value.__class__
    if kind is str:
        return _text(value)
    if kind is int:
        return str(value)
    markup = getattr(value, "__html__", None)
    if markup is not None:
        return str(markup())
    return _text(str(value))


def url_quote(value: Any, /) -> str:
    """`value` for one place in a query string: what `${value | u}` writes; nothing in it needs HTML escaping.

    >>> url_quote("a b&<")
    'a+b%26%3C'
    """
    return quote_plus(str(value))


def trim(value: Any, /) -> str:
    """`value` without white space around it (`${value | trim}`); `Markup` stays `Markup`."""
    text = value if isinstance(value, str) else str(value)
    return text.strip()


_SCHEME = re.compile(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.\-\s\x00-\x1f]*):")


def safe_url(value: Any, /, *, schemes: frozenset[str] = frozenset({"http", "https", "mailto", "tel"})) -> str:
    """`value` if a link may lead there, else `about:invalid`: for `href="${safe_url(link)}"` with a link of a stranger.

    >>> safe_url("/a?b=1"), safe_url("https://example.com"), safe_url(" java\\nscript:alert(1)")
    ('/a?b=1', 'https://example.com', 'about:invalid')
    """
    text = str(value)
    found = _SCHEME.match(text)  # a browser drops white space and control characters in a scheme (WHATWG URL, 4.4)
    return text if found is None or found[1].lower() in schemes else "about:invalid"


_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def safe_json(value: Any, /, *, encode: Callable[[Any], str | bytes] = dumps) -> Markup:
    r"""`value` as JSON that may stand inside `<script>`: `<script type="application/json">${safe_json(data)}</script>`.

    >>> safe_json({"name": "</script><b>"})
    Markup('{"name":"\\u003c/script\\u003e\\u003cb\\u003e"}')

    Dates, decimals and records are written as `kit.http.json` does; `encode` replaces it. It is for scripts only: in an
    attribute, `${…}` of plain JSON text is right, since that is escaped as any text is.
    """
    text = encode(value)
    return Markup((text.decode() if isinstance(text, bytes) else text).translate(_SCRIPT))
