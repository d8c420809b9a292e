"""renders: one handler, one value, many formats; the client chooses.

>>> from kit.http import handler
>>> from kit.testing import call
>>> @handler
... @renders(html=lambda request, post: f"<h1>{escape(post['title'])}</h1>", json=True, csv=lambda post: [post])
... def show(request):
...     return {"id": 7, "title": "<New>"}
>>> call(show, headers={"Accept": "text/html"}).text
'<h1>&lt;New&gt;</h1>'
>>> call(show, headers={"Accept": "application/json"}).text
'{"id":7,"title":"<New>"}'
>>> call(show, query="format=csv").text
'id,title\\r\\n7,<New>\\r\\n'
>>> call(show, headers={"Accept": "image/png"}).status
406

Each option names a format, in the order in which a client without a wish is served:

- `html="post.html"` is a template of `templates=`; the value is passed to it as names if it is a mapping, else as `it`.
  A function `(request, value)` may give the page instead: text or a response.
- `json=True` encodes the value as it is; `json=shape` encodes `shape(value)`. The formats are those of
  `kit.render.formats.FORMATS`.
- `yaml=Format(media_type, encode)` is a format of your own.
- `select=True` lets the client choose: `?fields=id,title` leaves only these members of a record, or of each of a list.

`?format=csv` goes before the extension of the path (`/posts.csv`), and that before Accept. Nothing is done before the
choice: a request that accepts none of the formats gets 406 and changes nothing. `?_pretty` indents JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs

from kit.errors import ConfigError
from kit.http import Problem, Response
from kit.http.negotiate import best
from kit.http.signature import Signature
from kit.render.escape import escape
from kit.render.formats import FORMATS, JSON, Format, selected
from kit.render.pretty import indented
from kit.render.stream import Chunks
from kit.wsgi import environ_of

__all__ = ["Offer", "choose", "escape", "renders"]


class Pages(Protocol):
    """What makes the HTML: `Templates`, or anything else with such a method."""

    def response(self, environ_or_request: Any, name: str, /, **context: Any) -> Response:
        """The page `name`."""
        ...


#: a template's name, a function, True, or a format
Option = str | bool | Format | Callable[..., Any]


class Offer(NamedTuple):
    """One format that a handler offers: `answer(request, value)` makes the response."""

    name: str
    media_type: str
    answer: Callable[[Any, Any], Response]


def renders(
    *, templates: Pages | None = None, select: bool = False, **formats: Option
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a handler whose return value leaves in one of `formats`.

    A handler may return `(value, status)`; a response that it returns goes out as it is.
    """
    if not formats:
        raise ConfigError("renders() offers no format", hint="@renders(html='post.html', json=True)")
    offers = tuple(_offer(name, option, templates) for name, option in formats.items())

    def decorate(fn: Callable[..., Any]) -> Callable[..., Any]:
        signature = Signature(fn)

        @wraps(fn)
        def answer(request: Any, /, **args: Any) -> Any:
            environ = environ_of(request)
            offer = choose(environ, offers)
            if offer is None:
                return _none_of(offers)
            how = signature.request_for(frozenset(args))
            value = fn(request, **args) if how == "*" else fn(**args, **({how: request} if how else {}))
            return _response(request, offer, value, _fields(environ) if select and offer.name != "html" else None)

        return answer

    return decorate


def choose(environ: Mapping[str, Any], offers: tuple[Offer, ...]) -> Offer | None:
    """The offer that this request asks for by `?format`, by its path's extension or by Accept; None: 406."""
    query = environ.get("QUERY_STRING", "")
    wanted = parse_qs(query).get("format", [""])[-1] if "format=" in query else ""
    if wanted:
        return next((offer for offer in offers if offer.name == wanted), None)
    _, dot, extension = environ.get("PATH_INFO", "").rpartition("/")[2].rpartition(".")
    if dot:
        for offer in offers:
            if offer.name == extension:
                return offer
    kinds = tuple(offer.media_type for offer in offers)
    kind = best(environ.get("HTTP_ACCEPT"), kinds)
    return None if kind is None else offers[kinds.index(kind)]


def _none_of(offers: tuple[Offer, ...]) -> Problem:
    available = [{"format": offer.name, "type": offer.media_type} for offer in offers]
    detail = f"this comes as {', '.join(offer.media_type for offer in offers)}"
    return Problem(406, detail, headers=[("Vary", "Accept")], available=available)


def _fields(environ: Mapping[str, Any]) -> list[str] | None:
    """The names in `?fields`; None for all."""
    found = parse_qs(environ.get("QUERY_STRING", "")).get("fields")
    return found[-1].split(",") if found else None


def _response(request: Any, offer: Offer, value: Any, fields: list[str] | None = None) -> Any:
    status = None
    if isinstance(value, tuple) and len(value) == 2:
        value, status = value
    if callable(value) and not isinstance(value, Mapping):
        return value
    answer = offer.answer(request, value if fields is None else selected(value, fields))
    if status is not None:
        answer.status = status
    answer.vary = tuple(dict.fromkeys((*(answer.vary or ()), "Accept")))
    return answer


def _offer(name: str, option: Option, templates: Pages | None) -> Offer:
    if name == "html":
        return Offer("html", "text/html", _page(option, templates))
    if isinstance(option, Format):
        return Offer(name, *_encoded(option, _same))
    if name not in FORMATS:
        raise ConfigError(f"renders() knows no format {name!r}", hint=f"{name}=Format(media_type, encode)")
    if option is True:
        return Offer(name, *_encoded(FORMATS[name], _same))
    if callable(option):
        return Offer(name, *_encoded(FORMATS[name], option))
    raise ConfigError(f"{name}={option!r} is no option of renders()", hint=f"{name}=True, a function or a Format")


def _same(value: Any) -> Any:
    return value


def _encoded(form: Format, shape: Callable[[Any], Any]) -> tuple[str, Callable[[Any, Any], Response]]:
    media_type, encode = form

    def answer(request: Any, value: Any) -> Response:
        pretty = encode is JSON.encode and "_pretty" in environ_of(request).get("QUERY_STRING", "")
        body = (indented if pretty else encode)(shape(value))
        made = Response(status=200)
        made.headers["Content-Type"] = media_type
        if isinstance(body, Iterator):
            made.app_iter = Chunks(body)
        else:
            made.body = body.encode() if isinstance(body, str) else body
        return made

    return media_type.partition(";")[0], answer


def _page(option: Any, templates: Pages | None) -> Callable[[Any, Any], Response]:
    if callable(option):

        def made(request: Any, value: Any) -> Any:
            page = option(request, value)
            return Response(body=str(page).encode(), charset="utf-8") if isinstance(page, str) else page

        return made
    if templates is None or not isinstance(option, str):
        raise ConfigError(
            f"html={option!r} needs templates", hint="@templates.renders(html='post.html'), or a function"
        )

    def page(request: Any, value: Any) -> Response:
        names = dict(value) if isinstance(value, Mapping) else {"it": value}
        return templates.response(request, option, **names)

    return page
