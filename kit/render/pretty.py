"""JSON for people: indented for `?_pretty`, and as a page in a browser.

>>> indented({"id": 7, "tags": []})
'{\\n  "id": 7,\\n  "tags": []\\n}\\n'

`@renders(html=browse, json=True)` makes an API that can be clicked through: the same value, with colours, and its paths
and URLs as links.
"""

from __future__ import annotations

import json
import re
from typing import Any

from kit.http.json import dumps
from kit.render.escape import escape, safe_url
from kit.wsgi import environ_of

__all__ = ["browse", "indented"]

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?')
_LINK = re.compile(r"(?:https?:/)?/(?!/)[^\s\"<>\\]*\Z")
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}"
    "pre{background:#f4f4f4;color:#1b1b1b;padding:1rem;overflow:auto}.key{color:#7a2e00}.text{color:#0a5c1b}.word{color:#00449e}"
)


def indented(value: Any) -> str:
    """The JSON of a value, two spaces a level."""
    return json.dumps(json.loads(dumps(value)), indent=2, ensure_ascii=False) + "\n"


def browse(environ_or_request: Any, value: Any) -> str:
    """A page that shows the value as JSON. Its style carries the nonce of `kit.security.Headers`, if there is one."""
    environ = environ_of(environ_or_request)
    nonce = f' nonce="{escape(environ["kit.nonce"])}"' if "kit.nonce" in environ else ""
    path = escape(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
    text = indented(list(value) if hasattr(value, "__next__") else value)
    shown, end = [], 0
    for found in _TOKEN.finditer(text):
        shown += [escape(text[end : found.start()]), _coloured(found)]
        end = found.end()
    body = f'<h1>{path}</h1><p><a href="?format=json">JSON</a></p><pre>{"".join(shown)}</pre>'
    head = f'<meta charset="utf-8"><title>{path}</title><style{nonce}>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def _coloured(found: re.Match[str]) -> str:
    text, sign = found[1], found[2]
    if text is None:
        return f"<span class=word>{found[0]}</span>"
    if sign:
        return f"<span class=key>{escape(text)}</span>{sign}"
    plain = json.loads(text)
    shown = f"<span class=text>{escape(text)}</span>"
    return f'<a href="{escape(safe_url(plain))}">{shown}</a>' if _LINK.match(plain) else shown
