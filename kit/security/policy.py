"""A Content-Security-Policy: checked when it is made, written fast for each response.

>>> Policy({"default-src": "'self'", "script-src": [NONCE, "'strict-dynamic'"]}).text("abc")
"default-src 'self'; script-src 'nonce-abc' 'strict-dynamic'"
>>> Policy({"img-src": "self"})
Traceback (most recent call last):
kit.errors.ConfigError: CSP img-src: self without quotes is a host name: write "'self'"

`NONCE` stands where the nonce of the response goes. A response that drew no nonce gets the policy without it, and a
directive that is empty then says 'none'. `STRICT` is the strict policy of CSP 3 and OWASP's cheat sheet; `merge` puts
changes on top of it.
"""

from __future__ import annotations

import re

from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Sources = str | Iterable[str] | None

__all__ = ["DIRECTIVES", "NONCE", "STRICT", "Policy", "merge"]

#: in a list of sources: the nonce of the response
NONCE = "'nonce'"

#: ASVS 5.0 3.4.3 and 3.4.6; CSP 3 "strict CSP": only scripts with the nonce, and those that they load, run
STRICT: Mapping[str, tuple[str, ...]] = {
    "default-src": ("'self'",),
    "script-src": (NONCE, "'strict-dynamic'"),
    "style-src": ("'self'", NONCE),
    "img-src": ("'self'", "data:"),
    "object-src": ("'none'",),
    "base-uri": ("'none'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'none'",),
}

_FETCH = "child connect default fenced-frame font frame img manifest media object prefetch script style worker"
#: every directive that is known here
DIRECTIVES = {f"{name}-src" for name in _FETCH.split()} | {
    *("script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr", "base-uri", "form-action"),
    *("frame-ancestors", "sandbox", "report-to", "report-uri", "require-trusted-types-for", "trusted-types"),
    *("upgrade-insecure-requests", "webrtc"),
}
_VALUELESS = {"upgrade-insecure-requests", "sandbox", "trusted-types"}
_WORDS = ("none", "self", "unsafe-inline", "unsafe-eval", "unsafe-hashes", "strict-dynamic", "wasm-unsafe-eval")
_BARE = re.compile(rf"(?:{'|'.join((*_WORDS, 'report-sample', 'nonce', 'script'))}|(?:nonce|sha256|sha384|sha512)-.*)")
_TEXT = re.compile(r"[!-+\--:<-~]+")  # visible ASCII without comma and semicolon


def merge(base: Mapping[str, tuple[str, ...]], changes: Mapping[str, Sources]) -> dict[str, tuple[str, ...]]:
    """`base` with each directive of `changes` in place of its own; None takes a directive away.

    >>> merge({"img-src": ("'self'",), "font-src": ("'none'",)}, {"img-src": "'self' https:", "font-src": None})
    {'img-src': ("'self'", 'https:')}
    """
    merged = dict(base)
    for name, sources in changes.items():
        if sources is None:
            merged.pop(name, None)
        else:
            merged[name] = tuple(sources.split() if isinstance(sources, str) else sources)
    return merged


class Policy:
    """`Policy(directives)`: `ConfigError` where a directive is unknown or a source cannot mean what it says."""

    __slots__ = ("_parts", "_plain", "directives")

    def __init__(self, directives: Mapping[str, Sources]) -> None:
        self.directives = merge({}, directives)
        for name, sources in self.directives.items():
            _check(name, sources)
        items = self.directives.items()
        self._plain = "; ".join(_directive(name, _without_nonce(sources)) for name, sources in items)
        self._parts = "; ".join(_directive(name, sources) for name, sources in items).split(NONCE)

    def text(self, nonce: str | None = None) -> str:
        """The header's value for a response with this nonce, or with none."""
        return self._plain if nonce is None else f"'nonce-{nonce}'".join(self._parts)


def _directive(name: str, sources: tuple[str, ...]) -> str:
    return " ".join((name, *sources))


def _without_nonce(sources: tuple[str, ...]) -> tuple[str, ...]:
    if NONCE not in sources:
        return sources
    rest = tuple(source for source in sources if source != NONCE)
    if not any(source.startswith("'sha") for source in rest):
        rest = tuple(source for source in rest if source != "'strict-dynamic'")  # it trusts nothing by itself
    return rest or ("'none'",)


def _check(name: str, sources: tuple[str, ...]) -> None:
    if name not in DIRECTIVES:
        raise ConfigError(f"CSP has no directive {name!r}", hint="see CSP 3, section 6")
    if not sources and name not in _VALUELESS:
        raise ConfigError(f"CSP {name} has no source", hint="give it \"'none'\", or None to leave it out")
    for source in sources:
        if not _TEXT.fullmatch(source):
            raise ConfigError(f"CSP {name}: {source!r} cannot stand in a policy", hint="no space, ';', ',' or control")
        if _BARE.fullmatch(source) and name not in ("trusted-types", "report-to"):
            raise ConfigError(f'CSP {name}: {source} without quotes is a host name', hint=f"write \"'{source}'\"")
    if "'none'" in sources and len(sources) > 1:
        raise ConfigError(f"CSP {name}: 'none' stands beside other sources", hint="'none' stands alone")
