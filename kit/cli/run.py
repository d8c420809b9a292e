"""Serve an app for development, and reload it when a file changes.

  kit run polls                     a recipe, on http://127.0.0.1:8000
  kit run --port 9000               the folder you stand in, with its app.py
  kit run mysite.app:make_app --data postgresql://ann@localhost/mysite

The app gets its data from a SQLite file beside you unless --data says otherwise, and its secret keys from .kit-keys,
which is made at the first run. Debug pages and the lint of kit.wsgi.lint are on while the address is a loopback one.
For production, run the same app under gunicorn or granian behind nginx: docs/deploy.md.
"""

from __future__ import annotations

import argparse
import ipaddress
import logging
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from kit.cli.target import add_target, name_of
from kit.cli.terminal import paint
from kit.errors import ConfigError, needs

if TYPE_CHECKING:
    from kit.cli.worker import Settings

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kit run`."""
    add_target(parser)
    either = argparse.BooleanOptionalAction
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--keys", metavar="FILE", default=".kit-keys", help="secret keys (default: %(default)s)")
    parser.add_argument("--threads", type=_threads, default=16, help="requests at once (default: %(default)s)")
    parser.add_argument("--debug", action=either, help="error pages that show the source; on for a loopback address")
    parser.add_argument("--lint", action=either, help="check every layer at every request; on where debug is")
    parser.add_argument("--reload", action=either, default=True, help="watch this folder for changes (default: on)")


def run(args: argparse.Namespace) -> int:
    """Listen, then serve until Ctrl-C."""
    settings = _settings(args)
    with needs("waitress", extra="cli", by="kit run"):
        import waitress  # noqa: F401  found here, once, and not in every worker
    with _listen(args.host, args.port) as listening:
        port = listening.getsockname()[1]
        host = f"[{args.host}]" if ":" in args.host else args.host
        name = paint(name_of(args.target), "bold")  # of the folder, where the target is "."
        note = "reloads on change, " if args.reload else ""
        print(f"{name} on {paint(f'http://{host}:{port}', 'cyan')} ({note}Ctrl-C stops it)")
        sys.stdout.flush()
        if args.reload:
            _watch(listening, settings)
        else:
            from kit.cli.worker import serve

            serve(listening, settings)
    return 0


def _settings(args: argparse.Namespace) -> Settings:
    loopback = _loopback(args.host)
    debug = loopback if args.debug is None else args.debug
    if debug and not loopback:
        what = f"debug pages show source and settings, and {args.host} is open to others"
        raise ConfigError(what, hint="leave out --debug, or listen on 127.0.0.1")
    return {
        "target": args.target,
        "data": args.data or f"sqlite:///{quote(name_of(args.target), safe='')}.sqlite",
        "keys": args.keys,
        "debug": debug,
        "lint": debug if args.lint is None else args.lint,
        "threads": args.threads,
        "host": args.host,
    }


def _listen(host: str, port: int) -> socket.socket:
    """The listening socket: held here, so that a request that comes while the app reloads waits and is not refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}", hint=_cure(error, port)) from None


def _cure(error: OSError, port: int) -> str:
    if port and isinstance(error, PermissionError):
        return "ports below 1024 belong to root: choose another with --port"
    return "choose another with --port (0 takes a free one)" if port else "choose another with --host"


def _watch(listening: socket.socket, settings: Settings) -> None:
    with needs("watchfiles", extra="cli", by="kit run --reload"):
        import watchfiles

    from kit.cli.worker import work

    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # Ctrl-C needs no report
    watched = [Path.cwd(), *_sources(settings["target"])]
    kinds = watchfiles.PythonFilter(extra_extensions=(".mako", ".html", ".cfg", ".toml"))
    watchfiles.run_process(
        *watched,
        target=work,
        args=(listening, settings),
        watch_filter=kinds,
        debounce=200,
        grace_period=0,
        sigint_timeout=1,
        sigkill_timeout=1,
    )


def _sources(target: str) -> list[Path]:
    """The folder of the target where it lies outside the current one: a recipe of an installed kit, say."""
    import kit._recipes

    name = target.partition(":")[0]
    found = [Path(name), *(Path(root) / name for root in kit._recipes.__path__)]
    here = Path.cwd()
    return [path.resolve() for path in found if (path / "app.py").is_file() and here not in path.resolve().parents][:1]


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _port(text: str) -> int:
    return _number(text, 0, 65535)


def _threads(text: str) -> int:
    return _number(text, 1, 1000)


def _number(text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
    return int(text)
