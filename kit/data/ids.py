"""UUIDv7 ids as text: made before the insert, so the same on every database; they sort by the time they were made.

>>> make = Ids(clock=lambda: 1_800_000_000.0)
>>> first, second = make(), make()
>>> len(first), first[14], first < second
(36, '7', True)
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

__all__ = ["Ids"]


class Ids:
    """A source of ids (RFC 9562, 5.7): 48 bits of milliseconds, 12 bits that count within one (6.2), 62 random.

    One source gives ascending ids, whichever thread asks and even if the clock steps back. `clock` gives seconds.
    """

    def __init__(self, *, clock: Callable[[], float], random: Callable[[int], bytes] = os.urandom) -> None:
        self._clock, self._random = clock, random
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> str:
        """A new id."""
        tick = int(self._clock() * 1000) << 12
        with self._lock:
            self._last = tick = max(tick, self._last + 1)
        low = int.from_bytes(self._random(8), "big") >> 2 | 1 << 63
        text = f"{(tick >> 12) << 16 | 0x7000 | tick & 0xFFF:016x}{low:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
