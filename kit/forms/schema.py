"""A form as JSON Schema (2020-12): what its JSON input must look like. OpenAPI 3.1 takes it as a request body.

>>> from kit.forms import Form, field
>>> class Ask(Form):
...     text: str = field(max=200, label="Question")
>>> Ask.json_schema()["properties"]["text"]
{'type': 'string', 'maxLength': 200, 'minLength': 1, 'title': 'Question'}

Bounds of values that JSON writes as strings (dates, decimals) are `formatMinimum` and its like, as ajv names them. What
no schema can say, rules across fields among them, stands in members that begin with `x-`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.forms.kinds import Kind
from kit.forms.leaf import Leaf
from kit.forms.messages import Texts
from kit.forms.node import Node
from kit.forms.nodes import Either, Group, Nest, Rows
from kit.forms.spec import MISSING

__all__ = ["FORMATS", "schema_of"]


def schema_of(group: Group, texts: Texts | None = None) -> dict[str, Any]:
    """The schema of a form; with `texts`, for the JavaScript module: with the sentence for every error."""
    maker = _Maker(texts)
    made = maker.group(group)
    # a form that contains itself refers to its definition
    return {**made, "$defs": maker.defs} if maker.defs else made


class _Maker:
    def __init__(self, texts: Texts | None) -> None:
        self._texts = texts
        self._open: list[Group] = []
        self.defs: dict[str, Any] = {}

    def group(self, group: Group) -> dict[str, Any]:
        name = group.make.__name__
        if group in self._open:
            self.defs.setdefault(name, {})
            return {"$ref": f"#/$defs/{name}"}
        self._open.append(group)
        made: dict[str, Any] = {"type": "object", "properties": {p.name: self.part(p) for p in group.parts}}
        made |= {"required": [part.name for part in group.parts if _must(part)], "additionalProperties": False}
        if rules := [self._rule(group, rule.client) for rule in group.rules if rule.client]:
            made["x-rules"] = rules
        self._open.pop()
        if name in self.defs:
            self.defs[name] = made
        return made

    def part(self, part: Node) -> dict[str, Any]:
        if isinstance(part, Leaf):
            return self._leaf(part)
        if isinstance(part, Rows):
            item = self.group(part.item) if isinstance(part.item, Group) else self.part(part.item)
            if isinstance(part.item, Either):
                item = {"oneOf": [self._tagged(name, group) for name, group in part.item.kinds.items()]}
            made = {"type": "array", "items": item, "minItems": part.min, "maxItems": part.max, "title": part.label}
            bounds = {"too_few": {"min": part.min}, "too_many": {"max": part.max}}
            return made | self._errors({}, bounds)
        if isinstance(part, Nest):
            made = self.group(part.item)
            return {"anyOf": [made, {"type": "null"}]} if part.optional else made
        return {}

    def _tagged(self, name: str, group: Group) -> dict[str, Any]:
        made = self.group(group)
        tagged = {"_kind": {"const": name}, **made.get("properties", {})}
        return {**made, "properties": tagged, "required": ["_kind", *made.get("required", ())]}

    def _leaf(self, leaf: Leaf) -> dict[str, Any]:
        made: dict[str, Any] = dict(leaf.kind.schema)
        codes: dict[str, Mapping[str, Any]] = {"required": {}}
        for row, bound in leaf.bounds():
            codes[row.code] = {row.word: bound}
            if row.schema:
                dumped = (
                    f"^(?:{bound})$"
                    if row.word == "pattern"
                    else bound
                    if row.word in _COUNTS
                    else leaf.kind.dump(bound)
                )
                made[_keyword(row.schema, made)] = dumped
        if leaf.required and made.get("type") == "string" and "enum" not in made and self._texts is None:
            made.setdefault("minLength", 1)
        if leaf.required and made.get("type") == "boolean":
            made["const"] = True
        if leaf.optional:
            made |= {"type": [made["type"], "null"]} if "type" in made else {}
            made |= {"enum": [*made["enum"], None]} if "enum" in made else {}
        if leaf.spec.default is not MISSING and leaf.spec.default is not None:
            made["default"] = leaf.kind.dump(leaf.default)
        made["title"] = leaf.label
        if leaf.hint:
            made["description"] = leaf.hint
        return made | self._errors(leaf.messages, _codes(leaf.kind) | codes, leaf)

    def _errors(
        self, own: Mapping[str, Any], codes: Mapping[str, Mapping[str, Any]], leaf: Leaf | None = None
    ) -> dict[str, Any]:
        """What the JavaScript module needs besides."""
        if self._texts is None:
            return {}
        made: dict[str, Any] = {"x-errors": {c: self._texts.message(c, p, own) for c, p in codes.items()}}
        if leaf is not None:
            made |= {"x-required": leaf.required, "x-strip": leaf.strip}
        return made

    def _rule(self, group: Group, client: Mapping[str, Any]) -> dict[str, Any]:
        names = {key: group.by_attribute[client[key]].name for key in ("field", "other")}
        part, bound = group.by_attribute[client["other"]], client["bound"]
        made = {
            **client,
            **names,
            "bound": part.kind.dump(bound) if isinstance(part, Leaf) and bound is not None else None,
        }
        return made if self._texts is None else {**made, "text": self._texts.message(client["code"], {})}


_COUNTS = ("min", "max")
#: keywords for bounds of values that JSON writes as strings
FORMATS = {
    "multipleOf": "x-multipleOf",
    "minimum": "formatMinimum",
    "maximum": "formatMaximum",
    "exclusiveMinimum": "formatExclusiveMinimum",
    "exclusiveMaximum": "formatExclusiveMaximum",
}


def _keyword(word: str, made: Mapping[str, Any]) -> str:
    return FORMATS.get(word, word) if made.get("type") == "string" else word


def _must(part: Node) -> bool:
    if isinstance(part, Leaf):
        return part.required and part.spec.default is MISSING
    return part.min > 0 if isinstance(part, Rows) else not getattr(part, "optional", False)


def _codes(kind: Kind) -> dict[str, Mapping[str, Any]]:
    """The errors that the JavaScript module may find besides the constraints', with their parameters."""
    own = [
        kind.schema.get("format", ""),
        kind.schema.get("type", ""),
        "number",
        "characters",
        "choice",
        "duplicate",
        "type",
    ]
    return {code: {} for code in own if code} | {"places": {"places": kind.schema.get("x-places", 0)}}
