"""The nonce of one response: drawn when somebody asks for its text, sealed when the head leaves.

>>> nonce = Nonce(lambda: "r4nd0m")
>>> nonce
<nonce, not drawn>
>>> f'<script nonce="{nonce}">'
'<script nonce="r4nd0m">'
>>> nonce.seal(), nonce.seal()
('r4nd0m', 'r4nd0m')

A response whose page drew no nonce has none in its policy, so cached pages and 304s carry none.
"""

from __future__ import annotations

import secrets

from kit.errors import KitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Nonce", "TooLate"]

#: bytes of randomness in a nonce: 144 bits, and no padding in base64 (CSP 3, 7.1 asks for 128)
SIZE = 18


class TooLate(KitError):
    """The head of the response has left: what belongs into it can no longer be made."""


def fresh() -> str:
    """A new random value in the alphabet that CSP gives to nonces (base64url)."""
    return secrets.token_urlsafe(SIZE)


class Nonce:
    """`environ["kit.nonce"]`: use it as a string. Drawing it after the head has left raises `TooLate`."""

    __slots__ = ("_draw", "_sealed", "_value", "changes")

    def __init__(self, draw: Callable[[], str] = fresh) -> None:
        self._draw = draw
        self._value: str | None = None
        self._sealed = False
        #: what this response changes in the policy: directive -> sources (see kit.security.csp)
        self.changes: dict[str, tuple[str, ...]] | None = None

    def __str__(self) -> str:
        if self._value is None:
            self.check_open("a nonce was drawn")
            self._value = self._draw()
        return self._value

    __html__ = __str__

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, (str, Nonce)) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def __len__(self) -> int:
        return len(str(self))

    def __add__(self, other: str) -> str:
        return str(self) + other

    def __radd__(self, other: str) -> str:
        return other + str(self)

    def __repr__(self) -> str:
        return "<nonce, not drawn>" if self._value is None else f"<nonce {self._value}>"

    def check_open(self, what: str) -> None:
        """Raise `TooLate` if the head has left."""
        if self._sealed:
            raise TooLate(f"{what} after the head of the response had left", hint="do it before the first byte")

    def reopen(self) -> None:
        """Called by a layer that answers in place of a response that failed before its head left: ErrorPages."""
        self._sealed = False

    def seal(self) -> str | None:
        """Called at the head: the value if one was drawn; from now on none can be."""
        self._sealed = True
        return self._value
