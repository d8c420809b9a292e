"""Read the URL of a backend, once, for stores and data alike.

>>> url = parse("postgresql://ann:s%40fe@db.example:5433/blog?sslmode=verify-full")
>>> url.engine, url.name, url.user, url.password, url.hosts
('postgresql', 'blog', 'ann', 's@fe', (('db.example', 5433),))
>>> url
postgresql://ann:***@db.example:5433/blog?sslmode=verify-full
>>> parse("sqlite:///data/app.db").beside("stores")
sqlite:///data/app.stores.db

The forms: `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite::memory:`, `memory:` (kit's own backend, in this
process), `postgresql://`, `mysql://`, `mariadb://`, `mongodb://`, `mongodb+srv://`, `redis://` and `rediss://`, each
followed by `user:password@host:port/name?option=value`. Every part is percent-encoded; a Unix socket goes where the
host is (`mysql://root@%2Frun%2Fmysqld.sock/app`). Options:

- SQL servers: `sslmode` (disable, require, verify-ca, verify-full), `sslrootcert`, `sslcert`, `sslkey` (files);
- MongoDB: every option of its connection string; they reach pymongo as they are written;
- all of them: `timeout`, seconds to wait for a connection, a lock or an answer (5 unless the caller says otherwise).

`peewee_args` and `mongo_args` turn the parts into what the two libraries want. No error and no repr shows a password.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from kit.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["URL", "parse"]

_PORTS = {"postgresql": 5432, "mysql": 3306, "mongodb": 27017, "redis": 6379}
_ENGINES = {
    "sqlite": "sqlite",
    "memory": "memory",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "mongodb": "mongodb",
    "mongodb+srv": "mongodb",
    "redis": "redis",
    "rediss": "redis",
}
_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
_MODES = ("disable", "require", "verify-ca", "verify-full")
_OPTIONS = {"sqlite": ("timeout",), "memory": (), "redis": ("timeout",)}  # MongoDB: any; SQL servers: _TLS and timeout
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SECRET = re.compile(r"pass|secret|token|authmechanismproperties", re.IGNORECASE)  # the last: AWS_SESSION_TOKEN:…


class URL:
    """The parts of a backend's URL, decoded. Made by `parse`; its repr is `masked`.

    `engine` is one of sqlite, memory, postgresql, mysql (MariaDB too), mongodb, redis; `scheme` is what was written.
    `name` is the path of SQLite's file (`:memory:` without one) or the name of the database. `hosts` are pairs of host
    and port; a host that starts with `/` is a Unix socket (for PostgreSQL: its folder). `text` is the whole URL, with
    the password: for drivers, not for logs.
    """

    __slots__ = ("engine", "hosts", "name", "options", "password", "scheme", "text", "user")

    def __init__(self, text: str, scheme: str, name: str) -> None:
        self.text, self.scheme, self.name = text, scheme, name
        self.engine = _ENGINES[scheme]
        self.user = self.password = ""
        self.hosts: tuple[tuple[str, int], ...] = ()
        self.options: dict[str, str] = {}

    @property
    def masked(self) -> str:
        """The URL as it may be shown: `***` stands for the password and for every option that sounds like one."""
        if self.engine == "memory":
            return "memory:"
        if self.engine == "sqlite":
            shown = "sqlite::memory:" if self.in_memory else "sqlite:///" + quote(self.name, safe="/:")
        else:
            user = quote(self.user, safe="") + (":***" if self.password else "")
            shown = f"{self.scheme}://{user}{'@' if user else ''}{self._netloc()}/{quote(self.name, safe='')}"
        pairs = [f"{k}={'***' if _SECRET.search(k) else quote(v, safe='/:,')}" for k, v in self.options.items()]
        return f"{shown}?{'&'.join(pairs)}" if pairs else shown

    def __repr__(self) -> str:
        return self.masked

    @property
    def in_memory(self) -> bool:
        """Whether the data dies with the process (or, for SQLite, with the connection)."""
        return self.engine == "memory" or (self.engine == "sqlite" and self.name == ":memory:")

    @property
    def host(self) -> str:
        """The first host, or ``."""
        return self.hosts[0][0] if self.hosts else ""

    @property
    def port(self) -> int:
        """The first port, or 0."""
        return self.hosts[0][1] if self.hosts else 0

    def beside(self, label: str) -> URL:
        """The URL of a second SQLite file beside this one (`app.db` -> `app.label.db`); any other URL is itself.

        SQLite has one writer at a time, so what is written often keeps a file of its own.
        """
        if self.engine != "sqlite" or self.in_memory:
            return self
        folder, slash, file = self.name.rpartition("/")
        stem, dot, suffix = file.rpartition(".")
        file = f"{stem}.{label}.{suffix}" if dot and stem else f"{file}.{label}"
        other = URL("sqlite:///" + quote(folder + slash + file, safe="/:"), self.scheme, folder + slash + file)
        other.options = dict(self.options)
        return other

    def peewee_args(self, *, timeout: float = 5.0) -> tuple[str, str, dict[str, Any]]:
        """The name of peewee's Database class, the database, and the keyword arguments.

        >>> parse("sqlite:///app.db").peewee_args(timeout=2)[:2]
        ('SqliteDatabase', 'app.db')

        SQLite gets WAL, foreign keys, and write transactions that take their lock at the start; MariaDB reports matched
        rows rather than changed ones. `timeout` is in seconds; the URL's own wins. `ConfigError` if this is no SQL URL.
        """
        seconds = self.timeout(timeout)
        if self.engine == "sqlite":
            pragmas = {"foreign_keys": 1, "synchronous": "normal"}
            if not self.in_memory:
                pragmas = {"journal_mode": "wal", **pragmas}
            return "SqliteDatabase", self.name, {"timeout": seconds, "lock_type": "IMMEDIATE", "pragmas": pragmas}
        if self.engine == "postgresql":
            return "PostgresqlDatabase", self.name, self._postgresql(seconds)
        if self.engine == "mysql":
            return "MySQLDatabase", self.name, self._mysql(seconds)
        raise ConfigError(f"{self.masked} is no SQL database", hint="use sqlite:///, postgresql:// or mariadb://")

    def mongo_args(self, *, timeout: float = 5.0) -> tuple[str, dict[str, Any]]:
        """The connection string and the keyword arguments of `pymongo.MongoClient`; the database's name is `.name`.

        `timeout` (seconds) bounds the choice of a server and each whole operation; the connection string's own options
        win. `ConfigError` if this is no MongoDB URL.
        """
        if self.engine != "mongodb":
            raise ConfigError(f"{self.masked} is no MongoDB", hint="use mongodb://host/name")
        ms = int(self.timeout(timeout) * 1000)
        given = {name.lower() for name in self.options}
        limits = {"serverSelectionTimeoutMS": ms, "connectTimeoutMS": ms, "timeoutMS": ms}
        settings: dict[str, Any] = {name: ms for name, ms in limits.items() if name.lower() not in given}
        if "uuidrepresentation" not in given:
            settings["uuidRepresentation"] = "standard"
        text, _, query = self.text.partition("?")
        kept = [pair for pair in query.split("&") if pair and not pair.startswith("timeout=")]
        return text + ("?" + "&".join(kept) if kept else ""), {"tz_aware": True, **settings}

    def timeout(self, default: float) -> float:
        """The `timeout` option in seconds, or `default`."""
        text = self.options.get("timeout")
        if text is None:
            return default
        if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text) or float(text) == 0:
            raise ConfigError(f"timeout in {self.masked} is no number of seconds above 0", hint="write timeout=2.5")
        return float(text)

    def _netloc(self) -> str:
        srv = self.scheme.endswith("+srv")
        return ",".join(_host_text(host) + ("" if srv or host[:1] == "/" else f":{port}") for host, port in self.hosts)

    def _postgresql(self, seconds: float) -> dict[str, Any]:
        settings: dict[str, Any] = {"connect_timeout": max(2, round(seconds)), "prefer_psycopg3": True}
        settings["host"] = ",".join(host for host, _ in self.hosts)
        settings["port"] = ",".join(str(port) for _, port in self.hosts)
        settings |= {"user": self.user, "password": self.password}
        # 2 s is libpq's least; the other three bound a query, a lock, and a server that has gone without a word
        settings["options"] = f"-c statement_timeout={int(seconds * 1000)} -c lock_timeout={int(seconds * 1000)}"
        settings["tcp_user_timeout"] = str(int(seconds * 1000))
        settings |= {name: self.options[name] for name in _TLS if name in self.options}
        return {name: value for name, value in settings.items() if value != ""}

    def _mysql(self, seconds: float) -> dict[str, Any]:
        if len(self.hosts) > 1:
            raise ConfigError(f"{self.masked} has several hosts", hint="MySQL's driver takes one")
        settings: dict[str, Any] = {"client_flag": 2}  # FOUND_ROWS: an UPDATE counts the rows it matched
        settings |= {"unix_socket": self.host} if self.host[:1] == "/" else {"host": self.host, "port": self.port}
        settings |= {"user": self.user, "password": self.password}
        settings |= dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), seconds)
        if self.scheme == "mariadb":
            settings["mariadb"] = True
        mode = self.options.get("sslmode", "verify-full" if "sslrootcert" in self.options else "")
        if mode == "disable":
            settings["ssl_disabled"] = True
        elif mode:
            names = {"sslrootcert": "ssl_ca", "sslcert": "ssl_cert", "sslkey": "ssl_key"}
            settings |= {theirs: self.options[ours] for ours, theirs in names.items() if ours in self.options}
            settings["ssl"] = settings.get("ssl") or {"check_hostname": mode == "verify-full"}
            settings["ssl_verify_cert"] = mode != "require"
            settings["ssl_verify_identity"] = mode == "verify-full"
        return settings


def parse(text: str) -> URL:
    """The parts of `text`; `ConfigError` names the part that is wrong and shows no password.

    >>> parse("postgresql://ann:secret@db:many/blog")
    Traceback (most recent call last):
    kit.errors.ConfigError: the port in postgresql://***@db:***/blog is no number from 1 to 65535: write host:port/name
    """
    if not isinstance(text, str):
        raise ConfigError(f"a backend's URL is a str, not {type(text).__name__}")
    shown = _veil(text)
    if re.search(r"[\x00-\x20\x7f]", text):
        raise ConfigError(f"a blank or control character in {shown!r}", hint="percent-encode it")
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in _ENGINES:
        what = f"the scheme of the URL is none of {', '.join(_ENGINES)}"
        raise ConfigError(what, hint="write sqlite:///app.db")
    rest, _, query = rest.partition("?")
    if _ENGINES[scheme] == "memory":
        return _options(_memory(text, rest), query, shown)
    if _ENGINES[scheme] == "sqlite":
        return _options(_sqlite(text, rest, shown), query, shown)
    if not rest.startswith("//"):
        raise ConfigError(f"no // after the scheme of {shown}", hint=f"write {scheme}://host/name")
    return _options(_server(text, scheme, rest[2:], shown), query, shown)


def _memory(text: str, rest: str) -> URL:
    if rest not in ("", "//"):
        raise ConfigError("memory: has no name", hint="write memory: alone, or sqlite:///app.db for a file")
    return URL(text, "memory", "")


def _sqlite(text: str, rest: str, shown: str) -> URL:
    if rest in (":memory:", "///:memory:"):
        return URL(text, "sqlite", ":memory:")
    path = _decode(rest[3:], "path", shown) if rest.startswith("///") else ""
    if not path or path.endswith("/"):
        hint = "write sqlite:///relative.db, sqlite:////absolute.db or sqlite::memory:"
        raise ConfigError(f"no path of a file in {shown}", hint=hint)
    return URL(text, "sqlite", path)


def _server(text: str, scheme: str, rest: str, shown: str) -> URL:
    netloc, _, name = rest.partition("/")
    credentials, at, hosts = netloc.rpartition("@")
    if "@" in credentials or "@" in name:
        raise ConfigError(f"more than one @ in {shown}", hint="percent-encode user and password: %40 for @, %2F for /")
    if "/" in name:
        raise ConfigError(f"a second / in the database name of {shown}", hint="percent-encode user and password")
    url = URL(text, scheme, _decode(name, "database name", shown))
    if at:
        user, _, password = credentials.partition(":")
        url.user, url.password = _decode(user, "user", shown), _decode(password, "password", shown)
    url.hosts = tuple(_host(host, url.engine, shown) for host in hosts.split(","))
    if not url.name and url.engine != "redis":
        raise ConfigError(f"no database name in {shown}", hint="add /name after the host")
    return url


def _host(text: str, engine: str, shown: str) -> tuple[str, int]:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([^:]*))?", text)
    if match is None:
        raise ConfigError(f"the host in {shown} is not written as one", hint="write db.example, 127.0.0.1 or [::1]")
    host = _decode(match[1].strip("[]"), "host", shown) or "localhost"
    port = match[2]
    if port is None:
        return host, _PORTS[engine]
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise ConfigError(f"the port in {shown} is no number from 1 to 65535", hint="write host:port/name")
    return host, int(port)


def _options(url: URL, query: str, shown: str) -> URL:
    if "@" in query:  # a ? in the password: what follows it is no option, and nothing of it is shown
        raise ConfigError(f"an @ after the ? in {shown}", hint="percent-encode each part: %40 for @, %3F for ?")
    allowed = _OPTIONS.get(url.engine, (*_TLS, "timeout"))
    for pair in query.split("&") if query else ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ConfigError(f"an option without name or value in {shown}", hint="write ?name=value&name=value")
        if url.engine != "mongodb" and key not in allowed:
            raise ConfigError(f"unknown option {key!r} in {shown}", hint=f"use {', '.join(allowed) or 'none'}")
        if key in url.options and url.engine != "mongodb":
            raise ConfigError(f"option {key!r} is there twice in {shown}", hint="keep one")
        url.options[key] = _decode(value, f"option {key}", shown)
    mode = url.options.get("sslmode")
    if mode is not None and url.engine != "mongodb" and mode not in _MODES:
        raise ConfigError(f"sslmode in {shown} is none of {', '.join(_MODES)}", hint="use verify-full")
    url.timeout(0.0)
    return url


def _decode(text: str, part: str, shown: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise ConfigError(f"a % without two hexadecimal digits in the {part} of {shown}", hint="write % itself as %25")
    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ConfigError(f"the {part} of {shown} is not UTF-8", hint="percent-encode UTF-8 bytes") from None
    if "\0" in plain:
        raise ConfigError(f"a NUL in the {part} of {shown}", hint="leave %00 out")
    return plain


def _host_text(host: str) -> str:
    return f"[{host}]" if ":" in host else quote(host, safe="")


def _veil(text: str) -> str:
    """`text` for an error, while nobody knows where its parts end: all up to the last @ is hidden.

    Without a known scheme nothing is shown, nor what follows the scheme of a server without `//`.
    """
    scheme, _, rest = text.partition(":")
    engine = _ENGINES.get(scheme.lower())
    if engine is None:
        return "***"
    slashes = "//" if rest.startswith("//") else ""
    if not slashes and engine in _PORTS:
        return f"{scheme}:***"
    veiled = f"{scheme}:{slashes}***@{rest.rpartition('@')[2]}" if "@" in rest else text
    # without an @ the password may stand where the port should: only digits are shown there
    veiled = re.sub(r"(://[^/?]*:)(?!\d{1,5}(?:[/?]|$))[^/?]*", r"\1***", veiled)
    return re.sub(rf"([?&][^=&]*(?:{_SECRET.pattern})[^=&]*)=[^&]*", r"\1=***", veiled, flags=re.IGNORECASE)
