"""The errors of kit: each says what is wrong, where, and the cure.

>>> raise Missing("no poll 7", hint="list the polls at /")
Traceback (most recent call last):
kit.errors.Missing: no poll 7: list the polls at /

Every error derives from `KitError`. `.hint` is the cure alone; `.status` is the HTTP status that the error
stands for when it reaches the edge of an application (500 unless the class says otherwise).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

__all__ = [
    "ConfigError",
    "Invalid",
    "KitError",
    "Malformed",
    "Missing",
    "MissingExtra",
    "MissingLayer",
    "Refused",
    "Stale",
    "TooLarge",
    "Unavailable",
    "needs",
]


class KitError(Exception):
    """The root of all errors of kit: `KitError(what, hint=cure)`."""

    status: int = 500

    def __init__(self, what: str = "", *, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint

    def __str__(self) -> str:
        what = str(self.args[0]) if self.args else ""
        return f"{what}: {self.hint}" if what and self.hint else what or self.hint


class ConfigError(KitError, ValueError):
    """An option that a constructor was given makes no sense or is not safe; raised at construction."""


class MissingLayer(KitError, LookupError):
    """An environ key was asked for that no layer outside has set."""


class MissingExtra(KitError, ImportError):
    """An optional library is not installed; the hint is the command that installs it."""


class Malformed(KitError, ValueError):
    """The request breaks the rules of its format: 400 (RFC 9110, 15.5.1)."""

    status = 400


class Refused(KitError):
    """The request is understood and refused: 403 (RFC 9110, 15.5.4)."""

    status = 403


class Missing(KitError, LookupError):
    """The thing asked for does not exist: 404 (RFC 9110, 15.5.5)."""

    status = 404


class Stale(KitError):
    """Somebody else changed the thing first: 409 (RFC 9110, 15.5.10)."""

    status = 409


class TooLarge(KitError, ValueError):
    """The request is larger than its limit: 413 (RFC 9110, 15.5.14)."""

    status = 413


class Invalid(KitError, ValueError):
    """Well-formed, but the values break a rule: 422 (RFC 9110, 15.5.21)."""

    status = 422


class Unavailable(KitError):
    """A backend does not answer; trying again later may help: 503 (RFC 9110, 15.6.4)."""

    status = 503


class needs:
    """Turn the failed import of an optional library into `MissingExtra`, and leave every other failure alone.

    >>> with needs("no_such_driver", extra="mongo", by="kit.stores"):
    ...     import no_such_driver
    Traceback (most recent call last):
    kit.errors.MissingExtra: kit.stores needs no_such_driver, which is not installed: pip install 'kit-wsgi[mongo]'

    Only a failure to find `module` itself, or the package it lies in, counts: a driver that is there but broken raises
    its own error.
    """

    def __init__(self, module: str, *, extra: str, by: str) -> None:
        self.module, self.extra, self.by = module, extra, by

    def __enter__(self) -> None:
        """Nothing to prepare: the import stands in the block."""

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        if isinstance(exc, ModuleNotFoundError) and (exc.name == self.module or self._lacks_package(exc.name)):
            what = f"{self.by} needs {self.module}, which is not installed"
            raise MissingExtra(what, hint=f"pip install 'kit-wsgi[{self.extra}]'") from exc

    def _lacks_package(self, name: str | None) -> bool:
        """Whether `name` lies in the same package as `module`, and that package is not there at all."""
        import sys
        from importlib.util import find_spec

        package = self.module.partition(".")[0]
        if (name or "").partition(".")[0] != package or sys.modules.get(package) is not None:
            return False
        return find_spec(package) is None
