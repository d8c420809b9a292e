"""Kept: sessions in a store, one entry each, saved by compare-and-swap so that no update is lost.

The cookie holds 256 random bits; the store knows only their SHA-256. How the operations of a request get in:

- nothing was there: insert, and tell the browser the new id;
- something was: swap the version that was read for one with the operations applied. If somebody was faster, read again,
  apply the operations to that, and try again. If the entry is gone, has moved to another id, or was cleared meanwhile,
  the operations are void, and the browser gets no cookie: whoever ended or moved the session has told it already;
- a new id: insert under the new id, then swap the old entry for a mark; what came into the old entry between the two is
  merged. The mark dies after some seconds, in which late requests with the old id learn that they have lost, and do not
  begin a session whose cookie would take the place of the new one;
- an id that is only getting old (`renew`): the same, but the mark leads on to the new entry for a minute. Requests with
  the old id go on; after some seconds they get a new id too, for the answer that told it may have been lost.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from kit.audit import event
from kit.errors import Unavailable
from kit.seal import BrokenSeal
from kit.sessions.devices import devices_of, revoke_owner
from kit.sessions.errors import SessionConflict
from kit.sessions.ids import is_id, key_of, new_id
from kit.sessions.row import Row, apply, decode, encode, mark, moved_to
from kit.stores import check_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

    from kit.sessions.devices import Device
    from kit.sessions.session import Session
    from kit.sessions.terms import Terms
    from kit.stores import Entry, Store

__all__ = ["Kept"]

_MARK = 15.0  # seconds that a mark stays: longer than requests overlap, shorter than a user waits
_GRACE = 60.0  # seconds for which a replaced id leads on
_DELIVERED = 5.0  # seconds in which a browser has its new id, if the answer has arrived
_TRIES = 50


class Kept:
    """Sessions in `store`; `sleep` waits between two tries."""

    refuses: frozenset[str] = frozenset()

    def __init__(self, store: Store, terms: Terms, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self.store, self._terms, self._sleep = store, terms, sleep

    def now(self) -> float:
        """The time, in seconds since 1970."""
        return self._terms.clock()

    def load(self, session: Session, environ: WSGIEnvironment) -> None:
        """Read the entry that the cookie names; whatever is not a live session of ours is a new one."""
        check_process(self.store, environ)
        session_id = self._terms.cookie(environ) or ""
        session._id = session_id if is_id(session_id) else ""
        entry = self._entry(session, environ, session_id) if session._id else None
        row = self._row(session, entry, environ) if entry is not None else None
        if session._id and row is None and not (session._lost or session._down):
            event(environ, "session_expired")  # or an id that somebody has invented
        if entry is None or row is None or self._terms.too_old(row):
            entry, row, session._id = None, self._terms.new_row(environ), ""
        else:
            session._owner = entry.owner
        session._become(entry, row)

    def _entry(self, session: Session, environ: WSGIEnvironment, session_id: str) -> Entry | None:
        try:
            return self._follow(key_of(session_id))
        except BrokenSeal as exc:
            event(environ, "crypt_decrypt_fail", what="session", reason=exc.reason)
        except Unavailable:
            session._down = True
            if self._terms.when_down == "refuse":
                raise
        return None

    def _row(self, session: Session, entry: Entry, environ: WSGIEnvironment) -> Row | None:
        try:
            row = decode(entry.value)
        except ValueError:
            event(environ, "crypt_decrypt_fail", what="session", reason="form")
            return None
        session._lost = row is None
        replaced = row is not None and entry.key != key_of(session._id)
        session._stale = replaced and row is not None and row.issued + _DELIVERED <= self.now()
        return row

    def _follow(self, key: str) -> Entry | None:
        """The entry under `key`, or where the marks of ids that were only replaced lead."""
        entry = self.store.get(key)
        for _ in range(8):
            onward = moved_to(entry.value, same=True) if entry is not None else None
            if not onward:
                break
            entry = self.store.get(onward)
        return entry

    def save(self, session: Session, environ: WSGIEnvironment) -> str | None:
        """Commit what the request did."""
        ended = self.end(session, environ)
        due = session._stale or self._terms.outdated(session._read())
        if session._base is not None and due and not session._rotate:
            return self._renew(session, session._base, environ)
        if not (session._ops or session._wanted or session._rotate):
            self._touch(session)
            return ended
        if session._down:
            raise Unavailable("the session could not be read, so it cannot be written")
        if session._lost:
            self._void(session, environ)
            return None
        if session._base is None:
            return self._create(session, environ)
        move = self._move if session._rotate else self._merge
        return move(session, session._base, environ)

    def end(self, session: Session, environ: WSGIEnvironment) -> str | None:
        """Commit nothing but what was revoked."""
        for entry in session._revoked:
            self._end(entry)
            event(environ, "session_logout", owner=entry.owner)
        return "" if session._revoked else None

    def _touch(self, session: Session) -> None:
        """Put off the expiry of a session that was read, at most once a minute; nothing is lost if it fails."""
        base, row = session._base, session._row
        if base is None or row is None:
            return
        if self._terms.due(row, base.expires):
            try:
                self.store.touch(base.key, ttl=self._terms.ttl(row))
            except Unavailable:
                return

    def _create(self, session: Session, environ: WSGIEnvironment) -> str:
        session._id = session._id or new_id()
        self._add(session, session._read())
        event(environ, "session_created", owner=session._owner)
        self._cap(session)
        return session._id

    def _add(self, session: Session, row: Row) -> None:
        """Insert `row` under the session's id."""
        self._dress(session, row)
        value, ttl = encode(row, self._terms.limit), self._terms.ttl(row)
        if not self.store.add(key_of(session._id), value, ttl=ttl, owner=session._owner):
            raise SessionConflict("the id of a new session is taken", hint="try again")

    def _cap(self, session: Session) -> None:
        """End the oldest sessions of a user who has too many."""
        if self._terms.most and session._owner is not None:
            others = [device for device in devices_of(self.store, session._owner) if device.key != key_of(session._id)]
            others.sort(key=lambda device: device.expires, reverse=True)
            for device in others[self._terms.most - 1 :]:
                device.revoke()

    def _dress(self, session: Session, row: Row) -> None:
        """What a rotation changes beside the id."""
        if session._rotate:
            row.renewed, row.issued, row.tag = session._renewed, session._renewed, session._tag

    def _renew(self, session: Session, base: Entry, environ: WSGIEnvironment) -> str | None:
        """Replace the id because of its age; if somebody else writes or does it at this moment, leave it to them."""
        row, fresh, before = session._read(), new_id(), session._read().issued
        row.issued = self.now()
        value, ttl, key = encode(row, self._terms.limit), self._terms.ttl(row), key_of(fresh)
        if self.store.add(key, value, ttl=ttl, owner=session._owner):
            if self.store.swap(base.key, mark(key, same=True), version=base.version, ttl=_GRACE):
                event(environ, "session_renewed", owner=session._owner)
                return fresh
            self.store.remove(key)
        row.issued = before
        if session._ops:
            self._merge(session, base, environ)
        return None

    def _swap(self, base: Entry, row: Row) -> bool:
        """Put `row` in the place of `base`, unless somebody was faster."""
        value, ttl = encode(row, self._terms.limit), self._terms.ttl(row)
        return self.store.swap(base.key, value, version=base.version, ttl=ttl)

    def _merge(self, session: Session, base: Entry, environ: WSGIEnvironment) -> None:
        """Swap in the row with the operations applied, on whatever state it has by now."""
        row = session._read()
        for attempt in range(_TRIES):
            if self._swap(base, row):
                return None
            again = self._again(session, base.key, attempt)
            if again is None:
                return self._void(session, environ)
            base, row = again
            apply(row, session._ops)
        raise SessionConflict("too many requests write to this session at once", hint="try again")

    def _move(self, session: Session, base: Entry, environ: WSGIEnvironment) -> str | None:
        """Rotate: the row under the new id, a mark under the old one, and nothing lost in between."""
        key = key_of(session._id)
        self._add(session, session._read())
        for attempt in range(_TRIES):
            if self.store.swap(base.key, mark(key), version=base.version, ttl=_MARK):
                event(environ, "session_renewed", owner=session._owner)
                self._cap(session)
                return session._id
            again, moved = self._again(session, base.key, attempt), self.store.get(key)
            if again is None or moved is None:
                self.store.remove(key)
                self._void(session, environ)
                return None
            base, row = again
            apply(row, session._ops)
            self._dress(session, row)
            self._swap(moved, row)
        self.store.remove(key)
        raise SessionConflict("too many requests write to this session at once", hint="try again")

    def _end(self, entry: Entry | None) -> None:
        """End a session, and the one it has moved to in the meantime."""
        for attempt in range(_TRIES):
            if entry is None:
                return
            onward = moved_to(entry.value)
            if onward is not None:
                entry = self.store.get(onward) if onward else None
            elif self.store.swap(entry.key, mark(""), version=entry.version, ttl=_MARK):
                return
            else:
                self._pause(attempt)
                entry = self.store.get(entry.key)
        raise SessionConflict("too many requests write to this session at once", hint="try again")

    def _again(self, session: Session, key: str, attempt: int) -> tuple[Entry, Row] | None:
        """The entry as it is by now, after a pause; None if it takes no more writes of this request."""
        self._pause(attempt)
        entry = self._follow(key)
        row = decode(entry.value) if entry is not None else None
        return None if entry is None or row is None or row.epoch != session._epoch else (entry, row)

    def _pause(self, attempt: int) -> None:
        if attempt:  # the first time, there is somebody who has just finished
            self._sleep(random.uniform(0.002, 0.016))

    def _void(self, session: Session, environ: WSGIEnvironment) -> None:
        session._lost = True
        event(environ, "session_use_after_expire")

    def claim(self, session: Session) -> list[list[str]]:
        """Take the kept flash messages, so that no other request gets them."""
        base, row = session._base, session._read()
        if base is None:
            taken, row.flashes = row.flashes, []
            return taken
        again: tuple[Entry, Row] | None = (base, decode(base.value) or row)
        for attempt in range(_TRIES):
            if again is None:
                session._lost = True
                return []
            base, row = again
            taken, row.flashes = row.flashes, []
            if not taken:
                session._become(base, row)
                return []
            if self._swap(base, row):
                break
            again = self._again(session, base.key, attempt)
        else:
            raise SessionConflict("too many requests write to this session at once", hint="try again")
        again = self._again(session, base.key, 0)  # its new version, and what others have done since
        if again is None:
            session._lost = True
        else:
            session._become(*again)
        return taken

    def revoke_others(self, session: Session) -> int:
        """End the owner's other sessions; how many."""
        mine = session._base.key if session._base is not None else ""
        return revoke_owner(self.store, session._owner, keep=mine) if session._owner is not None else 0

    def devices(self, session: Session) -> list[Device]:
        """The owner's live sessions, the latest first."""
        mine = session._base.key if session._base is not None else ""
        owner = session._owner
        return devices_of(self.store, owner, idle=self._terms.idle, current=mine) if owner is not None else []
