"""SealedCookie: the whole session in an encrypted cookie, for an app that wants no store.

    app = Sessions(app, store=SealedCookie(KeyRing.load("keys")))
    app = Sessions(app, store=SealedCookie(keys, epochs=open_store("sqlite:///app.db")))     # revocable

Its limits, which no cookie can lift:

- of overlapping requests the last answer wins, whole. So `incr`, `push` and `alter`, whose promise is to lose nothing,
  are refused unless `lossy=True`; a slow request may undo a login of the same moment.
- who has a copy of an old cookie can send it again: what is in it may go back in time. Keep nothing in it that must be
  used up (a coupon, a counter of failures).
- without `epochs`, logout deletes the browser's cookie and no more; a stolen one works until it expires. With them,
  each user has a small entry in a store, read once in a request that uses the session: logout, `rotate`,
  `revoke_others` and `revoke_owner(epochs, owner)` then count at once. `devices()` needs a store of sessions.
- 4,096 bytes with name and attributes; more is a `SessionTooLarge` that names the biggest key.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kit.audit import event
from kit.errors import ConfigError, KitError, Unavailable
from kit.seal import BrokenSeal, KeyRing, Sealer
from kit.sessions.cookie import text_for
from kit.sessions.epochs import Epochs
from kit.sessions.ids import new_id
from kit.sessions.row import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIEnvironment

    from kit.sessions.devices import Device
    from kit.sessions.row import Row
    from kit.sessions.session import Session
    from kit.sessions.terms import Terms
    from kit.stores import Store

__all__ = ["Carried", "SealedCookie"]

_LARGEST = 4096  # bytes of name, value and attributes that every browser keeps (RFC 6265, 6.1)
_SEAL = 37  # bytes that sealing adds


class SealedCookie:
    """Keys (a KeyRing or what makes one) to seal sessions with; `epochs` is a store that makes them revocable."""

    def __init__(
        self,
        keys: KeyRing | str | bytes | Iterable[str | bytes],
        *,
        epochs: Store | None = None,
        lossy: bool = False,
    ) -> None:
        self.sealer = Sealer(KeyRing(keys), "session-cookie")
        self.epochs = epochs
        self.lossy = lossy

    def close(self) -> None:
        """Close the store of epochs."""
        close = getattr(self.epochs, "close", None)
        if close is not None:
            close()


class Carried:
    """The sessions of a `SealedCookie`."""

    def __init__(self, options: SealedCookie, terms: Terms) -> None:
        if terms.most or terms.renew:
            what = "sealed cookies can neither be counted nor replaced by age: most and renew are for a store"
            raise ConfigError(what, hint="open_store(url), or leave them 0")
        self._sealer, self._terms = options.sealer, terms
        self._epochs = Epochs(options.epochs, terms.absolute) if options.epochs is not None else None
        self.refuses = frozenset() if options.lossy else frozenset(("incr", "push", "alter"))

    def now(self) -> float:
        """The time, in seconds since 1970."""
        return self._terms.clock()

    def load(self, session: Session, environ: WSGIEnvironment) -> None:
        """Open the cookie; whatever is not a live session of ours is a new one."""
        text = self._terms.cookie(environ)
        row = self._opened(session, text, environ) if text else None
        session._become(None, row or self._terms.new_row(environ))

    def _opened(self, session: Session, text: str, environ: WSGIEnvironment) -> Row | None:
        try:
            raw = self._sealer.open(text, bound=self._terms.cookie_name(environ).encode())
        except BrokenSeal as exc:
            event(environ, "crypt_decrypt_fail", what="session cookie", reason=exc.reason)
            return None
        head, _, body = raw.partition(b"\n")
        fields, row = json.loads(head), decode(body)
        if row is None or fields["until"] <= self.now() or self._terms.too_old(row):
            return None
        owner: str | None = fields["owner"]
        try:
            if self._epochs and owner is not None and not self._epochs.holds(owner, fields["epoch"], fields["id"]):
                event(environ, "session_use_after_expire", owner=owner)
                return None
        except Unavailable:
            session._down = True
            if self._terms.when_down == "refuse":
                raise
            return None
        session._id, session._owner, session._kept = fields["id"], owner, fields
        return row

    def save(self, session: Session, environ: WSGIEnvironment) -> str | None:
        """Commit: the new cookie, if the session changed, or if its expiry must be put off."""
        ended = self.end(session, environ)
        fields = session._kept
        due = fields is not None and self._terms.due(session._read(), fields["until"])
        if not (session._ops or session._wanted or session._rotate or due):
            return ended
        if session._down:
            raise Unavailable("the session could not be read, so it cannot be written")
        if fields is None or session._rotate:
            event(environ, "session_created" if fields is None else "session_renewed", owner=session._owner)
        return self._sealed(session, environ)

    def end(self, session: Session, environ: WSGIEnvironment) -> str | None:
        """Commit nothing but what was revoked."""
        for fields in session._revoked:
            if self._epochs and fields["owner"] is not None:
                self._epochs.end(fields["owner"], fields["id"])
            event(environ, "session_logout", owner=fields["owner"])
        return "" if session._revoked else None

    def _sealed(self, session: Session, environ: WSGIEnvironment) -> str:
        row, name, owner = session._read(), self._terms.cookie_name(environ), session._owner
        row.renewed, row.tag = session._renewed or row.renewed, session._tag or row.tag
        kept, epoch = session._kept, session._kept["epoch"] if session._kept is not None else ""
        if self._epochs and owner is not None and (session._rotate or not epoch):
            if kept is not None and kept["owner"] is not None:
                self._epochs.end(kept["owner"], kept["id"])  # the old id is dead at once
            epoch = self._epochs.current(owner)
        session._id = session._id or new_id()
        fields = {"id": session._id, "owner": owner, "until": self.now() + self._terms.ttl(row), "epoch": epoch}
        head = json.dumps(fields, separators=(",", ":")).encode() + b"\n"
        attributes = len(text_for(name, "", age=int(self._terms.absolute), same_site="Strict"))
        room = (_LARGEST - attributes) * 3 // 4 - _SEAL - len(head) - 2
        return self._sealer.seal(head + encode(row, room), bound=name.encode())

    def claim(self, session: Session) -> list[list[str]]:
        """The flash messages that the cookie carried; the new one carries them no more."""
        row = session._read()
        taken, row.flashes = row.flashes, []
        session._wanted = session._wanted or session._kept is not None
        return taken

    def revoke_others(self, session: Session) -> int:
        """End the owner's other sessions. How many there were, no cookie tells: 0."""
        if self._epochs is None:
            raise KitError("sealed cookies cannot be revoked", hint="give SealedCookie a store: epochs=…")
        if session._owner is not None:
            epoch = self._epochs.renew(session._owner)
            if session._kept is not None:
                session._kept, session._wanted = {**session._kept, "epoch": epoch}, True
        return 0

    def devices(self, session: Session) -> list[Device]:
        """Nobody knows them."""
        raise KitError("sealed cookies are not listed anywhere", hint="keep the sessions in a store: open_store(url)")
