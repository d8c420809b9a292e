"""What can go wrong with data: one tree of errors, the same on every database.

>>> raise UniqueViolation("another Author has this email", fields=("email",))
Traceback (most recent call last):
kit.data.errors.UniqueViolation: another Author has this email

Each is a `DataError` and, where there is one, the error of `kit.errors` with the same name, so that an application may
catch either. What the driver raised stays as `__cause__`; its text, which may hold values, never gets into ours.
"""

from __future__ import annotations

from typing import Any

from kit import errors

__all__ = [
    "Conflict",
    "DataError",
    "Invalid",
    "Lost",
    "Missing",
    "NotIncluded",
    "ReferenceViolation",
    "Stale",
    "Timeout",
    "TransactionAborted",
    "Unavailable",
    "UniqueViolation",
    "Unsupported",
    "WrongCursor",
]


class DataError(errors.KitError):
    """The root of all that `kit.data` raises."""


class Missing(DataError, errors.Missing):
    """No row has this id, or no row fits where one was asked for: 404."""


class Invalid(DataError, errors.Invalid):
    """A value breaks a rule of its field: 422. `.errors` lists `(path, code, params)`, as forms do."""

    def __init__(
        self, what: str = "", *, hint: str = "", errors: tuple[tuple[tuple[str, ...], str, dict[str, Any]], ...] = ()
    ) -> None:
        super().__init__(what, hint=hint)
        self.errors = errors

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that were refused."""
        return tuple(dict.fromkeys(path[0] for path, _, _ in self.errors if path))


class UniqueViolation(DataError, errors.Stale):
    """Another row has these values already: 409. `.fields` names the fields of the unique index."""

    code = "unique"

    def __init__(self, what: str = "", *, fields: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.fields = fields


class ReferenceViolation(DataError, errors.Stale):
    """A row refers to one that is not there, or one that others refer to was to be deleted: 409."""


class Stale(DataError, errors.Stale):
    """The row has moved on since it was read (its `version` differs): 409. Read it again and decide."""


class Conflict(DataError, errors.Stale):
    """Two transactions met on the same rows, and this one gave way: nothing of it is stored. `db.run` tries again."""


class TransactionAborted(DataError):
    """An earlier operation of this transaction failed, so nothing of it can be stored any more."""


class Unavailable(DataError, errors.Unavailable):
    """The database does not answer, or the pool of connections is empty: 503."""


class Lost(Unavailable):
    """The connection broke while it was in use: whether the last write was stored is not known."""


class Timeout(Unavailable):
    """The deadline passed, or a lock was held by others for too long: 503. Nothing of the operation is stored."""


class Unsupported(DataError):
    """This backend cannot do it, and never pretends: 501. `db.capabilities` says what it can."""

    status = 501


class NotIncluded(DataError):
    """A relation was read that the query did not `.include(…)`: kit.data never loads behind your back."""


class WrongCursor(DataError, errors.Malformed):
    """The cursor of a page was not made by this query: 400."""
