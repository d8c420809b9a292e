"""Find the places of Mako templates where escaping is not enough: `kit templates lint`.

>>> for finding in lint("<a href=${link}>x</a><script>f('${name}')</script>"):
...     print(finding)
template:1: unquoted: an attribute without quotes ends at the first space of ${link}; write href="…"
template:1: script: ${name} stands in a script, where escaping protects nothing; write ${safe_json(…)} as a whole value

Escaping makes a value safe between tags and in quoted attributes. It does nothing for a value without quotes, for the
names of tags and attributes, in scripts, styles and event handlers, and for the scheme of a link. `|n` is reported too.
What is meant is marked by a line `## lint: ok, because …` above it. Constants (`${'selected' if x else ''}`) are fine.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kit.render.html_context import Place

__all__ = ["Finding", "lint", "lint_folders"]

_LINKS = frozenset(
    {"href", "src", "action", "formaction", "data", "poster", "xlink:href", "ping", "background", "srcset"}
)
_PERSONAL = frozenset({"csrf", "nonce", "session", "flashes", "user"})
_CODE = frozenset({"style", "srcdoc"})
_CALLS = re.compile(r"(?:\w+\.)*(?:url|safe_url|static_url|url_for)\s*\(")
# what begins a link so that the rest cannot change its scheme; U+FFFC stands for an expression already judged
_FIXED = re.compile(r"\s*+(?:\ufffc|(?:https?|mailto|tel):|[^:/?#]*+[/?#])", re.I)
_ATTRIBUTES = re.compile(r"(?:\w+\.)*attrs\s*\(")  # of a form, or of anything that gives its attributes as Markup
_WHOLE = re.compile(r"(?:^|[=(,:\[?]|\breturn)\s*$")


class Finding(NamedTuple):
    """One place that is not safe. `rule` is a word, `why` says what can happen and what to write."""

    file: str
    line: int
    rule: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.why}"


def lint_folders(folders: Iterable[str | Path]) -> Iterator[Finding]:
    """The findings of every `.html` and `.mako` file below the folders."""
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in (".html", ".mako"):
                yield from lint(path.read_text(encoding="utf-8"), str(path))


def lint(source: str, file: str = "template") -> Iterator[Finding]:
    """The findings of one template."""
    from kit.render.engines.mako import parse

    meant = {number + 1 for number, text in enumerate(source.splitlines(), 1) if re.match(r"\s*## lint: ok\b", text)}
    for line, rule, why in _walk(parse(source, file), Place()):
        if line not in meant:
            yield Finding(file, line, rule, why)


def _walk(parent: Any, place: Place, kept: bool = False) -> Iterator[tuple[int, str, str]]:
    """Read the nodes of a template in the order of the source: of an `% if`, one branch after the other."""
    for node in parent.nodes:
        kind = type(node).__name__
        if kind == "Text":
            place.feed(node.content)
        elif kind == "Expression":
            found = _expression(node, place) or _kept(node, kept)
            if found is not None:
                yield node.lineno, *found
            place.filled()
        elif kind == "Code" and re.search(r"\bcontext\.write\b", node.text):
            yield node.lineno, "raw", "context.write writes without escaping; write the value as ${…}"
        elif kind == "TextTag":
            place.feed("".join(child.content for child in node.nodes if hasattr(child, "content")))
        elif hasattr(node, "nodes") and kind != "ControlLine":
            alone = kind in ("DefTag", "CallTag", "CallNamespaceTag")
            keeps = getattr(node, "attributes", {}).get("cached") == "True" and "cache_key" not in node.attributes
            yield from _walk(node, Place() if alone else place, kept or keeps)


def _kept(node: Any, kept: bool) -> tuple[str, str] | None:
    theirs = sorted(node.code.undeclared_identifiers & _PERSONAL) if kept else []
    if not theirs:
        return None
    return "cached", f"{theirs[0]} stands in a part that is kept for everybody; take it out, or add a cache_key"


def _expression(node: Any, place: Place) -> tuple[str, str] | None:
    text = node.text.strip()
    shown = "${" + (text if len(text) <= 40 else text[:39] + "…") + "}"
    if _constant(text) or (place.state in ("tag", "tag-name") and _ATTRIBUTES.match(text)):
        return None
    if "n" in (name.strip() for name in node.escapes.split(",")):
        return "raw", f"{shown} is written without escaping; pass Markup if it is HTML"
    if place.state in ("tag", "name", "tag-name"):
        return "name", f"{shown} stands where a tag or attribute is named; only constants may"
    if place.state == "before-value" or (place.state == "value" and not place.quote):
        return (
            "unquoted",
            f'an attribute without quotes ends at the first space of {shown}; write {place.attribute}="…"',
        )
    if place.state == "value":
        return _in_attribute(text, shown, place)
    return _in_raw(text, shown, place) if place.state == "raw" else None


def _in_attribute(text: str, shown: str, place: Place) -> tuple[str, str] | None:
    name = place.attribute
    if name.startswith("on") or name in _CODE:
        return "code", f"{shown} stands in {name}, whose value is code; put it in a data- attribute"
    if name in _LINKS and not _FIXED.match(place.value) and not (place.value.strip() == "" and _CALLS.match(text)):
        return (
            "link",
            f"{shown} decides where {name} leads, javascript: included; write ${{url(…)}} or ${{safe_url(…)}}",
        )
    return None


def _in_raw(text: str, shown: str, place: Place) -> tuple[str, str] | None:
    if place.tag in ("textarea", "title", "noscript"):
        return None
    if place.tag == "script" and re.match(r"safe_json\s*\(", text) and _WHOLE.search(place.text):
        return None
    if place.tag == "script":
        why = "where escaping protects nothing; write ${safe_json(…)} as a whole value"
        return "script", f"{shown} stands in a script, {why}"
    return "code", f"{shown} stands in <{place.tag}>, where HTML escaping protects nothing"


def _constant(text: str) -> bool:
    """Whether an expression can only be texts that the template's author wrote."""
    try:
        tree: ast.expr = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.IfExp):
            waiting += [node.body, node.orelse]
        elif not isinstance(node, ast.Constant):
            return False
    return True
