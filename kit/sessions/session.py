"""Session: a mapping that belongs to one browser, and remembers what was done to it rather than what it looks like.

    session = of(environ)
    session["name"] = "Ann"                  # a plain value: see kit.sessions.codec
    session["cart"].append(7)                # a change inside a value is found
    session.incr("visits")                   # counts right, however many requests overlap
    session.push("log", "login", limit=20)   # appends, likewise
    session.alter("stock", take_one)         # a function of the fresh value; it may run several times
    session.flash("Saved.")                  # for the next page, shown once: take_flashes()
    session.rotate(owner=user.id)            # at login: new id, and the user whom devices() and revoke_others() mean

Nothing is read before the first use and nothing is written before the head of the answer leaves. Then the operations
are applied to the fresh state of the session, so that overlapping requests lose nothing: of two that *set* one key, the
later wins; all else adds up. A session that was revoked, cleared or rotated in the meantime takes no more writes.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from kit.errors import KitError
from kit.sessions.codec import pack, unpack
from kit.sessions.errors import TooLate
from kit.sessions.ids import digest, new_id
from kit.sessions.row import Row, apply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import WSGIEnvironment

    from kit.sessions.devices import Device
    from kit.sessions.row import Op
    from kit.stores import Entry

__all__ = ["Flash", "Place", "Session"]

_LONGEST_FLASH = 2000


class Flash(NamedTuple):
    """A message for the next page."""

    text: str
    category: str = "info"


class Place(Protocol):
    """What a session asks of the place where it is kept; `refuses` are the operations it cannot do faithfully."""

    refuses: frozenset[str]

    def now(self) -> float:
        """The time, in seconds since 1970."""

    def load(self, session: Session, environ: WSGIEnvironment) -> None:
        """Fill in the session from the cookie of the request."""

    def save(self, session: Session, environ: WSGIEnvironment) -> str | None:
        """Commit; the new value of the cookie, "" to delete it, None to say nothing."""

    def end(self, session: Session, environ: WSGIEnvironment) -> str | None:
        """Commit nothing but what was revoked; "" or None as for `save`."""

    def claim(self, session: Session) -> list[list[str]]:
        """Take the kept flash messages, so that no other request gets them."""

    def revoke_others(self, session: Session) -> int:
        """End the owner's other sessions; how many."""

    def devices(self, session: Session) -> list[Device]:
        """The owner's live sessions."""


