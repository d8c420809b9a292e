"""Look after the sessions in a store: delete what has expired, list a user's sessions, end them.

  kit sessions gc sqlite:///app.db                 # delete what has expired, in batches; never needed for correctness
  kit sessions list postgresql://host/app USER     # a user's sessions, the latest first
  kit sessions revoke mongodb://host/app USER      # log the user out everywhere

The URL is the one that the app gives to kit.stores.open_store; for SQLite the store's own file beside it is meant.
"""

from __future__ import annotations

import argparse
import os
import time

from kit.audit import stamp
from kit.cli.terminal import print_json, table
from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit.sessions import Device
    from kit.stores import Store

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `kit sessions`."""
    parser.add_argument("act", choices=["gc", "list", "revoke"])
    parser.add_argument("url", metavar="URL", help="the store, as in sqlite:///app.db")
    parser.add_argument("user", metavar="USER", nargs="?", help="the id that the app gave to session.rotate(owner=…)")
    parser.add_argument("--batch", type=int, default=1000, metavar="N", help="entries that gc deletes in one step")
    parser.add_argument("--pause", type=float, default=0.05, metavar="SECONDS", help="that gc waits after each step")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Do it."""
    store = _opened(args.url)
    try:
        if args.act == "gc":
            print(f"deleted {_gc(store, args.batch, args.pause)} expired entries")
        elif not args.user:
            raise ConfigError(f"kit sessions {args.act} needs a user", hint=f"kit sessions {args.act} URL USER")
        elif args.act == "list":
            _list(store, args.user, as_json=args.json)
        else:
            from kit.sessions import revoke_owner

            print(f"ended {revoke_owner(store, args.user)} sessions")
    finally:
        getattr(store, "close", lambda: None)()


def _opened(text: str) -> Store:
    from kit.stores import open_store
    from kit.url import parse

    url = parse(text)
    if url.in_memory:
        raise ConfigError(f"{url.masked} lives inside the app's process", hint="name the store that the app writes to")
    path = url.beside("stores").name
    if url.engine == "sqlite" and not os.path.exists(path):
        raise ConfigError(f"there is no store {path}", hint="the app makes it at its first session")
    return open_store(url)


def _gc(store: Store, batch: int, pause: float) -> int:
    if batch < 1 or pause < 0:
        raise ConfigError(f"--batch {batch} --pause {pause}", hint="a batch is at least 1, a pause at least 0")
    total = 0
    while deleted := store.sweep(batch):
        total += deleted
        time.sleep(pause)
    return total


def _list(store: Store, user: str, *, as_json: bool) -> None:
    from kit.sessions.devices import devices_of

    rows = [_row(device) for device in devices_of(store, user)]
    if as_json:
        print_json(rows)
    elif rows:
        print("\n".join(table([tuple(rows[0]), *(tuple(row.values()) for row in rows)])))
    else:
        print("no sessions")


def _row(device: Device) -> dict[str, str]:
    times = {name: stamp(getattr(device, name)) for name in ("created", "renewed", "expires")}
    return {"name": device.name, **times, "agent": device.agent}
