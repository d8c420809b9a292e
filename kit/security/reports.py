"""The sink for reports of a violated Content-Security-Policy: one audit event each, never more than 64 KiB read.

>>> from kit.testing import call
>>> report = '{"csp-report": {"blocked-uri": "inline", "effective-directive": "script-src"}}'
>>> call(take, method="POST", body=report, headers={"Content-Type": "application/csp-report"}).status
204

`Headers(app, report_to="/csp-reports")` puts it where browsers find it. Both forms are understood: `report-uri`
(application/csp-report) and the Reporting API (application/reports+json). Anybody can send reports, so they are
evidence, not truth.
"""

from __future__ import annotations

import json

from kit import audit
from kit.http.problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["take"]

#: the longest report that is read, in bytes
LIMIT = 64 * 1024
_MOST = 20  # reports in one request that are logged
_KINDS = ("application/csp-report", "application/reports+json", "application/json")
_SAY = ("document-uri", "documentURL", "blocked-uri", "blockedURL", "effective-directive", "effectiveDirective")


def take(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The WSGI app: 204; 405, 413, 415 and 400 for what is no report."""
    if environ["REQUEST_METHOD"] != "POST":
        return Problem(405, headers=[("Allow", "POST")])(environ, start_response)
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() not in _KINDS:
        return Problem(415, "This address takes reports of browsers.")(environ, start_response)
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LIMIT:
        return Problem(413, f"A report has at most {LIMIT} bytes.")(environ, start_response)
    try:
        found = json.loads(environ["wsgi.input"].read(int(length)))
    except (ValueError, RecursionError):
        return Problem(400, "This is no report.")(environ, start_response)
    for body in _bodies(found):
        fields: dict[str, Any] = {key.replace("-", "_"): str(body[key])[:500] for key in _SAY if key in body}
        audit.event(environ, "malicious_csp_violation", **fields)
    start_response("204 No Content", [])
    return []


def _bodies(found: Any) -> Iterator[dict[str, Any]]:
    reports = found if isinstance(found, list) else [found]
    for report in reports[:_MOST]:
        body = report.get("csp-report", report.get("body")) if isinstance(report, dict) else None
        if isinstance(body, dict):
            yield body
