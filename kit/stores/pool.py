"""Connections of a store of its own: each one borrowed for one operation, none carried into a forked child.

A connection is a peewee Database that is not shared: one borrower at a time. So no thread keeps one when it dies, and
the application's own transaction is never joined.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING

from kit.stores.forks import renew_after_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["Pool"]

_IDLE = 8  # connections kept when nobody borrows them
_STALE = 5.0  # seconds after which an idle connection is asked whether it still answers


class Pool:
    """Idle connections, made by `connect` when there is none."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._idle: list[tuple[float, Any]] = []
        self._inherited: list[Any] = []
        self._pid = 0
        renew_after_fork(self)

    def renew(self) -> None:
        """A lock that nobody holds (`kit.stores.forks`)."""
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        """An open connection. If the block raises, it is closed rather than used again, and so are the idle ones."""
        connection = self._take() or self._connect()
        try:
            yield connection
        except BaseException:
            _close(connection)
            self.close()
            raise
        with self._lock:
            if len(self._idle) < _IDLE and self._pid == os.getpid():
                self._idle.append((time.monotonic(), connection))
                return
        _close(connection)

    def _take(self) -> Any | None:
        while True:
            with self._lock:
                if self._pid != os.getpid():
                    # the parent's sockets: closing them here would end the parent's sessions on the server
                    self._inherited += self._idle
                    self._idle, self._pid = [], os.getpid()
                if not self._idle:
                    return None
                since, connection = self._idle.pop()
            if time.monotonic() - since < _STALE or _answers(connection):
                return connection
            _close(connection)

    def close(self) -> None:
        """Close what is idle; the next borrower opens again."""
        with self._lock:
            idle, self._idle = (self._idle, []) if self._pid == os.getpid() else ([], self._idle)
        for _, connection in idle:
            _close(connection)


def _answers(connection: Any) -> bool:
    try:
        connection.execute_sql("SELECT 1").fetchone()
    except Exception:  # whatever the driver raises for a server that has gone
        return False
    return True


def _close(connection: Any) -> None:
    with contextlib.suppress(Exception):  # a broken connection may not even close
        connection.close()
