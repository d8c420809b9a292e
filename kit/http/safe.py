"""Take a URL, a path or a file name from a stranger and come out unharmed.

>>> redirect_to("/posts?page=2", default="/"), redirect_to("//evil.example", default="/")
('/posts?page=2', '/')
>>> upload_name("../../etc/x.php.jpg"), content_disposition("naïve.txt")
('x_php.jpg', "attachment; filename=na_ve.txt; filename*=UTF-8''na%C3%AFve.txt")
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote

from kit.errors import ConfigError, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["Redirect", "content_disposition", "one_line", "redirect_to", "safe_join", "upload_name"]

_LONGEST_URL = 4096
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"
# WHATWG URL, 4.4: what a parser strips or takes for a slash. No honest link has any of it unescaped.
_SNEAKY = re.compile(r"[\x00-\x20\x7f\\]")
# a path that is, or by its dot segments becomes, one that begins with two slashes: a host for the next reader
_TWO_SLASHES = re.compile(r"/(?:(?:\.|%2e){1,2}/)*/", re.IGNORECASE)
_ORIGIN = re.compile(r"(https?)://((?:[a-z0-9_.-]+|\[[0-9a-f:.]+\]))(?::([0-9]{1,5}))?(?=[/?#]|$)", re.IGNORECASE)


class Redirect(str):
    """A URL that was checked. It is text, for a Location header or a link, and a WSGI app that sends the client there
    with 303 See Other (RFC 9110, 15.4.4), so a handler may return it."""

    __slots__ = ()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer (PEP 3333)."""
        start_response("303 See Other", [("Location", str(self)), ("Content-Length", "0")])
        return []


def redirect_to(url: str | None, *, default: str, allowed: Iterable[str] = ()) -> Redirect:
    """`url` if it leads to this site or to an origin in `allowed` ("https://sso.example"), else `default`.

    Only a path that begins with one slash, or a full http(s) URL of an allowed origin, passes: no other scheme, no
    user name, no backslash, no space or control character, nothing over 4,096 characters. `default` is yours and is not
    checked.
    """
    origins = {_origin(entry) for entry in allowed}
    return Redirect(_ascii(url if url and _leads_home(url, origins) else default))


def _leads_home(url: str, origins: set[str]) -> bool:
    if len(url) > _LONGEST_URL or _SNEAKY.search(url) or not _encodes(url):
        return False
    if url.startswith("/"):
        return not _TWO_SLASHES.match(url)
    found = _ORIGIN.match(url)
    return found is not None and _normal(found) in origins


def _origin(entry: str) -> str:
    found = _ORIGIN.fullmatch(entry.removesuffix("/"))
    if found is None:
        raise ConfigError(f"{entry!r} is no origin", hint="write scheme and host, as in 'https://example.com'")
    return _normal(found)


def _normal(found: re.Match[str]) -> str:
    scheme, host, port = found[1].lower(), found[2].lower(), found[3]
    usual = {"http": "80", "https": "443"}[scheme]
    return f"{scheme}://{host}:{int(port) if port else usual}"


def _encodes(url: str) -> bool:
    try:
        return bool(url.encode())
    except UnicodeEncodeError:
        return False


def _ascii(url: str) -> str:
    """`url` with letters beyond ASCII percent-encoded: a header carries nothing else."""
    return quote(url, safe=_URL_SAFE)


def safe_join(root: str | os.PathLike[str], *parts: str, hidden: bool = False) -> Path:
    """The real path of the file `parts` (each may hold slashes) below the folder `root`; it need not exist.

    `Missing` for everything that leaves the folder or might: an absolute part, `..`, a backslash, a colon, control
    characters, a symbolic link that leads out; and for names that begin with a dot, unless `hidden`.

    >>> safe_join("/no/such/folder", "ann", "photo.jpg").as_posix()
    '/no/such/folder/ann/photo.jpg'
    >>> safe_join("/no/such/folder", "../../etc/passwd")
    Traceback (most recent call last):
    kit.errors.Missing: no such file
    """
    from pathlib import Path

    names = [name for part in parts for name in part.split("/")]
    if not all(_plain_name(name, hidden) for name in names):
        raise Missing("no such file")
    base = os.path.realpath(root)
    try:
        path = os.path.realpath(os.path.join(base, *names))
    except (OSError, ValueError):
        raise Missing("no such file") from None
    if path != base and not path.startswith(base.rstrip(os.sep) + os.sep):
        raise Missing("no such file")
    return Path(path)


def _plain_name(name: str, hidden: bool) -> bool:
    if not name or name in (".", "..") or (name[0] == "." and not hidden) or _UNFIT.search(name):
        return False
    return os.name != "nt" or not (_RESERVED.match(name) or name[-1] in ". ")


_UNFIT = re.compile(r"[\x00-\x1f\x7f\\:/\ud800-\udfff]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)  # devices on Windows


def upload_name(name: str, *, longest: int = 100) -> str:
    """The name of an uploaded file, made safe to show, to store and to send: no folder, no control character, one
    extension, no leading dot, dash or tilde, at most `longest` characters; "file" where nothing is left.

    The extension is still only what the client says. Store files under names of your own.
    """
    from unicodedata import normalize

    name = name.replace("\\", "/").rpartition("/")[2]
    # not printable: control characters, and those that turn text around; the others are forbidden on some file system
    name = "".join(letter for letter in name if letter.isprintable() and letter not in '<>:"|?*')
    name = " ".join(normalize("NFC", name).split()).rstrip(". ").lstrip(".-~ ")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    stem = stem.replace(".", "_").strip(" ")
    if not re.fullmatch(r"[A-Za-z0-9]{1,10}", extension):
        stem, extension = f"{stem}_{extension}".strip("_") if extension else stem, ""
    stem = stem[: longest - len(extension) - 1].strip(" ") or "file"
    if _RESERVED.match(stem):
        stem = "_" + stem
    return f"{stem}.{extension}" if extension else stem


def one_line(text: str, *, longest: int = 1000) -> str:
    """`text` fit for a header of a mail or an answer, or a line of a log: no line break, no control character.

    >>> one_line("Hello\\r\\nBcc: all@example.com")
    'Hello  Bcc: all@example.com'
    """
    return "".join(letter if letter.isprintable() else " " for letter in text[:longest]).strip()


def content_disposition(name: str, *, inline: bool = False) -> str:
    """The header Content-Disposition for a download called `name` (RFC 6266, with RFC 8187 for other alphabets)."""
    kind = "inline" if inline else "attachment"
    name = "".join(letter for letter in name if letter.isprintable()) or "file"
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return f"{kind}; filename={plain}" + ("" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}")
