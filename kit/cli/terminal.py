"""What the commands print: tables, JSON, errors; colours only on a terminal.

>>> for line in table([("GET", "/", "home"), ("POST", "/polls/{id}", "vote")]):
...     print(line)
GET   /            home
POST  /polls/{id}  vote

Colours are left out where the output is no terminal, where NO_COLOR is set (to anything), and where TERM is dumb.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from kit.errors import KitError

__all__ = ["paint", "print_json", "report", "table"]

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "cyan": "36"}


def paint(text: str, style: str, *, to: TextIO | None = None) -> str:
    """`text` in a style (bold, dim, red, green, cyan) if `to` (standard output) shows colours."""
    stream = sys.stdout if to is None else to
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\033[{_STYLES[style]}m{text}\033[0m"


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The rows as lines with aligned columns, two blanks apart."""
    listed = [list(map(_plain, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    for row in listed:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def print_json(value: object) -> None:
    """Print `value` as indented JSON; what JSON does not know becomes text."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def report(error: KitError) -> None:
    """Print what went wrong and the cure to standard error."""
    what = str(error.args[0]) if error.args else type(error).__name__
    print(f"{paint('kit:', 'red', to=sys.stderr)} {what}", file=sys.stderr)
    if error.hint:
        print(f"     {error.hint}", file=sys.stderr)


def _plain(cell: str) -> str:
    """A cell without control characters: what is listed may come from anybody's source."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in cell)
