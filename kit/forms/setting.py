"""What a changeset works with besides its input: the options of its class, and what `bind` was given."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kit.forms.guard import Guard
from kit.forms.messages import Catalogue
from kit.forms.theme import Theme
from kit.http.body import LIMITS, Limits
from kit.seal import KeyRing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kit.stores.protocol import Store

__all__ = ["Call", "Setting"]

_PLAIN, _KITS = Theme(), Catalogue()


class Setting(NamedTuple):
    """The options of a form class."""

    theme: Theme = _PLAIN
    catalogue: Catalogue = _KITS
    scope: str = ""
    limits: Limits = LIMITS
    method: str = "post"
    guard: Guard | None = None


class Call(NamedTuple):
    """One request: its environ, and what it may use."""

    environ: Mapping[str, Any] = {}
    keys: KeyRing | None = None
    files: Store | None = None
    clock: Callable[[], float] = time.time
