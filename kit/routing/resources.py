"""The seven routes of a REST resource, from the functions that a class or module has.

>>> from kit.routing import Router
>>> class Posts:
...     def index(self): return "all"
...     def show(self, id): return f"post {id}"
...     def update(self, id): return "saved"
>>> router = Router()
>>> posts = router.resource("post", "posts", Posts(), key="id:int")
>>> [(sorted(route.methods), route.path, route.name) for route in router.routes]
[(['GET'], '/posts', 'posts'), (['GET'], '/posts/{id:int}', 'post'), (['PATCH', 'PUT'], '/posts/{id:int}', 'post')]
>>> class Comments:
...     def show(self, post_id, id): return f"comment {id} of {post_id}"
>>> _ = posts.resource("comment", "comments", Comments())
>>> router.url("post_comment", post_id=3, id=9)
'/posts/3/comments/9'

| function | method and path | name |
|---|---|---|
| index | GET /posts | posts |
| new | GET /posts/new | new_post |
| create | POST /posts | posts |
| show | GET /posts/{id} | post |
| edit | GET /posts/{id}/edit | edit_post |
| update | PUT and PATCH /posts/{id} | post |
| delete | DELETE /posts/{id} | post |
"""

from __future__ import annotations

from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from kit.routing.group import Group

__all__ = ["declare"]

_ACTIONS = {
    "index": (("GET",), "", "{plural}"),
    "new": (("GET",), "/new", "new_{singular}"),
    "create": (("POST",), "", "{plural}"),
    "show": (("GET",), "/{{{key}}}", "{singular}"),
    "edit": (("GET",), "/{{{key}}}/edit", "edit_{singular}"),
    "update": (("PUT", "PATCH"), "/{{{key}}}", "{singular}"),
    "delete": (("DELETE",), "/{{{key}}}", "{singular}"),
}


def declare(
    group: Group,
    singular: str,
    plural: str,
    controller: Any,
    *,
    key: str = "id",
    only: Iterable[str] | None = None,
    without: Iterable[str] = (),
    **options: Any,
) -> Group:
    """Declare the routes, and return the group in which a nested resource goes; see `Group.resource`."""
    wanted = set(_ACTIONS if only is None else only) - set(without)
    unknown = {*wanted, *without} - set(_ACTIONS)
    absent = sorted(name for name in wanted if only is not None and not hasattr(controller, name))
    if unknown or absent:
        what = f"the resource {singular!r} knows no {', '.join(sorted(unknown) or absent)}"
        raise ConfigError(what, hint=f"the controller's functions may be {', '.join(_ACTIONS)}")
    for action, (methods, path, name) in _ACTIONS.items():
        fn = getattr(controller, action, None)
        if action in wanted and fn is not None:
            where = f"/{plural}" + path.format(key=key)
            group.route(where, fn, methods=methods, name=name.format(singular=singular, plural=plural), **options)
    variable, colon, kind = key.partition(":")
    return group.group(f"/{plural}/{{{singular}_{variable}{colon}{kind}}}", name=f"{singular}_", **options)
