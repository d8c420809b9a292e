"""Watch what a database is asked: a log hook, warnings of slow queries, and a guard of how many queries a test makes.

>>> from kit.data import Field, Model, field, open_db
>>> class Note(Model):
...     text: Field[str] = field(max=200)
>>> db = open_db("memory:", models=[Note], log=lambda event: print(event))
>>> with db.expect(1):
...     db[Note].where(Note.text.contains("secret") | (Note.text == "x")).count()
count note where (text contains ? or text eq ?): 0 rows
0

An event holds no value of any row or filter: logs are read by more people than databases are.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kit.data.errors import DataError
from kit.data.predicate import And, Cmp, Not, Or, Pred

__all__ = ["Event", "Unexpected", "counted", "slow_log"]

_log = logging.getLogger("kit.data")


class Unexpected(DataError, AssertionError):
    """`db.expect(n)` saw more or fewer queries."""


@dataclass(frozen=True, slots=True)
class Event:
    """One operation: its verb, its table, its condition without values, how long it took, what came of it."""

    verb: str
    table: str
    where: Pred | None
    seconds: float
    rows: int
    error: str = ""

    def __str__(self) -> str:
        where = f" where {_redacted(self.where)}" if self.where is not None else ""
        return f"{self.verb} {self.table}{where}: {self.error or f'{self.rows} rows'}"


def _redacted(pred: Pred) -> str:
    if isinstance(pred, Cmp):
        return f"{pred.column.name} {'not ' * pred.negated}{pred.op} {'none' if pred.value is None else '?'}"
    if isinstance(pred, Not):
        return f"not {_redacted(pred.part)}"
    parts = pred.parts if isinstance(pred, And | Or) else ()
    return "(" + (" and " if isinstance(pred, And) else " or ").join(map(_redacted, parts)) + ")"


def slow_log(seconds: float) -> Callable[[Event], None]:
    """A watcher that warns in the log `kit.data` of operations that took at least `seconds`."""

    def watch(event: Event) -> None:
        if event.seconds >= seconds:
            _log.warning("slow: %.3f s for %s", event.seconds, event)

    return watch


@contextmanager
def counted(watchers: list[Callable[[Event], object]], expected: int) -> Iterator[list[Event]]:
    """Count this thread's operations; `Unexpected` lists them if they are not as many as `expected`."""
    events: list[Event] = []
    thread = threading.get_ident()

    def watch(event: Event) -> None:
        if threading.get_ident() == thread:
            events.append(event)

    watchers.append(watch)
    try:
        yield events
    finally:
        watchers.remove(watch)
    if len(events) != expected:
        lines = "".join(f"\n  {event}" for event in events)
        raise Unexpected(f"{len(events)} queries, not {expected}{lines}")