class Session(MutableMapping[str, Any]):
    """The session of one request; `kit.sessions.of(environ)` gives it."""

    # defaults of the class, so that a request that does not use its session pays for two attributes
    _left = False  # the head has left
    _answer: Any = None  # what the layer made of it when the head left
    _row: Row | None = None  # what the session looks like to this request
    _base: Entry | None = None  # what it was made from
    _kept: dict[str, Any] | None = None  # what a sealed cookie said beside the row
    _epoch = 0  # of what it was made from
    _ops: list[Op]
    _handed: dict[str, tuple[Any, Any]]  # values that may change inside, and their form when handed out
    _revoked: list[Any]  # to end: entries, or what sealed cookies said
    _id = ""
    _owner: str | None = None
    _wanted = False  # the session must exist after this request, even if it is empty
    _lost = False  # revoked or moved to another id: no write counts
    _down = False  # the store failed while it was read
    _rotate = False
    _renewed = 0.0  # when it was rotated, if it was
    _tag = ""  # the new tag, if it was
    _stale = False  # the cookie names an id that was replaced some time ago

    def __init__(self, place: Place, environ: WSGIEnvironment) -> None:
        self._place = place
        self._environ: WSGIEnvironment | None = environ  # None once the head has left: no cycle of references

    # --- a mapping ---------------------------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        packed = self._read().data[key]
        if type(packed) not in (dict, list):
            return packed
        if key not in self._handed:
            self._handed[key] = unpack(packed), packed
        return self._handed[key][0]

    def __setitem__(self, key: str, value: Any) -> None:
        if type(key) is not str:
            raise TypeError(f"the keys of a session are str, not {type(key).__name__}")
        packed = pack(value, f"session[{key!r}]")
        self._write("set", key, packed)
        if type(packed) in (dict, list):
            self._handed[key] = value, packed

    def __delitem__(self, key: str) -> None:
        if key not in self._read().data:
            raise KeyError(key)
        self._write("del", key, None)

    def __contains__(self, key: object) -> bool:
        return key in self._read().data

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._read().data))

    def __len__(self) -> int:
        return len(self._read().data)

    def __repr__(self) -> str:
        return "<Session, not read yet>" if self._row is None else f"<Session of {len(self._row.data)} keys>"

    # --- operations that add up --------------------------------------------------------------------------------------

    def incr(self, key: str, n: int | float = 1) -> int | float:
        """Add `n` to the number under `key` (0 if there is none); what it is now, as far as this request knows."""
        if type(n) not in (int, float) or not isfinite(n):
            raise TypeError(f"a session counts by int or float, not by {n!r}")
        self._write("incr", key, n)
        number: int | float = self._read().data[key]
        return number

    def push(self, key: str, value: Any, *, limit: int | None = None) -> None:
        """Append `value` to the list under `key`, of which at most the last `limit` items stay."""
        if limit is not None and limit < 1:
            raise ValueError(f"limit is at least 1, not {limit}")
        self._write("push", key, (pack(value, f"what is pushed to session[{key!r}]"), limit))

    def alter(self, key: str, fn: Callable[[Any], Any], default: Any = None) -> Any:
        """Set `key` to `fn` of its value, or of `default`. `fn` runs again on the fresh value if requests overlap."""

        def checked(value: Any) -> Any:
            made = fn(value)
            if made is None:
                raise TypeError(f"the function for session.alter({key!r}, …) returned None, not the new value")
            return made

        self._write("alter", key, (checked, default))
        return self[key]

    def clear(self) -> None:
        """Empty the session. Writes of requests that began before are void."""
        self._write("clear", "", None)

    # --- messages for the next page ----------------------------------------------------------------------------------

    def flash(self, text: str, category: str = "info") -> None:
        """Keep a message for `take_flashes`, across redirects. At most 50 wait, of 2,000 characters each."""
        if len(text) > _LONGEST_FLASH or len(category) > 100:
            raise ValueError(f"a flash message has at most {_LONGEST_FLASH} characters, and its category 100")
        self._write("flash", "", [str(text), str(category)])

    def take_flashes(self) -> list[Flash]:
        """The messages that wait, in order; each is given to one request alone, whichever asks first."""
        row = self._read()
        if not row.flashes:
            return []
        if self._left:
            raise _too_late()
        mine = [arg for kind, _, arg in self._ops if kind == "flash"]
        self._ops = [op for op in self._ops if op[0] != "flash"]
        row.flashes = row.flashes[: -len(mine) or None]
        taken = self._place.claim(self) if row.flashes else []
        return [Flash(*pair) for pair in [*taken, *mine]]

    # --- identity ----------------------------------------------------------------------------------------------------

    @property
    def owner(self) -> str | None:
        """The id of the user to whom the session was given by `rotate`, or None."""
        self._read()
        return self._owner

    @property
    def created(self) -> float:
        """When the session began, in seconds since 1970."""
        return self._read().created

    @property
    def renewed(self) -> float:
        """When its id was last changed by `rotate`, which is when the user signed in, in seconds since 1970."""
        return self._renewed or self._read().renewed

    @property
    def new(self) -> bool:
        """Whether nothing is kept of it yet."""
        self._read()
        return self._base is None and self._kept is None

    @property
    def tag(self) -> str:
        """What tokens are bound to: it changes with `rotate`, and makes the session exist. Show it to nobody."""
        row = self._read()
        if self.new and not self._wanted:
            if self._left:
                raise _too_late()
            self._wanted = True
        return digest("session-tag", self._tag or row.tag)

    def rotate(self, owner: str | None = None) -> None:
        """Give the session a new id; the old one is dead at once. Do it whenever rights change: at login above all.

        `owner` is the id of the user to whom the session belongs from now on; None keeps the one it has. What was in
        the session stays: call `clear()` before, to begin afresh.
        """
        self._writable()
        self._rotate, self._renewed = True, self._place.now()
        self._owner = self._owner if owner is None else owner
        self._id, self._tag = new_id(), new_id()

    def revoke(self) -> None:
        """End the session: its id is dead, what it held is deleted. What is written after this begins a new one."""
        row = self._writable()
        if not self.new:
            self._revoked.append(self._base or self._kept)
        self._ops, self._handed = [], {}
        self._id, self._owner, self._rotate, self._renewed, self._tag = "", None, False, 0.0, ""
        self._wanted = self._lost = False
        self._kept = None
        self._become(None, Row(created=self._place.now(), agent=row.agent))

    def revoke_others(self) -> int:
        """End all other sessions of this one's owner, now; how many they were."""
        self._writable()
        return self._place.revoke_others(self)

    def devices(self) -> list[Device]:
        """The live sessions of this one's owner, the latest first."""
        self._read()
        return self._place.devices(self)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _read(self) -> Row:
        if self._row is None:
            if self._left or self._environ is None:
                raise _too_late()
            self._ops, self._handed, self._revoked = [], {}, []
            self._place.load(self, self._environ)
        if self._row is None:
            raise TooLate("the session was not loaded")
        return self._row

    def _become(self, base: Entry | None, row: Row) -> None:
        """Stand on `base`, whose row is `row`, with the operations of this request on top."""
        self._base, self._epoch, self._row = base, row.epoch, row
        apply(row, self._ops)

    def _writable(self) -> Row:
        if self._left:
            raise _too_late()
        return self._read()

    def _write(self, kind: str, key: str, arg: Any) -> None:
        row = self._writable()
        if kind in self._place.refuses:
            what = f"a sealed cookie cannot {kind} without losing updates of overlapping requests"
            raise KitError(what, hint="keep the sessions in a store: open_store(url); or SealedCookie(…, lossy=True)")
        if kind == "clear":
            self._handed.clear()
            self._ops.clear()
        else:
            self._settle_key(key)
        op = (kind, key, arg)
        apply(row, [op])
        if kind in ("set", "del"):  # what was done to the key before no longer matters
            self._ops = [old for old in self._ops if old[1] != key or old[0] in ("clear", "flash")]
        self._ops.append(op)
        self._handed.pop(key, None)

    def _settle(self) -> None:
        """Turn changes inside of values that were handed out into operations."""
        for key in list(self._handed):
            self._settle_key(key)

    def _settle_key(self, key: str) -> None:
        if key not in self._handed:
            return
        value, before = self._handed[key]
        packed = pack(value, f"session[{key!r}]")
        if repr(packed) == repr(before):  # not ==, for which 1, 1.0 and True are one
            return
        self._handed[key] = value, packed
        op = ("set", key, packed)
        apply(self._read(), [op])
        self._ops = [old for old in self._ops if old[1] != key or old[0] in ("clear", "flash")]
        self._ops.append(op)


def _too_late() -> TooLate:
    what = "the head of the answer has left, so the session can no longer be used"
    return TooLate(what, hint="read and write it before start_response, and take what a streamed body needs beforehand")
