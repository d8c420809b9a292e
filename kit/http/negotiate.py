"""Which of my offers does this client like best? (RFC 9110, 12.5)

>>> best("text/html, application/json;q=0.5", ("application/json", "text/html"))
'text/html'
>>> best("image/*", ("application/json", "text/html")) is None
True
>>> best_language("de-CH, en;q=0.7", ("en", "de")), best_encoding("gzip, br;q=0.9", ("br", "gzip"))
('de', 'gzip')

Of two offers the client likes equally the first wins; of two languages, the one the client named first. No header, or
one without a single well-formed element, accepts everything. Answers are cached by header and offers; of an over-long
header only the first 4,096 characters count.
"""

from __future__ import annotations

import re
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Params = frozenset[tuple[str, str]]

__all__ = ["best", "best_encoding", "best_language"]

_LONGEST = 4096
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+"?)++')  # a comma inside quotes does not end an element
_PART = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*+"?)++')
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def best(header: str | None, offers: Sequence[str]) -> str | None:
    """The media type of `offers` that `Accept: header` prefers; None if it takes none of them (then 406)."""
    return _media(_cut(header), tuple(offers))


def best_language(header: str | None, offers: Sequence[str]) -> str | None:
    """The BCP 47 tag of `offers` for `Accept-Language: header`; None if none fits.

    A range fits the tag itself, a longer tag (`de` takes `de-CH`, RFC 4647, 3.3.1) and, at last, a shorter one
    (`de-CH` falls back to `de`, 3.4).
    """
    return _language(_cut(header), tuple(offers))


def best_encoding(header: str | None, offers: Sequence[str]) -> str:
    """The content coding of `offers` for `Accept-Encoding: header`; "identity" where none is wanted (RFC 9110, 12.5.3).

    A client that sends no header is sent no coding. `identity` is also the answer to a client that refuses everything:
    such a client cannot be served better.
    """
    return _encoding(_cut(header), tuple(offers))


def _cut(header: str | None) -> str:
    if not header:
        return ""
    return header if len(header) <= _LONGEST else header[:_LONGEST].rpartition(",")[0]


@lru_cache(maxsize=512)
def _media(header: str, offers: tuple[str, ...]) -> str | None:
    ranges = [(name, params, weight) for name, params, weight in _elements(header) if name.count("/") == 1]
    if not ranges:
        return offers[0] if offers else None
    return _first_best(offers, [_media_weight(ranges, offer) for offer in offers])


def _media_weight(ranges: list[tuple[str, Params, float]], offer: str) -> float:
    """The weight of the most specific range that takes `offer` (RFC 9110, 12.5.1); 0 if none does."""
    name, params = _named(offer)
    major = name.partition("/")[0]
    ranks = {name: 2, f"{major}/*": 1, "*/*": 0}
    fits = [(ranks[kind], len(wanted), weight) for kind, wanted, weight in ranges if kind in ranks and wanted <= params]
    return max(fits)[2] if fits else 0.0


@lru_cache(maxsize=512)
def _language(header: str, offers: tuple[str, ...]) -> str | None:
    ranges = _weights(header)
    if not ranges:
        return offers[0] if offers else None
    tags = {offer.lower(): offer for offer in offers}
    free = [tag for tag in tags if _tag_weight(ranges, tag) != 0.0]
    for name in sorted(filter(ranges.__getitem__, ranges), key=ranges.__getitem__, reverse=True):
        found = _tag(name, free)
        if found is not None:
            return tags[found]
    return None


def _tag(name: str, tags: list[str]) -> str | None:
    """The tag that a range asks for: the same, a longer one, a shorter one."""
    if name == "*":
        return tags[0] if tags else None
    fitting = [tag for tag in tags if tag == name] or [tag for tag in tags if tag.startswith(name + "-")]
    while not fitting and "-" in name:
        name = name.rpartition("-")[0]
        fitting = [tag for tag in tags if tag == name]
    return fitting[0] if fitting else None


def _tag_weight(ranges: dict[str, float], tag: str) -> float | None:
    """The weight of the longest range that `tag` is or begins with."""
    while tag:
        if tag in ranges:
            return ranges[tag]
        tag = tag.rpartition("-")[0]
    return ranges.get("*")


@lru_cache(maxsize=512)
def _encoding(header: str, offers: tuple[str, ...]) -> str:
    ranges = _weights(header)
    rest = ranges.get("*", 0.0)
    plain = ranges.get("identity", 0.0)
    weights = [ranges.get(offer, rest) for offer in offers]
    found = _first_best(offers, [weight if weight >= plain else 0.0 for weight in weights])
    return "identity" if found is None else found


def _first_best(offers: tuple[str, ...], weights: list[float]) -> str | None:
    top = max(weights, default=0.0)
    return offers[weights.index(top)] if top else None


def _weights(header: str) -> dict[str, float]:
    """The elements of a header without parameters; of a repeated one the first counts."""
    made: dict[str, float] = {}
    for name, _, weight in _elements(header):
        made.setdefault(name, weight)
    return made


def _elements(header: str) -> list[tuple[str, Params, float]]:
    """The well-formed elements of a header as (name in lower case, parameters, weight)."""
    made = []
    for element in _ELEMENT.findall(header):
        name, params = _named(element)
        weight = next((value for key, value in params if key == "q"), "1")
        if _well_formed(name) and _WEIGHT.fullmatch(weight):
            made.append((name, frozenset(param for param in params if param[0] != "q"), float(weight)))
    return made


def _well_formed(name: str) -> bool:
    return all(_TOKEN.fullmatch(part) for part in name.split("/", 1))


def _named(element: str) -> tuple[str, Params]:
    name, *parts = _PART.findall(element) or [""]
    return name.strip(" \t").lower(), frozenset(_params(parts))


def _params(parts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for part in parts:
        key, _, value = part.strip(" \t").partition("=")
        if key:
            yield key.lower(), value.strip('"').lower()
