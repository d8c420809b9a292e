"""URLs to handlers, and back: typed, composed at assembly, with the semantics of Routes and faster than it."""

from kit.routing.converters import Converter, enum_of
from kit.routing.group import Group
from kit.routing.route import Route, wsgi
from kit.routing.router import Frozen, Router
from kit.routing.urls import NoRoute, NoUrl

__all__ = ["Converter", "Frozen", "Group", "NoRoute", "NoUrl", "Route", "Router", "enum_of", "wsgi"]
