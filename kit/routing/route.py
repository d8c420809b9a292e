"""Route: one line of the table, as it was declared."""

from __future__ import annotations

import sys

from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any
    from wsgiref.types import WSGIApplication

    from kit.routing.conditions import Host
    from kit.routing.group import Group
    from kit.routing.rules import Condition
    from kit.routing.template import Template

_HERE = __file__.removesuffix("route.py")

__all__ = ["Route", "called_from", "wsgi"]


class wsgi:
    """Mark a WSGI app as one, where a handler function could stand: `router.any("/feed", wsgi(feed))`.

    The app sees the whole path in PATH_INFO, and the route's variables in `wsgiorg.routing_args`. Use `router.mount`
    for an app with paths of its own.
    """

    def __init__(self, app: WSGIApplication) -> None:
        if not callable(app):
            raise ConfigError(
                f"{app!r} is no WSGI app", hint="give a function or object that takes (environ, start_response)"
            )
        self.app = app

    def __repr__(self) -> str:
        return f"wsgi({self.app!r})"


class Route:
    """One route. Read its attributes, for a table or a sitemap; a router makes it, nothing changes it.

    `endpoint` is the handler function or `wsgi(app)`; `methods` a frozenset, None for all; `where` the file and line
    that declared it.
    """

    __slots__ = (
        "app", "condition", "defaults", "endpoint", "group", "guards", "host", "inside", "layers", "methods", "mount",
        "name", "options", "template", "where",
    )  # fmt: skip

    def __init__(
        self,
        template: Template,
        endpoint: Any,
        *,
        methods: frozenset[str] | None,
        name: str | None,
        group: Group,
        defaults: dict[str, Any],
        layers: Sequence[Any],
        guards: Sequence[Any],
        where: str,
        mount: bool = False,
        host: Host | None = None,
        condition: Condition | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.template = template
        self.endpoint = endpoint
        self.methods = methods
        self.name = name
        self.group = group
        self.defaults = defaults
        self.layers = tuple(layers)
        self.guards = tuple(guards)
        self.where = where
        #: whether it stands for everything below a mounted app's prefix
        self.mount = mount
        #: the host it asks for, with its variables, if any
        self.host = host
        self.condition = condition
        #: host, scheme, version and the like, as they were given
        self.options = options or {}
        #: what runs when it matches, layers and guards included; and the same from inside each group's layers
        self.app: Any = None
        self.inside: dict[Group, Any] = {}
        if len(set(self.names)) < len(self.names):
            raise ConfigError(f"{self!r} has a variable in its path and in its host", hint="give each its own name")

    @property
    def path(self) -> str:
        """The path as it was written, prefixes of groups included."""
        return self.template.text

    @property
    def verbs(self) -> str:
        """Its methods for a reader: "GET,POST", "ANY", "LINK"."""
        return "ANY" if self.methods is None else ",".join(sorted(self.methods)) or "LINK"

    @property
    def names(self) -> tuple[str, ...]:
        """The variables of path and host."""
        return (*self.template.names, *(self.host.names if self.host else ()))

    @property
    def versions(self) -> frozenset[str]:
        """The versions it serves; empty if it does not ask."""
        version = self.options.get("version") or ()
        return frozenset([version] if isinstance(version, str) else version)

    def __repr__(self) -> str:
        return f"<Route {self.verbs} {self.path} ({self.where})>"


def called_from() -> str:
    """`file:line` of the nearest caller outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
