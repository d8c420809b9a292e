"""The live sessions of one user: list them, end one, end all.

for device in session.devices():
    print(device.agent, device.seen, device.current)
device.revoke()
revoke_owner(store, user.id)        # outside a request: after a change of password by mail, say
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit.sessions.ids import PREFIX
from kit.sessions.row import Row, decode, moved_to

if TYPE_CHECKING:
    from kit.stores import Entry, Store

__all__ = ["Device", "devices_of", "revoke_owner"]


class Device:
    """A live session of a user. Times are in seconds since 1970; `seen` is right to about a minute.

    `expires` is when it ends if it is not used again. Where nobody knows how long sessions rest, `seen` is `renewed`.
    """

    __slots__ = ("_store", "agent", "created", "current", "expires", "key", "name", "renewed", "seen")

    def __init__(self, store: Store, entry: Entry, *, idle: float | None = None, current: bool = False) -> None:
        row = _row(entry)
        self._store = store
        #: where the store keeps it
        self.key = entry.key
        #: a public name of the session, for a form that revokes it
        self.name = entry.key[-12:]
        #: whether it is the session of this request
        self.current = current
        #: the User-Agent header it began with, at most 200 characters, not to be trusted
        self.agent = row.agent if row is not None else ""
        self.created = row.created if row is not None else 0.0
        self.renewed = row.renewed if row is not None else 0.0
        self.expires = entry.expires
        self.seen = self.renewed if idle is None else entry.expires - idle

    def __repr__(self) -> str:
        return f"<Device {self.name}{', current' if self.current else ''}>"

    def revoke(self) -> bool:
        """End it, now; False if it had ended already."""
        return self._store.remove(self.key)


def devices_of(store: Store, owner: str, *, idle: float | None = None, current: str = "") -> list[Device]:
    """The live sessions of `owner`, the latest first; `current` is the key of the one that asks."""
    found = [entry for entry in store.owned(owner) if _is_live(entry)]
    made = [Device(store, entry, idle=idle, current=entry.key == current) for entry in found]
    return sorted(made, key=lambda device: -device.seen)


def revoke_owner(store: Store, owner: str, *, keep: str = "") -> int:
    """End all sessions of `owner` but the one with the key `keep`; how many. `kit.errors.Unavailable` if it fails."""
    ended = 0
    for _ in range(8):  # again, for a session that was getting a new id at this moment
        entries = [entry for entry in store.owned(owner) if entry.key.startswith(PREFIX) and entry.key != keep]
        if not entries:
            break
        ended += sum(store.remove(entry.key) and _is_live(entry) for entry in entries)
    return ended


def _is_live(entry: Entry) -> bool:
    """Whether it is a session, rather than another thing of the owner's or the mark of a session that ended."""
    if not entry.key.startswith(PREFIX):
        return False
    return _row(entry) is not None or moved_to(entry.value) is None


def _row(entry: Entry) -> Row | None:
    try:
        return decode(entry.value)
    except ValueError:  # sealed with another key, say: nobody can use it, but it can be ended
        return None
