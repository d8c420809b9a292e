"""Kinds of dates, times and moments, as the date inputs of browsers write them (ISO 8601, no other format).

>>> When(zone="Europe/Berlin").parse("2026-07-01T12:00")
datetime.datetime(2026, 7, 1, 10, 0, tzinfo=datetime.timezone.utc)
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kit.errors import ConfigError
from kit.forms.constraints import ORDER
from kit.forms.kinds import Kind, Wrong

__all__ = ["Day", "Time", "When"]

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?"


class _Iso(Kind):
    table = {word: row for word, row in ORDER.items() if word != "step"}
    shape: ClassVar[re.Pattern[str]]
    read: ClassVar[Any]

    def parse(self, text: str) -> Any:
        if self.shape.fullmatch(text):
            try:
                return self.read(text)
            except ValueError:
                pass  # the 30th of February
        raise Wrong(self.schema["format"])

    def show(self, value: Any) -> str:
        return str(value.isoformat())


class Day(_Iso):
    """A date: `2026-02-28`."""

    attributes = {"type": "date"}
    schema = {"type": "string", "format": "date"}
    shape = re.compile(_DATE)
    read = date.fromisoformat


class Time(_Iso):
    """A time of day without a zone, to milliseconds: `09:30`, `09:30:15.250`."""

    attributes = {"type": "time"}
    schema = {"type": "string", "format": "time"}
    shape = re.compile(_TIME)
    read = time.fromisoformat

    def show(self, value: Any) -> str:
        return _short(value.isoformat())


class When(_Iso):
    """A moment: an aware datetime in UTC. People write the local time of `zone`, programs an offset (RFC 3339).

    A local time that the zone skips is refused; of one that it has twice, the earlier is taken (RFC 5545, 3.3.5).
    """

    attributes = {"type": "datetime-local"}
    schema = {"type": "string", "format": "date-time"}
    shape = re.compile(f"{_DATE}[T ]{_TIME}")
    read = datetime.fromisoformat
    _offset = re.compile(rf"({_DATE}[Tt ][0-9:]{{5,8}})(\.[0-9]{{1,9}})?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})")

    def __init__(self, *, zone: str = "UTC") -> None:
        try:
            self.zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ConfigError(f"no time zone {zone!r}", hint="give an IANA name, or install tzdata") from None

    def parse(self, text: str) -> Any:
        local: datetime = super().parse(text).replace(tzinfo=self.zone)
        try:
            moment = local.astimezone(UTC)
            if moment.astimezone(self.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
                raise Wrong("date-time")
        except OverflowError:
            raise Wrong("date-time") from None
        return moment

    def accept(self, data: Any) -> Any:
        found = self._offset.fullmatch(data) if isinstance(data, str) else None
        try:
            if found:
                text = found[1] + (found[2] or ".0")[:4] + found[3]
                return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise Wrong("date-time")

    def show(self, value: Any) -> str:
        return _short(value.astimezone(self.zone).replace(tzinfo=None).isoformat())

    def dump(self, value: Any) -> Any:
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _short(iso: str) -> str:
    """Without seconds that are zero and digits behind the millisecond, which no browser takes."""
    iso = iso[: iso.index(".") + 4] if "." in iso else iso
    return iso.removesuffix(":00") if iso.count(":") == 2 else iso
