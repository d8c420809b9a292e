"""The debug page: what was raised, where, in which layer, and with what; HTML, or problem+json for other clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kit.http import Problem
from kit.http.negotiate import best
from kit.render.debug import Frame, frames, masked, masked_query, outermost, raisers
from kit.render.escape import escape
from kit.wsgi import chain

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

__all__ = ["debug_answer", "errors_of"]


def errors_of(exc: BaseException) -> list[BaseException]:
    """The exception and what it came from, the first cause first."""
    found: list[BaseException] = []
    each: BaseException | None = exc
    while each is not None and each not in found:
        found.append(each)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return found[::-1]


def debug_answer(layer: Any, environ: WSGIEnvironment, exc: BaseException) -> WSGIApplication:
    """A WSGI app that shows `exc`. `layer` is the outermost app of the stack that is shown."""
    if best(environ.get("HTTP_ACCEPT"), ("application/problem+json", "text/html")) == "text/html":
        body = "".join(_page(layer, environ, exc)).encode()

        def page(environ: WSGIEnvironment, start_response: Any) -> list[bytes]:
            head = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
            start_response("500 Internal Server Error", [*head, ("Cache-Control", "no-store"), ("Vary", "Accept")])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

        return page
    found = frames(exc.__traceback__)
    where = [f"{frame.file}:{frame.line} in {frame.function}" for frame in found]
    return Problem(500, f"{type(exc).__name__}: {exc}", traceback=where)


def _page(layer: Any, environ: WSGIEnvironment, exc: BaseException) -> Iterator[str]:
    nonce = f' nonce="{escape(environ["kit.nonce"])}"' if "kit.nonce" in environ else ""
    nodes = list(chain(outermost(layer)).walk())
    through = raisers(exc.__traceback__, {id(node.app): node.name for node in nodes})
    title = escape(f"{type(exc).__name__}: {exc}")
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style{nonce}>{_STYLE}</style></head><body><main><h1>{escape(type(exc).__name__)}</h1>"
    yield f"<p class=what>{escape(str(exc))}</p>"
    yield f"<p>{escape(environ['REQUEST_METHOD'])} {escape(environ.get('PATH_INFO', ''))}"
    yield f", raised in <b>{escape(through[-1])}</b></p>" if through else "</p>"
    for error in errors_of(exc):
        yield f"<h2>{escape(type(error).__name__)}: {escape(str(error))}</h2>"
        found = frames(error.__traceback__)
        for place, frame in enumerate(found):
            yield from _frame(frame, open_=place == len(found) - 1 or frame.template)
    yield "<h2>The stack, outermost first</h2><ol class=stack>"
    for node in nodes:
        name = escape(node.name)
        yield f"<li>{f'<b>{name}</b>' if node.name in through[-1:] else name}"
        yield f" <small>{escape(' '.join(node.provides))}</small></li>"
    yield "</ol>"
    request = {key: environ[key] for key in environ if key.isupper()}
    request["QUERY_STRING"] = masked_query(environ.get("QUERY_STRING", ""))
    yield from _table("The request", request)
    yield from _table("kit and wsgi", {key: environ[key] for key in environ if not key.isupper()})
    for name, pane in layer.panes.items():
        yield from _table(name, _pane(pane, environ))
    yield "<h2>This request as a test</h2><button type=button id=copy>Copy</button>"
    yield f"<pre id=test>{escape(as_test(environ))}</pre></main><script{nonce}>{_SCRIPT}</script></body></html>"


def _frame(frame: Frame, *, open_: bool) -> Iterator[str]:
    kind = " class=template" if frame.template else ""
    yield f"<details{kind}{' open' if open_ else ''}><summary>{escape(frame.file)}:{frame.line}"
    yield f" <i>{escape(frame.function)}</i></summary><pre>"
    for number, text in frame.lines:
        yield f"{'<mark>' if number == frame.line else ''}{number:>5}  {escape(text)}"
        yield "</mark>\n" if number == frame.line else "\n"
    yield "</pre><dl>"
    for name, value in frame.names.items():
        yield f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
    yield "</dl></details>"


def _table(title: str, values: Mapping[str, Any]) -> Iterator[str]:
    yield f"<details><summary>{escape(title)}</summary><dl>"
    for name in sorted(values):
        yield f"<dt>{escape(name)}</dt><dd>{escape(masked(name, values[name]))}</dd>"
    yield "</dl></details>"


def _pane(pane: Any, environ: WSGIEnvironment) -> Mapping[str, Any]:
    """What a pane shows: a mapping as it is, a sequence numbered."""
    try:
        value = pane(environ)
    except Exception as exc:
        return {"failed": exc}
    rows = value if isinstance(value, list | tuple) else [value]
    return value if isinstance(value, Mapping) else {f"{number:3}": row for number, row in enumerate(rows, 1)}


def as_test(environ: WSGIEnvironment) -> str:
    """The request as a call of `kit.testing.call`, without its cookies and secrets."""
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = masked_query(environ.get("QUERY_STRING", ""))
    headers = {
        key[5:].replace("_", "-").title(): value
        for key, value in environ.items()
        if key in ("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_X_REQUESTED_WITH", "HTTP_HX_REQUEST")
    }
    lines = [
        f"answer = call(app, {path!r}, method={environ['REQUEST_METHOD']!r}, query={query!r}, headers={headers!r})"
    ]
    return "\n".join(["from kit.testing import call", "", *lines, "assert answer.status == 200", ""])


_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#1b1b1b;background:#fff}
main{max-width:70rem;margin:auto;padding:1rem}
h1{margin:.5rem 0 0;color:#a40000}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}.what{font-size:1.2rem;margin:.2rem 0}
pre{background:#f4f4f4;padding:.6rem;overflow:auto;margin:.3rem 0}mark{background:#ffd9d9;display:block;color:inherit}
details{border:1px solid #ccc;margin:.3rem 0;padding:.3rem .6rem}.template{border-color:#06c}summary{cursor:pointer}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;font:13px monospace;margin:.3rem 0}
dd{margin:0;overflow-wrap:anywhere}
"""
_SCRIPT = """
document.getElementById('copy').addEventListener('click',()=>{
navigator.clipboard.writeText(document.getElementById('test').textContent)})
"""
