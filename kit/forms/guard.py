"""Keep robots and double posts off a public form: `class Contact(Form, guard=Guard())`, bound with `keys=ring`.

- a trap: an input that people do not see and robots fill in;
- a pace: a sealed time of making; a form that comes back within `seconds`, or after `hours`, is refused;
- once: `form.claim(store)` is True for exactly one of many posts of the same page.

```python
form = Contact.bind(request, keys=ring)
if form.valid and form.claim(store):
    send(form.value)
```

All kinds of input must pass, JSON too: a program gets its `_once` from the page, or a form without a guard.
The page hides the trap by the attribute `hidden`, so it needs no style sheet and no exception from its policy.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from kit.errors import ConfigError
from kit.forms.html import Html, escape
from kit.seal import BrokenSeal, KeyRing, Sealer

__all__ = ["Guard"]


class Guard:
    """Options: `trap`, the name of the trap; `seconds`, how long people take at least; `hours`, how long at most."""

    def __init__(self, *, trap: str = "_website", seconds: float = 2, hours: float = 24) -> None:
        if not trap.startswith("_"):
            raise ConfigError(f"trap={trap!r}", hint="names of kit's own inputs begin with _")
        self.trap, self.seconds, self.hours = trap, seconds, hours

    def fault(self, own: Mapping[str, Any], keys: KeyRing | None, now: float) -> str:
        """The code of what is wrong with a post; "" if it may pass."""
        if own.get(self.trap):
            return "trap"
        made = self.opened(own, keys)
        if made is None or not self.seconds <= now - made[1] <= self.hours * 3600:
            return "pace"
        return ""

    def opened(self, own: Mapping[str, Any], keys: KeyRing | None) -> tuple[str, float] | None:
        """(id, time of making) of the page that was posted; None if its seal is broken."""
        try:
            id, _, made = _sealer(keys).open(str(own.get("_once", ""))).decode().partition(" ")
        except BrokenSeal:
            return None
        return id, float(made)

    def inputs(self, own: Mapping[str, Any], keys: KeyRing | None, now: float) -> Html:
        """The hidden inputs of the page; one that is shown again keeps its id and its time."""
        made = self.opened(own, keys)
        if made is None or now - made[1] > self.hours * 3600:
            made = secrets.token_urlsafe(16), now
        token = _sealer(keys).seal(f"{made[0]} {made[1]}".encode())
        trap = f'<input name="{escape(self.trap)}" tabindex="-1" autocomplete="off" aria-hidden="true">'
        return Html(f'<input type="hidden" name="_once" value="{token}"><div hidden>{trap}</div>')


def _sealer(keys: KeyRing | None) -> Sealer:
    if keys is None:
        raise ConfigError("a form with a guard has no keys", hint="bind it with keys=KeyRing.load(…)")
    return Sealer(keys, "form-once")
