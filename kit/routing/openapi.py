"""The table as the `paths` of an OpenAPI 3.1 document, to be completed by hand or by a forms package.

>>> from kit.routing import Router
>>> router = Router()
>>> @router.get("/posts/{id:int(min=1)}", name="post")
... def show(request, id):
...     \"\"\"One post.\"\"\"
>>> paths = openapi_paths(router)
>>> paths["/posts/{id}"]["get"]["summary"], paths["/posts/{id}"]["get"]["parameters"]
('One post.', [{'name': 'id', 'in': 'path', 'required': True, 'schema': {'type': 'integer', 'minimum': 1}}])

Left out are mounts, links, redirects and routes for any method; TRACE and other methods that OpenAPI has no word for,
too. Routes for one path and method, told apart by host or version, are one operation: the first declared.
"""

from __future__ import annotations

import re

from kit.routing.route import wsgi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kit.routing.route import Route
    from kit.routing.router import Router
    from kit.routing.template import Template, Variable

__all__ = ["openapi_paths"]

_METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH")
_FORMATS = {"int": "integer", "float": "number", "uuid": "uuid", "date": "date"}


def openapi_paths(router: Router) -> dict[str, dict[str, Any]]:
    """The Paths Object (OpenAPI 3.1.1, 4.8.8)."""
    paths: dict[str, dict[str, Any]] = {}
    for route in router.routes:
        if route.mount or isinstance(route.endpoint, wsgi):
            continue
        for method in _METHODS:
            if route.methods and method in route.methods:
                operations = paths.setdefault(_path(route.template), {})
                operations.setdefault(method.lower(), _operation(route, method))
    return paths


def _path(template: Template) -> str:
    return "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in template.parts)


def _operation(route: Route, method: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    text = (getattr(route.endpoint, "__doc__", None) or "").strip()
    if text:
        made["summary"], _, more = text.partition("\n")
        made |= {"description": more.strip()} if more.strip() else {}
    if route.name:
        only = route.methods is not None and len(route.methods) == 1
        made["operationId"] = route.name if only and method == "GET" else f"{method.lower()}_{route.name}"
    if route.template.variables:
        made["parameters"] = [
            {"name": each.name, "in": "path", "required": True, "schema": _schema(each)}
            for each in route.template.variables
        ]
    return {**made, "responses": {"default": {"description": "see the handler"}}}


def _schema(variable: Variable) -> dict[str, Any]:
    """The JSON Schema of a variable's text; a pattern means the whole text."""
    kind = re.split(r"\W", variable.text)[0]
    known = _FORMATS.get(kind)
    if known in ("integer", "number"):
        bounds = {"minimum": variable.converter.min, "maximum": variable.converter.max}
        return {"type": known, **{name: value for name, value in bounds.items() if value is not None}}
    if known:
        return {"type": "string", "format": known}
    if kind == "any":
        return {"type": "string", "enum": list(variable.converter.words)}
    return (
        {"type": "string"} if variable.plain else {"type": "string", "pattern": f"^(?:{variable.converter.pattern})$"}
    )
