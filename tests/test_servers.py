"""The throw-away servers and fixtures that the other tests stand on."""

import sys
import urllib.request

import pytest

from tests.servers import serve


def test_a_database_is_fresh_for_each_test_on_postgresql(database):
    import psycopg

    for _ in range(2):
        with psycopg.connect(database("postgresql")) as connection:
            connection.execute("CREATE TABLE only_once (id int)")


def test_a_database_is_fresh_for_each_test_on_mariadb(database):
    import pymysql

    names = []
    for _ in range(2):
        base, _, name = database("mariadb").rpartition("/")
        port = int(base.rpartition(":")[2])
        connection = pymysql.connect(host="127.0.0.1", port=port, user="root", database=name)
        connection.cursor().execute("CREATE TABLE only_once (id int)")
        connection.close()
        names.append(name)
    assert names[0] != names[1]


def test_a_database_is_fresh_for_each_test_on_mongodb(database):
    import pymongo

    for _ in range(2):
        with pymongo.MongoClient(database("mongodb")) as client:
            assert client.get_default_database().list_collection_names() == []
            client.get_default_database()["things"].insert_one({"a": 1})


def test_redis_answers(server):
    import redis

    with redis.Redis.from_url(server("redis")) as client:
        assert client.ping()


def test_the_browser_runs_scripts(page):
    page.set_content("<p id=p></p><script>p.textContent = 6 * 7</script>")
    assert page.inner_text("#p") == "42"


def test_serve_gives_the_base_of_a_running_server(tmp_path):
    (tmp_path / "hello.txt").write_text("hello")
    with serve([sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1"], cwd=tmp_path) as base:
        with urllib.request.urlopen(f"{base}/hello.txt") as answer:
            assert answer.read() == b"hello"


def test_serve_shows_the_log_of_a_server_that_does_not_start():
    with pytest.raises(RuntimeError, match="no_such_program"), serve("no_such_program"):
        pass
