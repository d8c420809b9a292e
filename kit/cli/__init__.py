"""The command `kit`: each subcommand is a module of this package, imported only when it is called.

>>> main(["--version"])
Traceback (most recent call last):
SystemExit: 0

A command `name` is the module `kit.cli.name` with `add_arguments(parser)` and `run(args)`, which returns the exit code
(None is 0). To add one, write that module and its line in `COMMANDS`. What goes wrong for the user derives from
`kit.errors.KitError`: it is printed with its cure, and the exit code is 2. Everything else is a bug and shows a
traceback. `python -m kit.cli` is the same command.
"""

from __future__ import annotations

import argparse
import sys

from kit import __version__
from kit.errors import KitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["COMMANDS", "main"]

#: what `kit --help` lists, in this order; the summaries stand here so that listing them imports nothing
COMMANDS = {
    "run": "serve a recipe or an app for development, and reload it when a file changes",
    "routes": "list the routes of an app",
    "stack": "list the layers of an app, outermost first",
    "check": "check an app: the order of its layers and, with --deploy, what strangers could abuse",
    "keys": "make secret keys, and rotate them",
    "sessions": "look after the sessions in a store: gc, list, revoke",
    "templates": "check templates, compile them, compress the files beside them",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (without the program's name; `sys.argv` by default) and return the exit code.

    As argparse does, `--help`, `--version` and a wrong command line raise SystemExit.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = _parser(arguments).parse_args(arguments)
    try:
        return int(_command(args.command).run(args) or 0)
    except KitError as error:
        from kit.cli.terminal import report

        report(error)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `kit routes … | head`: the reader has seen enough
        sys.stderr.close()
        return 0


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kit", description="kit: a composable WSGI toolkit.")
    parser.add_argument("--version", action="version", version=f"kit {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if name == wanted:
            module = _command(name)
            command.description = module.__doc__
            command.formatter_class = argparse.RawDescriptionHelpFormatter
            module.add_arguments(command)
    return parser


def _command(name: str) -> Any:
    import importlib

    return importlib.import_module(f"kit.cli.{name}")
