"""Races and deaths for `kit.stores.contract`: threads that start at once, processes that are forked and killed."""

from __future__ import annotations

import multiprocessing
import threading
import time
from typing import TYPE_CHECKING

from kit.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from kit.stores.protocol import Entry, Store

    Opener = Callable[..., Any]

__all__ = ["SPAWN", "Clock", "count_up", "counting", "drain", "in_child", "opened", "race", "refused", "there"]
__all__ += ["writing"]

SPAWN = multiprocessing.get_context("spawn")


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class opened:
    """A handle on the store's data, closed at the end."""

    def __init__(self, opener: Opener, clock: Callable[[], float]) -> None:
        self._store: Store = opener(clock=clock)

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *exc: object) -> None:
        getattr(self._store, "close", lambda: None)()


def there(store: Store, key: str) -> Entry:
    """The entry under `key`, which must be there."""
    entry = store.get(key)
    assert entry is not None, f"{key!r} is gone"
    return entry


def refused(call: Callable[..., object], *args: Any, **options: Any) -> None:
    """The call must raise `kit.errors.Invalid`."""
    try:
        call(*args, **options)
    except Invalid:
        return
    raise AssertionError("a call that breaks the rules was not refused with kit.errors.Invalid")


def race(threads: int, act: Callable[..., Any], *args: Any) -> list[Any]:
    """What `act(0, *args)`, `act(1, *args)` … return when all start at once; the first error is raised here."""
    barrier = threading.Barrier(threads)
    results: list[Any] = [None] * threads
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            barrier.wait(30)
            results[number] = act(number, *args)
        except BaseException as exc:
            errors.append(exc)

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if errors:
        raise errors[0]
    return results


def count_up(store: Store, times: int) -> None:
    """Add 1 to the number under "k", by compare-and-swap, `times` times."""
    while times:
        entry = there(store, "k")
        if store.swap("k", b"%d" % (int(entry.value) + 1), version=entry.version):
            times -= 1
        else:
            time.sleep(0.001)


def counting(opener: Opener, threads: int, times: int) -> None:
    """What a process of the race does: count up in several threads."""
    with opened(opener, time.time) as store:
        race(threads, lambda n: count_up(store, times))


def in_child(store: Store) -> None:
    """What a forked child does with the store that it has inherited."""
    count_up(store, 10)


def writing(opener: Opener, told: Any, prefix: str) -> None:
    """What a process does until it is killed: add entries, and tell `told` of each that is in."""
    with opened(opener, time.time) as store:
        for number in range(100_000):
            store.add(f"{prefix}{number}", b"x" * 100, ttl=600)
            told.send(f"{prefix}{number}")


def drain(pipe: Any) -> Iterator[str]:
    """What is left in the pipe of a process that has died."""
    while True:
        try:
            yield pipe.recv()
        except EOFError:
            return
