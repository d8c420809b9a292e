"""Where a browser goes: the URL parser of the WHATWG standard (4.4), as far as it decides the host of an http(s) page.

It is written from the standard's states, not from kit's rules, and is itself compared with node's URL in test_safe.py.
"""

SPECIAL = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "file": None}
C0_OR_SPACE = "".join(map(chr, range(0x21)))


def destination(url, base_host="good.example", base_scheme="https"):
    """(scheme, authority) that `url` leads to from a page of base_host; None for a failure or another kind of URL."""
    url = url.strip(C0_OR_SPACE)
    url = url.replace("\t", "").replace("\n", "").replace("\r", "")
    scheme, rest = _scheme(url)
    if scheme is None:
        return _relative(url, base_scheme, base_host)
    if scheme not in SPECIAL or scheme == "file":
        return (scheme, "")
    slashes = len(rest) - len(rest.lstrip("/\\"))
    if scheme == base_scheme and not rest.startswith("//"):
        # "special relative or authority state": without two slashes it is relative to the base
        return _relative(rest, base_scheme, base_host)
    return _authority(rest[slashes:], scheme)


def _scheme(url):
    head, colon, rest = url.partition(":")
    if (
        colon
        and head[:1].isascii()
        and head[:1].isalpha()
        and all(c.isascii() and (c.isalnum() or c in "+-.") for c in head)
    ):
        return head.lower(), rest
    return None, url


def _relative(url, scheme, host):
    if len(url) >= 2 and url[0] in "/\\" and url[1] in "/\\":
        return _authority(url.lstrip("/\\"), scheme)
    return (scheme, host)


def _authority(rest, scheme):
    end = min((rest.index(c) for c in "/\\?#" if c in rest), default=len(rest))
    authority = rest[:end].rpartition("@")[2]
    return (scheme, authority.lower()) if authority else None
