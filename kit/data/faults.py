"""Faults on demand: a backend around another one, for tests of what an application does when its database fails.

>>> from kit.data import Conflict, Field, Model, field, open_db
>>> class Note(Model):
...     text: Field[str] = field(max=20)
>>> db = open_db(Faulty("memory:", plan=once("insert", Conflict("as if"))), models=[Note])
>>> db.run(lambda tx: tx[Note].add(Note(text="tried twice")).text)
'tried twice'

`plan(step)` is asked before each step (`begin insert find count update delete group commit`) and after the commit
(`committed`: what was acknowledged to nobody is stored). It returns the error to raise, or None. Any error of
`kit.data` will do: `Timeout`, `Conflict`, `Lost`, `Unavailable` …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kit.data.database import open_backend
from kit.data.errors import DataError
from kit.data.protocol import Backend
from kit.data.schema import Schema

__all__ = ["Faulty", "once"]

_STEPS = frozenset(("begin", "insert", "find", "count", "update", "delete", "group", "commit", "committed"))


def once(step: str, error: Exception, *, after: int = 0) -> Callable[[str], Exception | None]:
    """A plan: the first `step`, or the first after so many, fails with `error`."""
    left = iter([*[None] * after, error])
    return lambda now: next(left, None) if now == step else None


class Faulty:
    """`backend` (or a URL) that fails where `plan` says."""

    def __init__(self, backend: str | Backend, *, plan: Callable[[str], Exception | None]) -> None:
        self._backend = open_backend(backend) if isinstance(backend, str) else backend
        self._plan = plan

    @property
    def capabilities(self) -> frozenset[str]:
        """Those of the backend inside."""
        return self._backend.capabilities

    @contextmanager
    def session(self, *, transaction: bool, deadline: float | None) -> Iterator[Any]:
        """A session whose operations ask the plan first."""
        self._ask("begin")
        with self._backend.session(transaction=transaction, deadline=deadline) as session:
            yield _Session(session, self._ask)
            self._ask("commit")
        self._ask("committed")

    def _ask(self, step: str) -> None:
        error = self._plan(step)
        if error is not None:
            raise error

    def create(self, schemas: Sequence[Schema]) -> None:
        """As the backend inside does."""
        self._backend.create(schemas)

    def translate(self, exc: Exception, schema: Schema | None) -> DataError | None:
        """As the backend inside does."""
        return self._backend.translate(exc, schema)

    def close(self) -> None:
        """Close the backend inside."""
        self._backend.close()


class _Session:
    def __init__(self, session: Any, ask: Callable[[str], None]) -> None:
        self._session, self._ask = session, ask

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._session, name)
        if name not in _STEPS:
            return found

        def step(*args: Any) -> Any:
            self._ask(name)
            return found(*args)

        return step
