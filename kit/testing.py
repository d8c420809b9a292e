"""Call a WSGI app in a test: one request in, one whole answer out. Standard library only.

>>> def hello(environ, start_response):
...     start_response("200 OK", [("Content-Type", "text/plain")])
...     return [b"hello ", environ["PATH_INFO"].encode("latin-1")]
>>> answer = call(hello, "/you")
>>> answer.status, answer.text, answer.headers["content-type"]
(200, 'hello /you', 'text/plain')

It is for tests of layers and helpers. To click through an application, with forms, links and a cookie jar, use WebTest,
which takes any WSGI app: `webtest.TestApp(app).get("/")`.
"""

from __future__ import annotations

import json
import wsgiref.headers
from io import BytesIO, StringIO
from urllib.parse import unquote_to_bytes, urlencode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    Pairs = Mapping[str, str] | Iterable[tuple[str, str]]

__all__ = ["Headers", "Result", "call", "environ"]


class Headers(wsgiref.headers.Headers):
    """The headers of an answer: names in any case, `get_all` for repeated ones, KeyError for an absent one."""

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())


class Result:
    """What the app answered."""

    def __init__(self, status_line: str, headers: Sequence[tuple[str, str]], body: bytes, environ: Any) -> None:
        #: "404 Not Found"
        self.status_line = status_line
        #: 404
        self.status = int(status_line[:3])
        self.headers = Headers(list(headers))
        self.body = body
        #: the environ of the request, as the app and its layers left it
        self.environ: WSGIEnvironment = environ

    def __repr__(self) -> str:
        return f"<Result {self.status_line}, {len(self.body)} bytes>"

    @property
    def text(self) -> str:
        """The body, decoded by the charset of Content-Type (UTF-8 where there is none)."""
        _, _, charset = (self.headers.get("Content-Type") or "").partition("charset=")
        return self.body.decode(charset.split(";")[0].strip(' "') or "utf-8")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def environ(
    path: str = "/",
    *,
    method: str = "GET",
    query: str | Mapping[str, Any] = "",
    headers: Pairs | None = None,
    body: bytes | str = b"",
    environ: Mapping[str, Any] | None = None,
) -> WSGIEnvironment:
    """A valid WSGI environ (PEP 3333). `path` is as on the wire (`/caf%C3%A9`, or with the letters themselves) and may
    carry its `?query`; `environ` adds keys or replaces any.

    >>> environ("/a%20b?x=1", headers={"X-Y": "z"})["PATH_INFO"]
    '/a b'
    """
    path, mark, behind = path.partition("?")
    if mark and not query:
        query = behind
    data = body.encode() if isinstance(body, str) else body
    made: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query if isinstance(query, str) else urlencode(query, doseq=True),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(data),
        "wsgi.errors": StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if data:
        made["CONTENT_LENGTH"] = str(len(data))
    made.update(_header_keys(headers or {}))
    made.update(environ or {})
    return made


def _header_keys(headers: Pairs) -> dict[str, str]:
    keys: dict[str, str] = {}
    for name, value in headers.items() if hasattr(headers, "items") else headers:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        joint = "; " if key == "HTTP_COOKIE" else ", "
        keys[key] = keys[key] + joint + value if key in keys else value
    return keys


_environ = environ  # `call` has an argument of that name


def call(
    app: WSGIApplication,
    path: str = "/",
    *,
    method: str = "GET",
    query: str | Mapping[str, Any] = "",
    headers: Pairs | None = None,
    body: bytes | str = b"",
    environ: Mapping[str, Any] | None = None,
) -> Result:
    """Send one request and read the whole answer; the body is closed, as a server does it. Arguments as for `environ`.

    What the app raises comes through. `write()` and `exc_info` work as under a server that sends with the first chunk.
    """
    request = _environ(path, method=method, query=query, headers=headers, body=body, environ=environ)
    head: list[Any] = []
    chunks: list[bytes] = []

    def start(status: str, headers: Any, exc_info: Any = None, /) -> Callable[[bytes], object]:
        if exc_info is not None and any(chunks):
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and head:
            raise RuntimeError("start_response was called a second time, without exc_info")
        head[:] = status, headers
        return chunks.append

    answer = app(request, start)
    try:
        for chunk in answer:
            if not head:
                raise RuntimeError("a chunk of the body came before start_response was called")
            chunks.append(chunk)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    if not head:
        raise RuntimeError("the app never called start_response")
    return Result(head[0], head[1], b"".join(chunks), request)
