"""Locks over a fork: a child begins with locks that are free, whoever held them in the parent.

A fork copies memory with one thread in it. A lock that another thread held at that moment stays locked in the child
for ever, since nobody is there to let go. What has a lock asks to be renewed:

>>> import threading
>>> class Counter:
...     def __init__(self):
...         renew_after_fork(self)
...     def renew(self):
...         self.lock = threading.Lock()
>>> hasattr(Counter(), "lock")
True
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ["Renewable", "renew_after_fork"]


class Renewable(Protocol):
    """Something whose `renew` makes its locks anew, and puts right what another thread left half done."""

    def renew(self) -> None:
        """Called once when it is made, and in every child of a fork before anything else runs there."""


_living: weakref.WeakValueDictionary[int, Renewable] = weakref.WeakValueDictionary()


def renew_after_fork(thing: Renewable) -> None:
    """Renew `thing` now, and in every child of a fork as long as it lives; it is not kept alive for that."""
    thing.renew()
    _living[id(thing)] = thing


def _renew() -> None:
    for thing in list(_living.values()):
        thing.renew()


if hasattr(os, "register_at_fork"):  # where there are forks
    os.register_at_fork(after_in_child=_renew)
