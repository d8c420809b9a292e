"""Sessions that lose no update: overlapping requests add up, and a session that was ended stays ended.

    app = Sessions(app, store=open_store("sqlite:///app.db"))

and inside: `session = of(environ)`, a mapping with `incr`, `push`, `alter`, `flash`, `rotate`, `revoke` and more.
"""

from kit.sessions.carried import SealedCookie
from kit.sessions.devices import Device, revoke_owner
from kit.sessions.errors import SessionConflict, SessionTooLarge, TooLate
from kit.sessions.layer import Sessions, of
from kit.sessions.session import Flash, Session

__all__ = [
    "Device",
    "Flash",
    "SealedCookie",
    "Session",
    "SessionConflict",
    "SessionTooLarge",
    "Sessions",
    "TooLate",
    "of",
    "revoke_owner",
]
