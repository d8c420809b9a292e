"""Epochs: one small entry per user, without which no sealed cookie of that user is believed.

The entry holds a random word, which every cookie of the user repeats, and the ids of single sessions that were ended.
To end all sessions, the word is changed, or the entry removed. It outlives every cookie that repeats its word.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from kit.sessions.errors import SessionConflict
from kit.sessions.ids import PREFIX, digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from kit.stores import Store

    Fields = dict[str, list[str] | str]

__all__ = ["Epochs"]

_TRIES = 50
_ENDED = 200  # sessions ended one by one that are remembered; one more ends all


class Epochs:
    """The entries in `store`; they live for `absolute` seconds after the last cookie that needs them."""

    def __init__(self, store: Store, absolute: float) -> None:
        self._store, self._ttl = store, absolute * 1.1 + 60

    def holds(self, owner: str, epoch: str, session_id: str) -> bool:
        """Whether a cookie with this word and id is still good."""
        entry = self._store.get(_key(owner))
        if entry is None:
            return False
        fields = json.loads(entry.value)
        return fields["epoch"] == epoch and digest("ended", session_id) not in fields["ended"]

    def current(self, owner: str) -> str:
        """The word for a new cookie of `owner`."""
        return self._change(owner, lambda fields: fields)

    def renew(self, owner: str) -> str:
        """End all cookies of `owner`; the word for the one that may go on."""
        return self._change(owner, lambda fields: {"epoch": secrets.token_urlsafe(9), "ended": []})

    def end(self, owner: str, session_id: str) -> None:
        """End one session."""

        def ended(fields: Fields) -> Fields:
            ids = [*fields["ended"], digest("ended", session_id)]
            return {**fields, "ended": ids} if len(ids) <= _ENDED else {"epoch": secrets.token_urlsafe(9), "ended": []}

        self._change(owner, ended)

    def _change(self, owner: str, change: Callable[[Fields], Fields]) -> str:
        key = _key(owner)
        for _ in range(_TRIES):
            entry = self._store.get(key)
            old: Fields = json.loads(entry.value) if entry else {"epoch": secrets.token_urlsafe(9), "ended": []}
            new = change(old)
            value = json.dumps(new).encode()
            if entry is None:
                done = self._store.add(key, value, ttl=self._ttl, owner=owner)
            elif new == old:
                done = self._store.touch(key, ttl=self._ttl)
            else:
                done = self._store.swap(key, value, version=entry.version, ttl=self._ttl)
            if done:
                return str(new["epoch"])
        raise SessionConflict("too many sessions of one user change at once", hint="try again")


def _key(owner: str) -> str:
    return f"{PREFIX}epoch/{digest('session-owner', owner)}"
