"""compile_mapper: a drop-in for a `routes.Mapper` that an application has already: the same answers, many times faster.

>>> from routes import Mapper
>>> mapper = Mapper(register=False)
>>> _ = mapper.connect("post", "/posts/{id}", controller="posts", conditions={"method": ["GET"]})
>>> fast = compile_mapper(mapper)
>>> fast.match("/posts/7", {"REQUEST_METHOD": "GET"}) == {"controller": "posts", "id": "7"}
True
>>> fast.generate(controller="posts", id=8)
'/posts/8'

`match` and `routematch` are compiled. Everything else, `generate` and `connect` included, is the mapper's own; what is
connected later is found by the next match. What this module cannot prove to be the same is left to the mapper: a
`prefix`, `debug`, `always_scan`, a subclass that matches in its own way, a URL with a newline, an environ without
REQUEST_METHOD.
"""

from __future__ import annotations

import re
from threading import Lock

from kit.errors import ConfigError, needs
from kit.routing.patterns import may_contain, refers, simple
from kit.routing.rules import Rule, shape
from kit.routing.tree import compile_rules, shortcuts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = ["CompiledMapper", "compile_mapper"]


def compile_mapper(mapper: Any) -> CompiledMapper:
    """The drop-in for `mapper`, which goes on to hold the routes."""
    with needs("routes", extra="routing", by="compile_mapper"):
        from routes import Mapper
    if not isinstance(mapper, Mapper):
        raise ConfigError(f"{mapper!r} is no routes.Mapper", hint="give the mapper itself")
    return CompiledMapper(mapper)


_READ = {"always_scan", "debug", "matchlist", "prefix", "sub_domains"}


class CompiledMapper:
    """A `routes.Mapper`, compiled. Attributes and methods that are not listed here are those of `mapper`."""

    def __init__(self, mapper: Any) -> None:
        self.__dict__["mapper"] = mapper
        #: its options, where they are plain attributes; if a subclass computes one, the mapper answers
        self.__dict__["_vars"] = vars(mapper) if vars(mapper).keys() >= _READ else None
        self.__dict__["_lock"] = Lock()
        self.__dict__["_made"] = (None, 0, False, None)  # what the rules were made of, and the function
        self.__dict__["_clist"] = None  # the arguments of create_regs, where they are known
        self.__dict__["_regs"] = (None, 0)  # what create_regs left when this was last looked at, and of how many routes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.mapper, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Options (`minimization`, `prefix`, `sub_domains` …) belong to the mapper."""
        setattr(self.mapper, name, value)

    def __str__(self) -> str:
        return str(self.mapper)

    def match(self, url: str | None = None, environ: Any = None) -> Any:
        """As `Mapper.match`: the dict of the first route that fits, or None."""
        found = self._find(url, environ)
        return self.mapper.match(url, environ) if found is False else found and found[1]

    def routematch(self, url: str | None = None, environ: Any = None) -> Any:
        """As `Mapper.routematch`: the dict and the route, or None."""
        found = self._find(url, environ)
        return self.mapper.routematch(url, environ) if found is False else found and (found[1], found[0])

    def _find(self, url: str | None, environ: Any) -> Any:
        """(route, dict), None, or False where the mapper must answer."""
        now, (made_of, count, sub_domains, find) = self._vars, self._made
        if now is None:
            return False
        if (
            made_of is not now.get("_prefix2routes", 0)
            or count != len(now["matchlist"])
            or sub_domains is not bool(now["sub_domains"])
        ):
            find = self._compile()
        if find is None or now["prefix"] or now["debug"] or now["always_scan"]:
            return False
        if url is None and environ:
            url = environ["PATH_INFO"]
        if type(url) is not str or "\n" in url:
            return False
        environ = environ or self.mapper.environ
        if not environ:
            return find(url, None, environ)
        method = environ.get("REQUEST_METHOD", False)
        return find(url, method, environ) if type(method) is str else False

    def _compile(self) -> Any:
        """Make the rules anew, and swap them in at once; None where nothing can be compiled."""
        mapper = self.mapper
        with self._lock:
            if not mapper._created_regs and not mapper.controller_scan:
                return None  # the mapper says itself that create_regs() is missing
            made_of, count = self._regs
            late = made_of is mapper.__dict__.get("_prefix2routes") and count != len(mapper.matchlist)
            if not mapper._created_regs:
                self.__dict__["_clist"] = ()
            if not mapper._created_regs or (late and (self._clist is not None or not _scans(mapper))):
                mapper.create_regs(*self._clist or ())
            find = _find_of(mapper) if _known(mapper) else None
            self.__dict__["_regs"] = (mapper._prefix2routes, len(mapper.matchlist))
            self.__dict__["_made"] = (mapper._prefix2routes, len(mapper.matchlist), bool(mapper.sub_domains), find)
            return find

    def connect(self, *args: Any, **options: Any) -> Any:
        """As `Mapper.connect`, safe while other threads match; the next match finds the route."""
        with self._lock:
            return self.mapper.connect(*args, **options)

    def create_regs(self, clist: Any = None) -> None:
        """As `Mapper.create_regs`; its list of controllers is used again for routes that are connected later."""
        self.mapper.create_regs(clist)
        self.__dict__["_clist"] = (clist,)
        self.__dict__["_regs"] = self.mapper._prefix2routes, len(self.mapper.matchlist)


