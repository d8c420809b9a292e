"""What can go wrong with a session; see `kit.errors` for the root of them all."""

from __future__ import annotations

from kit.errors import KitError, TooLarge, Unavailable

__all__ = ["SessionConflict", "SessionTooLarge", "TooLate"]


class TooLate(KitError):
    """The session was used after the head of the answer had left, when nothing can be saved or declared any more."""


class SessionTooLarge(TooLarge):
    """The session does not fit its limit; the text names the biggest key. It is a fault of the application: 500."""

    status = 500


class SessionConflict(Unavailable):
    """So many requests wrote to one session at once that this one never got its turn: 503, nothing was saved."""
