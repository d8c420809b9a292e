"""Paths of the application that an option names: exact ones and, where they are allowed, prefixes that end in "/".

>>> public = Paths(["/logo.png", "/static/"], "public")
>>> [public.match({"PATH_INFO": path}) for path in ("/logo.png", "/static/a.js", "/logo.png/x", "/static/../me")]
[True, True, False, False]
"""

from __future__ import annotations

from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIEnvironment

__all__ = ["Paths"]


class Paths:
    """What `option` lists; `ConfigError` for what could never match, or matches more than it says."""

    __slots__ = ("_prefixes", "exact")

    def __init__(self, paths: Iterable[str], option: str, *, prefixes: bool = True) -> None:
        listed = [paths] if isinstance(paths, str) else list(paths)
        for path in listed:
            if not path.startswith("/") or set(path) & set("*?#\\") or ".." in path:
                hint = "'/hook', or a prefix such as '/static/'" if prefixes else "list each path, such as '/hook'"
                raise ConfigError(f"{option}: {path!r} is no path", hint=hint)
        self._prefixes = tuple(path for path in listed if prefixes and path.endswith("/"))
        self.exact = frozenset(path for path in listed if path not in self._prefixes)

    def match(self, environ: WSGIEnvironment) -> bool:
        """Whether the request is for one of them. A path with `..` in it is for no prefix."""
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "") or "/"
        return path in self.exact or (path.startswith(self._prefixes) and "/.." not in path)
