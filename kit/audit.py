"""The security event log: one JSON line per event, in OWASP's vocabulary, safe from log injection.

>>> lines = []
>>> event({"REMOTE_ADDR": "127.0.0.1", "kit.audit": lines.append}, "authn_login_fail", user="ann", clock=lambda: 0)
>>> lines[0]["event"], lines[0]["datetime"], lines[0]["level"]
('authn_login_fail', '1970-01-01T00:00:00.000Z', 'WARN')

Events go to the sink in `environ["kit.audit"]` (a callable that takes a dict), else to the logger "kit.audit" as JSON.
The layer `Audit(app, sink=…)` sets the sink: `Audit(app, sink=to_stream(sys.stderr))`. A sink that raises changes no
answer: the event goes to that logger instead, as an error that names what the sink raised (`sink_error`).

Names are those of OWASP's Logging Vocabulary (`authn_login_fail`, `session_created`, `malicious_csrf` …); what follows
a colon there (`authn_login_fail:ann`) goes into fields here. A field whose name sounds secret is masked.
"""

from __future__ import annotations

import json
import re
import time

from kit.wsgi import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TextIO
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    Sink = Callable[[dict[str, Any]], object]

__all__ = ["Audit", "event", "give", "line", "stamp", "to_stream", "utf8"]

_NAME = re.compile(r"[a-z][a-z0-9_]{2,63}")
_SECRET = re.compile(r"passw|secret|token|cookie|authorization|api_?key|session_?id|^sid$|otp|csrf", re.IGNORECASE)
_LONGEST = 1000  # characters of one value
# the levels that OWASP's vocabulary gives these events; all others are WARN
_LEVELS = {
    "INFO": "authn_login_success authn_login_successafterfail authn_password_change authn_token_created "
    "session_created session_renewed session_expired session_logout upload_complete upload_stored upload_delete",
    "CRITICAL": "authn_impossible_travel authn_token_reuse authz_fail session_use_after_expire malicious_attack_tool "
    "malicious_cors malicious_csrf malicious_direct_reference malicious_extraneous",
}
_LEVEL = {name: level for level, names in _LEVELS.items() for name in names.split()}


def event(environ: WSGIEnvironment, name: str, *, clock: Callable[[], float] = time.time, **fields: Any) -> None:
    """Record that `name` happened in this request, now (seconds since the epoch, by `clock`).

    Method, path, peer, host, request id and user are added from `environ`; `fields` may replace them. Never raises for
    what the client sent, nor for a sink that fails: a refusal stays a refusal while the disk is full. A name that is no
    OWASP-like name (lower case, digits, _) is a ValueError of the programmer.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no event name: write it like 'authn_login_fail'")
    made: dict[str, Any] = {"datetime": stamp(clock()), "level": _LEVEL.get(name, "WARN"), "event": name}
    made.update(_who(environ))
    made.update((key, _shown(key, value)) for key, value in fields.items() if key not in ("datetime", "level", "event"))
    sink: Sink | None = environ.get("kit.audit")
    if sink is None:
        _log(made)
    else:
        give(made, sink, "kit.audit")


def _who(environ: WSGIEnvironment) -> dict[str, str]:
    keys = {
        "source_ip": "REMOTE_ADDR",
        "host": "HTTP_HOST",
        "method": "REQUEST_METHOD",
        "path": "PATH_INFO",
        "request_id": "kit.request_id",
        "user": "kit.user",
        "useragent": "HTTP_USER_AGENT",
    }
    return {name: _cut(utf8(str(environ[key]))) for name, key in keys.items() if environ.get(key)}


def _shown(name: str, value: Any) -> Any:
    if _SECRET.search(name):
        return "***"
    return value if value is None or isinstance(value, bool | int | float) else _cut(str(value))


def utf8(text: str) -> str:
    """A WSGI string (bytes as Latin-1) as the text that was meant, where it is UTF-8; else as it is."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def stamp(seconds: float) -> str:
    """`seconds` since the epoch as RFC 3339 in UTC, to the millisecond."""
    whole, milli = divmod(round(seconds * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{milli:03d}Z"


_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def line(record: Mapping[str, Any]) -> str:
    """A record as one line of JSON in ASCII: no line break, no control character, no letter that turns text around."""
    return _encode(record)


def to_stream(stream: TextIO) -> Sink:
    """A sink that writes one line per event, at once."""

    def write(record: dict[str, Any]) -> None:
        stream.write(line(record) + "\n")
        stream.flush()

    return write


def give(record: dict[str, Any], sink: Sink, logger: str) -> None:
    """Give `record` to `sink`; if that raises an Exception, log both as an error to `logger`, and never raise one."""
    try:
        sink(record)
    except Exception as exc:
        _fallen(logger, {**record, "sink_error": repr(exc)})


def _fallen(logger: str, record: dict[str, Any]) -> None:
    import logging

    try:
        logging.getLogger(logger).error("%s", line(record))
    except Exception:  # standard error may be what the sink wrote to; then there is nobody left to tell
        return


def _log(record: dict[str, Any]) -> None:
    import logging

    levels = {"INFO": logging.INFO, "WARN": logging.WARNING, "CRITICAL": logging.CRITICAL}
    logging.getLogger("kit.audit").log(levels[record["level"]], "%s", line(record))


class Audit(Layer):
    """Sends the security events of the layers inside to `sink`."""

    provides = ("kit.audit",)

    def __init__(self, app: WSGIApplication, *, sink: Sink) -> None:
        super().__init__(app)
        self.sink = sink

    def before(self, environ: WSGIEnvironment) -> None:
        """Leave the sink in the environ."""
        environ["kit.audit"] = self.sink
