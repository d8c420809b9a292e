"""Look after templates and static files, before they go into production.

  kit templates lint mysite/templates                        where is escaping not enough?
  kit templates compile mysite/templates --to build/pages    for Templates(…, compiled="build/pages")
  kit templates assets mysite/static                         write .gz, .br and .zst beside the files; print a manifest

`lint` exits with 1 if it finds anything.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from kit.cli.terminal import print_json
from kit.errors import Missing

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kit templates`."""
    parser.add_argument("act", choices=("lint", "compile", "assets"), help="what to do")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="of templates, or of static files")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="compile: where the compiled templates go")


def run(args: argparse.Namespace) -> int:
    """Do it; the exit code."""
    for folder in args.folders:
        if not folder.is_dir():
            raise Missing(f"no folder {folder}")
    return {"lint": _lint, "compile": _compile, "assets": _assets}[args.act](args)


def _lint(args: argparse.Namespace) -> int:
    from kit.render.lint import lint_folders

    found = list(lint_folders(args.folders))
    for finding in found:
        print(finding)
    return 1 if found else 0


def _compile(args: argparse.Namespace) -> int:
    from kit.render.engines.mako import MakoEngine

    if args.to is None:
        raise Missing("no folder to compile to", hint="--to FOLDER")
    count = MakoEngine(args.folders, compiled=args.to).compile()
    print(f"{count} templates in {args.to}")
    return 0


def _assets(args: argparse.Namespace) -> int:
    from kit.render.assets import Assets
    from kit.render.compress import write_copies

    for folder in args.folders:
        assets = Assets(folder)
        copies = {name: write_copies(folder / name) for name in assets.names()}
        print_json({name: {**facts, "copies": copies[name]} for name, facts in assets.manifest().items()})
    return 0
