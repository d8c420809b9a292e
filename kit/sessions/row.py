"""Row: what a store keeps of one session, and the operations that a request makes on it.

>>> row = Row(created=0.0)
>>> apply(row, [("set", "n", 1), ("incr", "n", 2), ("push", "log", ("a", None))])
>>> row.data
{'n': 3, 'log': ['a']}

The data of a row is packed (`kit.sessions.codec`) and is replaced, never changed in place. The epoch counts how often
the session was cleared: operations that were made on an older epoch are void.
"""

from __future__ import annotations

import json

from kit.sessions.codec import pack, unpack
from kit.sessions.errors import SessionTooLarge
from kit.sessions.ids import new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Op = tuple[str, str, Any]

__all__ = ["Row", "apply", "decode", "encode", "mark", "moved_to"]

_FLASHES = 50


class Row:
    """Times are in seconds since 1970: `issued` is when the id was given out, `renewed` when the user signed in.

    `flashes` are pairs of text and category; `agent` is the browser at creation; `tag` is a random word that stays as
    long as the rights stay.
    """

    __slots__ = ("agent", "created", "data", "epoch", "flashes", "issued", "renewed", "tag")

    def __init__(
        self,
        *,
        created: float,
        renewed: float | None = None,
        issued: float | None = None,
        tag: str = "",
        epoch: int = 0,
        data: dict[str, Any] | None = None,
        flashes: list[list[str]] | None = None,
        agent: str = "",
    ) -> None:
        self.created, self.renewed, self.issued = created, renewed or created, issued or created
        self.epoch, self.agent, self.tag = epoch, agent, tag or new_id()
        self.data: dict[str, Any] = data or {}
        self.flashes: list[list[str]] = flashes or []


def encode(row: Row, limit: int) -> bytes:
    """The row as bytes for the store; `SessionTooLarge` if they are more than `limit`."""
    fields = {name: getattr(row, name) for name in Row.__slots__}
    raw = json.dumps(fields, separators=(",", ":"), allow_nan=False).encode("ascii")
    if len(raw) > limit:
        sizes = {f"key {key!r}": len(json.dumps(value)) for key, value in row.data.items()}
        sizes["its flash messages"] = len(json.dumps(row.flashes))
        biggest = max(sizes, key=lambda name: sizes[name])
        what = f"the session takes {len(raw)} of {limit} bytes, of which {biggest} takes {sizes[biggest]}"
        raise SessionTooLarge(what, hint="keep the data in a database and its id in the session")
    return raw


def mark(key: str, *, same: bool = False) -> bytes:
    """What stands in the place of a session that has ended ("") or moved to `key`; `same` rights, or new ones."""
    return json.dumps({"gone": key, "same": same}).encode("ascii")


def moved_to(raw: bytes, *, same: bool = False) -> str | None:
    """The key that a mark names, "" if the session has ended; None if this is no mark (that says `same`)."""
    if not raw.startswith(b'{"gone"'):
        return None
    try:
        fields = json.loads(raw)
        return str(fields["gone"]) if fields["same"] or not same else None
    except (ValueError, KeyError):  # damaged: it leads nowhere
        return ""


def decode(raw: bytes) -> Row | None:
    """The row, or None for a mark; ValueError for anything else."""
    if raw.startswith(b'{"gone"'):
        return None
    fields = json.loads(raw)
    if not isinstance(fields, dict) or "created" not in fields:
        raise ValueError("not the row of a session")
    return Row(**{name: fields[name] for name in Row.__slots__ if name in fields})  # a newer kit may know more fields


def apply(row: Row, ops: Iterable[Op]) -> None:
    """Make the operations on `row`, in order. They come from one request and fit any state of the row."""
    for kind, key, arg in ops:
        if kind == "set":
            row.data[key] = arg
        elif kind == "del":
            row.data.pop(key, None)
        elif kind == "incr":
            row.data[key] = _number(row.data.get(key, 0), key) + arg
        elif kind == "push":
            item, most = arg
            items = [*_items(row.data.get(key, []), key), item]
            row.data[key] = items if most is None else items[-most:]
        elif kind == "alter":
            fn, default = arg
            row.data[key] = pack(fn(unpack(row.data[key]) if key in row.data else default), f"session[{key!r}]")
        elif kind == "flash":
            row.flashes = [*row.flashes, arg][-_FLASHES:]
        else:  # "clear"
            row.data, row.flashes, row.epoch = {}, [], row.epoch + 1


def _number(value: Any, key: str) -> Any:
    if type(value) not in (int, float):
        raise TypeError(f"session[{key!r}] is no number to count from")
    return value


def _items(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"session[{key!r}] is no list to push to")
    return value
