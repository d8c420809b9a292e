"""Backend URLs: what is read, what is refused, and that no password is ever shown."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import ConfigError
from kit.url import URL, parse

HIDDEN = "hunter2"


@pytest.mark.parametrize(
    ("text", "engine", "name"),
    [
        ("sqlite:///app.db", "sqlite", "app.db"),
        ("sqlite:////var/app.db", "sqlite", "/var/app.db"),
        ("sqlite:///my%20app.db", "sqlite", "my app.db"),
        ("sqlite::memory:", "sqlite", ":memory:"),
        ("sqlite:///:memory:", "sqlite", ":memory:"),
        ("memory:", "memory", ""),
        ("memory://", "memory", ""),
        ("postgres://h/d", "postgresql", "d"),
        ("POSTGRESQL://h/d", "postgresql", "d"),
        ("mysql://h/d", "mysql", "d"),
        ("mariadb://h/d", "mysql", "d"),
        ("mongodb://h/d", "mongodb", "d"),
        ("mongodb+srv://h/d", "mongodb", "d"),
        ("redis://h/0", "redis", "0"),
        ("rediss://h", "redis", ""),
    ],
)
def test_every_form_of_url_names_its_engine_and_database(text, engine, name):
    url = parse(text)
    assert (url.engine, url.name) == (engine, name)


def test_user_password_host_and_port_are_decoded():
    url = parse("postgresql://a%20b:p%40%2F%3A%25@[::1]:99/d")
    assert (url.user, url.password, url.host, url.port) == ("a b", "p@/:%", "::1", 99)


def test_several_hosts_keep_their_ports():
    assert parse("mongodb://a:1,b/d").hosts == (("a", 1), ("b", 27017))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (7, "str"),
        ("", "scheme"),
        ("app.db", "scheme"),
        ("oracle://h/d", "scheme"),
        ("sqlite:app.db", "path"),
        ("sqlite://app.db", "path"),
        ("sqlite:///", "path"),
        ("sqlite:///folder/", "path"),
        ("sqlite:///a.db?mode=ro", "mode"),
        ("sqlite:///a%zz.db", "path"),
        ("sqlite:///a%00.db", "NUL"),
        ("memory:x", "memory"),
        ("postgresql:h/d", "//"),
        ("postgresql://h", "database name"),
        ("postgresql://h/a/b", "second /"),
        ("postgresql://h:0/d", "port"),
        ("postgresql://h:65536/d", "port"),
        (f"postgresql://u:{HIDDEN}@h:x/d", "port"),
        (f"postgresql://u:{HIDDEN}/d", "port"),
        (f"postgresql://u:{HIDDEN}@x@h/d", "@"),
        (f"postgresql://u:a/{HIDDEN}@h/d", "@"),
        (f"postgresql://u:1/{HIDDEN}@h/d", "@"),
        (f"postgresql://u:{HIDDEN}%2@h/d", "password"),
        (f"postgresql://u:{HIDDEN}%ff@h/d", "UTF-8"),
        (f"postgresql://u:{HIDDEN}@h/d?sslmode=maybe", "sslmode"),
        (f"postgresql://u:{HIDDEN}@h/d?sslmode=require&sslmode=disable", "twice"),
        (f"postgresql://u@h/d?password={HIDDEN}", "password"),
        (f"postgresql://u:{HIDDEN}@h/d?x", "option"),
        (f"postgresql://u:{HIDDEN}@h/d?timeout=soon", "timeout"),
        (f"postgresql://u:{HIDDEN}@h/d?timeout=0", "timeout"),
        (f"postgresql://u:{HIDDEN}?x@h/d", "port"),
        (f"postgresql://u:{HIDDEN} @h/d", "blank"),
        (f"postgresql://u:{HIDDEN}@[::1/d", "host"),
        (f"postgresql:/u:{HIDDEN}@h/d", "//"),
        (f"postgresql:u:{HIDDEN}@h/d", "//"),
        (f"postgresql:\\\\u:{HIDDEN}@h/d", "//"),
        (f"mongodb:u:{HIDDEN}", "//"),
        (f"u:{HIDDEN}@h/d", "scheme"),
        (f"{HIDDEN}://u@h/d", "scheme"),
        (f" postgresql://u:{HIDDEN}@h/d", "blank"),
        (f"redis://u:99?{HIDDEN}=w@h/0", "%3F"),
        (f"redis://u:99?timeout={HIDDEN}@h/0", "%3F"),
        (f"mongodb://u:9/9?{HIDDEN}=w@h/d", "%3F"),
        (f"mysql://h/d?authMechanismProperties={HIDDEN}", "unknown option"),
    ],
)
def test_a_wrong_url_is_refused_by_part_and_without_its_password(text, word):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert word in str(caught.value)
    assert HIDDEN not in str(caught.value)


@given(st.text(min_size=1).filter(lambda s: "\0" not in s and s.isprintable() and "*" not in s))
def test_any_password_survives_encoding_and_is_masked(secret):
    from urllib.parse import quote

    url = parse(f"mariadb://user:{quote(secret, safe='')}@host.example/base")
    assert url.password == secret
    assert url.masked == str(url) == repr(url) == "mariadb://user:***@host.example:3306/base"


@given(st.text() | st.from_regex(r"(sqlite|mysql|mongodb|redis|memory):[/@:?&=%a\[\],0-9.]*", fullmatch=True))
def test_anything_parses_or_is_a_config_error(text):
    try:
        url = parse(text)
    except ConfigError:
        return
    assert isinstance(url, URL)
    again = parse(url.masked)
    assert (again.engine, again.name, again.hosts) == (url.engine, url.name, url.hosts)


def test_options_that_sound_secret_are_masked():
    url = parse(f"mongodb://h/d?tlsCertificateKeyFilePassword={HIDDEN}&w=1")
    assert str(url) == "mongodb://h:27017/d?tlsCertificateKeyFilePassword=***&w=1"
    url = parse(f"mongodb://h/d?authMechanism=MONGODB-AWS&authMechanismProperties=AWS_SESSION_TOKEN:{HIDDEN}")
    assert repr(url) == "mongodb://h:27017/d?authMechanism=MONGODB-AWS&authMechanismProperties=***"


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        ("sqlite:///app.db", "app.stores.db"),
        ("sqlite:////var/lib.d/app", "/var/lib.d/app.stores"),
        ("sqlite:///.db", ".db.stores"),
        ("sqlite:///a%25b/x.y.sqlite", "a%b/x.y.stores.sqlite"),
        ("sqlite::memory:", ":memory:"),
        ("postgresql://h/app.db", "app.db"),
    ],
)
def test_the_file_beside_a_sqlite_file(text, beside):
    assert parse(text).beside("stores").name == beside


def test_beside_keeps_the_options_and_parses_again():
    url = parse("sqlite:///a%25b.db?timeout=2").beside("stores")
    assert parse(url.masked).name == "a%b.stores.db"
    assert url.timeout(9) == 2


def test_sqlite_waits_for_locks_and_writes_ahead():
    name, database, settings = parse("sqlite:///a.db?timeout=1.5").peewee_args(timeout=9)
    assert (name, database, settings["timeout"], settings["lock_type"]) == ("SqliteDatabase", "a.db", 1.5, "IMMEDIATE")
    assert settings["pragmas"]["journal_mode"] == "wal"


def test_postgresql_gets_tls_and_limits():
    _, _, settings = parse("postgresql://u@h/d?sslmode=verify-full&sslrootcert=/ca.pem").peewee_args(timeout=3)
    assert settings["sslmode"] == "verify-full" and settings["sslrootcert"] == "/ca.pem"
    assert "statement_timeout=3000" in settings["options"] and settings["connect_timeout"] == 3
    assert "password" not in settings


def test_a_unix_socket_stands_where_the_host_is():
    assert parse("postgresql://u@%2Frun%2Fpg/d").peewee_args()[2]["host"] == "/run/pg"
    assert parse("mysql://u@%2Frun%2Fdb.sock/d").peewee_args()[2]["unix_socket"] == "/run/db.sock"


def test_mariadb_checks_certificate_and_name_once_a_root_is_given():
    _, _, settings = parse("mariadb://h/d?sslrootcert=/ca.pem").peewee_args()
    assert settings["ssl_ca"] == "/ca.pem" and settings["ssl_verify_cert"] and settings["ssl_verify_identity"]
    assert parse("mariadb://h/d?sslmode=disable").peewee_args()[2]["ssl_disabled"]
    assert settings["client_flag"] == 2


def test_mongo_options_win_over_the_defaults_and_our_timeout_is_taken_out():
    text, settings = parse("mongodb://h/d?timeout=2&w=1&timeoutms=9").mongo_args()
    assert text == "mongodb://h/d?w=1&timeoutms=9"
    assert settings["serverSelectionTimeoutMS"] == 2000 and "timeoutMS" not in settings


def test_the_wrong_library_is_a_config_error():
    with pytest.raises(ConfigError, match="no SQL"):
        parse(f"mongodb://u:{HIDDEN}@h/d").peewee_args()
    with pytest.raises(ConfigError, match="no MongoDB"):
        parse("sqlite:///a.db").mongo_args()


def test_import_pulls_in_nothing_heavy():
    code = "import sys, kit.url; print({'typing', 'dataclasses', 'inspect', 'logging'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-S", "-c", code], text=True).strip() == "set()"
