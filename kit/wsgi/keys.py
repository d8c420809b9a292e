"""The environ keys of kit: one owner each. SPEC.md prints this table; the messages of `check` name the owners from it.

>>> KEYS["kit.session"][1]
'kit.sessions.Sessions'
"""

from __future__ import annotations

__all__ = ["KEYS"]

#: key -> (what its value is, the dotted name of its owner)
KEYS: dict[str, tuple[str, str]] = {
    "kit.request_id": ("str", "kit.observe.RequestId"),
    "kit.host": ("str: the checked host, or the configured canonical origin's", "kit.security.TrustedHosts"),
    "kit.nonce": ("str-like, drawn lazily; drawing it after the head has left raises", "kit.security.Headers"),
    "kit.db": ("the database handle of this request", "kit.data.PerRequest"),
    "kit.session": ("`Session`; raises when written after the head has left", "kit.sessions.Sessions"),
    "kit.user": ("str id or None", "kit.security.Login"),
    "kit.csrf": ("callable -> token str (masked afresh); as lazy as the nonce", "kit.security.Csrf"),
    "kit.url": ("callable(name, /, **args) -> str", "kit.routing.Router"),
    "kit.locale": ("BCP 47 tag", "kit.render.Locale"),
    "kit.audit": ("the sink of security events: callable(record)", "kit.audit.Audit"),
    "kit.problem": ("the `Problem` that answers, set when it is called: ErrorPages restyles it", "kit.http"),
    "wsgiorg.routing_args": ("`((), dict)`", "kit.routing.Router"),
    "webob.adhoc_attrs": ("the application's own; kit never writes there", "the application"),
}
