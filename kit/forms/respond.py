"""The answer that shows a form again: a page for people, problem+json (RFC 9457) for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from kit.forms.node import Error
from kit.http import Problem, Response
from kit.http.negotiate import best
from kit.wsgi import environ_of

__all__ = ["respond"]

_HTML, _JSON = ("text/html", "application/xhtml+xml"), ("application/problem+json", "application/json")


class _Form(Protocol):
    errors: tuple[Error, ...]

    @property
    def came_as_json(self) -> bool: ...

    def sentence(self, error: Error) -> str: ...


def respond(form: _Form, environ_or_request: Any, page: Callable[[Any], Any]) -> Any:
    """What `Changeset.respond` returns: see there."""
    if form.errors and _wants_json(form, environ_or_request):
        return Problem(422, "Some values are not right.", errors=[_described(form, error) for error in form.errors])
    answer = page(form)
    if isinstance(answer, str | bytes):
        answer = Response(answer)
    if form.errors and getattr(answer, "status_code", None) == 200:
        try:
            answer.status_code = 422
        except AttributeError:  # Bottle has only .status to set
            answer.status = 422
    return answer


def _wants_json(form: _Form, environ_or_request: Any) -> bool:
    """A client without a preference gets what it sent."""
    offers = _JSON + _HTML if form.came_as_json else _HTML + _JSON
    return best(environ_of(environ_or_request).get("HTTP_ACCEPT"), offers) in _JSON


def _described(form: _Form, error: Error) -> dict[str, Any]:
    return {
        "path": error.path,
        "pointer": "#/" + error.path.replace(".", "/") if error.path else "#",
        "code": error.code,
        "params": dict(error.params),
        "detail": form.sentence(error),
    }
