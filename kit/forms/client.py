"""The JavaScript side: where the module is, and the part of it that is made from the tables of this package.

    python -m kit.forms.client        # after a change of a table: writes that part of kit-forms.js anew

>>> "length(v) <= b" in generated()
True
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kit.forms.constraints import ITEMS, ORDER, TEXT
from kit.forms.html import Html
from kit.forms.kinds import Email, Slug, Url, Uuid
from kit.forms.rules import RELATIONS
from kit.forms.schema import FORMATS
from kit.http.json import dumps

__all__ = ["SCRIPT", "data_block", "generated"]

#: the module, to be served as a static file
SCRIPT = Path(__file__).with_name("kit-forms.js")

_BEGIN, _END = "// -- made from kit.forms by `python -m kit.forms.client`\n", "// -- end\n"
_SCRIPT_SAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def generated() -> str:
    """The tables in JavaScript."""
    lines = ["const CHECKS = {"]
    for row in (*TEXT.values(), *ITEMS.values(), *ORDER.values()):
        check = f"[{json.dumps(row.word)}, {json.dumps(row.code)}, (v, b) => {row.js}]"
        words = dict.fromkeys((row.schema, FORMATS.get(row.schema, row.schema)))
        lines += [f"  {json.dumps(word)}: {check}," for word in words]
    lines += ["};", "const SHAPES = {"]
    for kind in (Email, Url, Slug, Uuid):
        lines.append(f"  {kind.schema['format']}: [/^(?:{kind.shape})$/u, {kind.longest}],")
    lines += ["};", "const RULES = {"]
    lines += [f"  {name}: (v, o, b) => {row.js}," for name, row in RELATIONS.items()]
    return "\n".join([*lines, "};", ""])


def data_block(schema: Any, scope: str) -> Html:
    """What the module reads inside a form: data, which no policy for scripts needs to allow."""
    text = dumps({"schema": schema, "scope": scope}).decode().translate(_SCRIPT_SAFE)
    return Html(f'<script type="application/json" data-kit-form>{text}</script>')


def write() -> None:
    """Write the tables into the module."""
    text = SCRIPT.read_text(encoding="utf-8")
    head, _, rest = text.partition(_BEGIN)
    SCRIPT.write_text(head + _BEGIN + generated() + _END + rest.partition(_END)[2], encoding="utf-8")


if __name__ == "__main__":
    write()
