"""Names and values of a query string or an urlencoded body, bounded and decoded once (WHATWG URL, 5.1).

>>> pairs(b"a=1&a=%C3%A9+x&b")
[('a', '1'), ('a', 'é x'), ('b', '')]

Only `&` separates. A `%` that no two hex digits follow stays as it is; what is no UTF-8 is `Malformed`.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from kit.errors import Malformed, TooLarge

__all__ = ["pairs"]


def pairs(data: bytes, *, limit: int = 1000, what: str = "the form") -> list[tuple[str, str]]:
    """The pairs in their order; `TooLarge` if there are more than `limit`."""
    if data.count(b"&") >= limit:
        raise TooLarge(f"{what} has more than {limit} fields")
    try:
        text = data.decode()
        if "%" not in text and "+" not in text:
            return [(name, value) for name, _, value in [part.partition("=") for part in text.split("&") if part]]
        return [
            (_unquoted(name), _unquoted(value))
            for name, _, value in [part.partition(b"=") for part in data.replace(b"+", b" ").split(b"&") if part]
        ]
    except UnicodeDecodeError:
        raise Malformed(f"{what} is not in UTF-8") from None


def _unquoted(data: bytes) -> str:
    return unquote_to_bytes(data).decode() if b"%" in data else data.decode()