def _scans(mapper: Any) -> bool:
    """Whether a list of controllers makes a difference to the expressions."""
    return any("controller" in route.minkeys | route.maxkeys for route in mapper.matchlist)


def _known(mapper: Any) -> bool:
    """Whether mapper and routes match as Routes does: nothing of it is overridden, no group is referred to by number.

    A number is another one in the expression of all routes, by which the mapper refuses first; so such a mapper
    answers itself.
    """
    from routes.mapper import Mapper
    from routes.route import Route

    return (
        _own(mapper, Mapper, ("_match", "match", "routematch", "create_regs", "_create_regs", "environ"))
        and all(
            _own(route, Route, ("match", "makeregexp", "buildfullreg", "buildnextreg")) for route in mapper.matchlist
        )
        and not any(refers(route.regexp) for run in mapper._prefix2routes.values() for route in run)
    )


def _own(thing: Any, kind: type, names: Iterable[str]) -> bool:
    same = (getattr(type(thing), name, None) is getattr(kind, name) and name not in vars(thing) for name in names)
    return isinstance(thing, kind) and all(same)


def _find_of(mapper: Any) -> Any:
    converts: dict[str, Any] = {}
    prefixes = sorted(mapper._prefix2routes.items(), key=lambda item: -len(item[0]))
    runs = [[_rule(mapper, prefix, route, converts) for route in run] for prefix, run in prefixes]
    return compile_rules([rule for run in runs for rule in run], shortcuts(runs))


def _rule(mapper: Any, prefix: str, route: Any, converts: dict[str, Any]) -> Rule:
    """The rule of one route; where more is not certain, one that discards and leaves the rest to the route itself."""
    heads, more, variables, tail = _shape(route, converts) if not route.minimization else ([], True, None, None)
    conditions = route.conditions or {}
    methods = conditions.get("method")
    listed = "method" not in conditions or (isinstance(methods, (list, tuple, set, frozenset)) and _all_str(methods))
    if variables is None or mapper.sub_domains or "sub_domain" in conditions or not listed:
        if route.minimization:
            heads, more = [*prefix.split("/")[:-1], None], True

        def verify(url: str, environ: Any) -> Any:
            rest = mapper.sub_domains, mapper.sub_domains_ignore, mapper.domain_match
            return url.startswith(prefix) and route.match(url, environ, *rest)

        return Rule(route, heads=heads, more=more, verify=verify, tells=False)
    names = {name for _, name, _ in variables} | ({tail[1]} if tail else set())
    return Rule(
        route,
        heads=heads,
        more=more,
        variables=variables,
        tail=tail,
        defaults={key: route.defaults[key] for key in route._default_keys if key not in names},
        methods=methods,
        condition=conditions.get("function"),
        tells=False,
    )


def _all_str(values: Iterable[Any]) -> bool:
    return all(type(value) is str for value in values)


def _shape(route: Any, converts: dict[str, Any]) -> Any:
    """See `rules.shape`; without variables where the route's expression is not what its parts should give."""

    def requirement(part: Any) -> str:
        return route.reqs.get(part["name"]) or {":": "[^/]+?", ".": "[^/.]+?"}.get(part["type"], ".+?")

    def crosses(part: Any) -> bool:
        return part["name"] == "controller" or may_contain(requirement(part), "/")

    def convert(part: Any) -> tuple[str, Any] | None:
        wanted = requirement(part)
        if part["type"] == "." or not simple(wanted):
            return None
        if wanted != "[^/]+?" and wanted not in converts:
            converts[wanted] = _convert(re.compile(wanted))
        return part["name"], converts.get(wanted)

    def tail(part: Any) -> tuple[str, str] | None:
        kind = _TAILS.get(requirement(part))
        if part["name"] == "controller" or part["type"] == "." or (kind == "*" and part["name"] in route.defaults):
            return None
        return (part["name"], kind) if kind else None

    parts = (re.escape(p) if isinstance(p, str) else f"(?P<{p['name']}>{requirement(p)})" for p in route.routelist)
    found = shape(route.routelist, crosses, convert, tail)
    return found if route.regexp == "^" + "".join(parts) + "$" else (*found[:2], None, None)


_TAILS = {".*": "*", ".*?": "*", ".+": "+", ".+?": "+"}


def _convert(wanted: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda text: text if wanted.fullmatch(text) else None
