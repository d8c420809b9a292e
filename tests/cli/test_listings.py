"""`kit stack` and `kit routes`."""

import json

import pytest

from kit.cli.stack import describe
from kit.seal import KeyRing, new_key
from kit.wsgi import Layer


def test_stack_lists_the_layers_with_what_they_declare_and_where_they_are(kit):
    shown = kit("stack", "mysite").stdout
    assert "1  Stamp  mysite/app.py:6" in shown
    assert "provides site.stamp" in shown
    assert "2  Router" in shown


def test_stack_shows_options_that_are_not_at_their_default_and_no_secret(kit):
    ended = kit("stack", "mysite", "--json")
    assert "hunter2" not in ended.stdout
    assert "s3cret" not in ended.stdout
    first = json.loads(ended.stdout)[0]
    assert first["options"] == {
        "secret": "***",
        "session_key": "'own.session'",
        "url": "'postgresql://***@db/app'",
    }
    assert first["class"] == "mysite.app.Stamp"
    assert first["position"] == 1


class Box:
    def __init__(self, **kept):
        self.kept = kept

    def __repr__(self):
        return f"Box({', '.join(f'{name}={value!r}' for name, value in self.kept.items())})"


def shown(name, value):
    """What `kit stack` shows of an option."""

    def init(self, app, **given):
        Layer.__init__(self, app)
        self.__dict__.update(given)

    code = {"init": init}
    exec(f"def __init__(self, app, *, {name}=None): init(self, app, {name}={name})", code)
    layer = type("Auth", (Layer,), {"__init__": code["__init__"]})
    return describe(layer(print, **{name: value}))[0]["options"][name]


@pytest.mark.parametrize("name", ["keys", "key", "client_secret", "tokens", "password", "salt", "pepper", "basic_auth"])
@pytest.mark.parametrize("value", ["t0p", b"t0p", ["t0p"], ("ann", "t0p"), {"api": "t0p"}, Box(x="t0p"), {"t0p"}, 7])
def test_an_option_that_sounds_secret_is_masked_whatever_it_is(name, value):
    assert shown(name, value) == "***"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("postgresql://ann:p/w@h/db", "'postgresql://***@h/db'"),
        ("postgresql://ann:p w'@\"@h/db", "'postgresql://***@h/db'"),
        (["redis://:t0p@a/0", "redis://b/1"], "['redis://***@a/0', 'redis://b/1']"),
        ("mongodb://h/db?password=t0p", "'mongodb://h/db?password=***"),
        ({"host": "h", "password": "t0p", "port": 1}, "{'host': 'h', 'password': ***, 'port': 1}"),
        ({"SECRET_KEYS": ["t0p", "t0p"], "port": 1}, "{'SECRET_KEYS': ***"),
        (Box(host="h", api_token="t'0p", port=1), "Box(host='h', api_token=***, port=1)"),
        ("https://shop.example", "'https://shop.example'"),
    ],
)
def test_secrets_inside_a_value_are_masked(value, seen):
    assert shown("place", value) == seen


def test_what_is_no_secret_is_shown():
    assert shown("session_key", "own.session") == "'own.session'"
    assert shown("secret_key", "own.session") == "***"
    assert shown("key", len) == "len"
    assert shown("credentials", True) == "True"
    assert shown("authors", ["ann"]) == "['ann']"
    assert shown("ring", KeyRing(new_key())) == "***"


def test_the_folder_one_stands_in_is_meant_where_none_is_named(kit, folder):
    assert "Stamp  app.py:6" in kit("stack", cwd=folder / "mysite").stdout
    ended = kit("stack", cwd=folder)
    assert ended.returncode == 2
    assert "there is no folder . with an app.py" in ended.stderr


def test_stack_shows_foreign_middleware_and_mounts(kit, folder):
    code = """
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
def site(environ, start_response): ...
def blog(environ, start_response): ...
app = ProxyFix(DispatcherMiddleware(site, {"/blog": blog}))
"""
    (folder / "foreign_site.py").write_text(code)
    rows = json.loads(kit("stack", "foreign_site:app", "--json").stdout)
    assert [row["name"] for row in rows] == ["ProxyFix", "DispatcherMiddleware", "site", "blog"]
    assert rows[0]["class"] == "werkzeug.middleware.proxy_fix.ProxyFix"
    assert rows[3]["mount"] == "/blog"
    assert rows[3]["depth"] == 1


def test_routes_says_where_each_was_declared(kit):
    rows = json.loads(kit("routes", "mysite", "--json").stdout)
    assert rows[2] == {
        "methods": ["POST"],
        "path": "/users/{id:int}",
        "name": "user",
        "handler": "user",
        "guards": [],
        "source": "mysite/app.py:23",
    }


def test_routes_of_mounted_routers_come_below_their_prefix(kit, folder):
    code = """
from kit.routing import Router
inner, app = Router(), Router()
inner.get("/users", print, name="users")
app.mount("/admin", inner)
"""
    (folder / "mounted_site.py").write_text(code)
    rows = json.loads(kit("routes", "mounted_site:app", "--json").stdout)
    assert [row["path"] for row in rows if row["name"] == "users"] == ["/admin/users"]


def test_routes_are_aligned_for_people(kit):
    lines = kit("routes", "mysite").stdout.splitlines()
    assert lines[0].split() == ["METHODS", "PATH", "NAME", "HANDLER", "SOURCE"]
    column = lines[0].index("PATH")
    assert lines[1][column - 2 : column + 1] == "  /"


def test_an_app_without_a_router_is_told_where_to_look(kit, folder):
    (folder / "bare_site.py").write_text("def app(environ, start_response): ...\n")
    ended = kit("routes", "bare_site:app")
    assert ended.returncode == 2
    assert "no router in bare_site:app\n     see what is in it: kit stack bare_site:app" in ended.stderr


def test_looking_at_an_app_leaves_no_file_behind(kit, folder):
    kit("stack", "mysite")
    kit("routes", "mysite")
    assert {path.name for path in folder.iterdir()} == {"mysite"}
