"""How a target of the command line becomes an app."""

import pytest

from kit.cli.target import load, make, name_of
from kit.errors import ConfigError, Missing


def site(environ, start_response):
    start_response("204 No Content", [])
    return []


def given(**more):
    return {"data": "memory:", "keys": None, "debug": False, "lint": False, **more}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder that is the current one; what is imported from it is forgotten afterwards."""
    import sys

    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in set(sys.modules) - before:
        if not name.startswith("kit."):
            del sys.modules[name]


def test_a_wsgi_app_is_taken_as_it_is():
    assert make(site, given()) is site


def test_a_class_based_app_is_taken_as_it_is():
    class Site:
        def __call__(self, environ, start_response):
            return []

    app = Site()
    assert make(app, given()) is app


def test_a_factory_gets_what_its_parameters_name_and_no_more():
    def make_app(*, data, debug=True):
        return lambda environ, start_response: [data, debug]

    assert make(make_app, given())({}, None) == ["memory:", False]


def test_a_factory_that_takes_everything_gets_everything():
    assert make(lambda **all: lambda e, s: sorted(all), given())({}, None) == ["data", "debug", "keys", "lint"]


def test_a_factory_that_asks_for_more_is_told_what_cannot_be_given():
    with pytest.raises(ConfigError, match="make_app wants mailer, which the command line cannot give"):
        make(make_with_mailer, given())


def make_with_mailer(*, data, mailer):
    return site


make_with_mailer.__name__ = "make_app"


def test_a_factory_that_forgets_to_return_is_told():
    with pytest.raises(ConfigError, match="returned None: return the WSGI app"):
        make(lambda: None, given())


def test_what_cannot_be_called_is_no_app():
    with pytest.raises(ConfigError, match="is no WSGI app"):
        make("site", given())


def test_a_recipe_goes_by_its_name():
    assert callable(load("hello", given()))


def test_a_mistyped_recipe_is_guessed():
    with pytest.raises(Missing, match="did you mean hello"):
        load("helo", given())


def test_a_module_and_a_name(here):
    (here / "shop_one.py").write_text(
        "class box:\n    @staticmethod\n    def inner(environ, start_response): return [b'1']\n"
    )
    assert load("shop_one:box.inner", given())({}, None) == [b"1"]
    with pytest.raises(Missing, match=r"shop_one has no outer: it has box"):
        load("shop_one:outer", given())


def test_a_module_alone_is_searched_for_the_usual_names(here):
    (here / "shop_two.py").write_text("def application(environ, start_response): return [b'2']\n")
    (here / "shop_three.py").write_text("x = 1\n")
    assert load("shop_two", given())({}, None) == [b"2"]
    with pytest.raises(Missing, match="there is no recipe"):
        load("shop_four", given())


def test_an_import_that_fails_inside_the_module_is_not_hidden(here):
    (here / "shop_five.py").write_text("import no_such_library\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        load("shop_five", given())


@pytest.mark.parametrize("name", ["copied-site", "site", "json"])
def test_a_folder_is_a_package_of_its_own_that_hides_no_other(here, name):
    (here / name).mkdir()
    (here / name / "pages.py").write_text("text = b'page'\n")
    (here / name / "app.py").write_text("from .pages import text\ndef app(environ, start_response): return [text]\n")
    assert load(f"./{name}", given())({}, None) == [b"page"]
    import json
    import site

    assert json.dumps(1) == "1"
    assert site.getsitepackages


def test_the_folder_one_stands_in_is_a_target(here, monkeypatch):
    (here / "mine").mkdir()
    (here / "mine" / "__init__.py").write_text("name = b'mine'\n")
    (here / "mine" / "app.py").write_text("from . import name\ndef app(environ, start_response): return [name]\n")
    monkeypatch.chdir(here / "mine")
    assert load(".", given())({}, None) == [b"mine"]
    assert name_of(".") == "mine"


def test_a_copy_beside_one_comes_before_the_recipe_of_the_same_name(here):
    (here / "hello").mkdir()
    (here / "hello" / "app.py").write_text("def app(environ, start_response): return [b'my own']\n")
    assert load("hello", given())({}, None) == [b"my own"]


def test_a_path_without_an_app_is_no_target(here):
    with pytest.raises(Missing, match=r"there is no folder ./nowhere with an app.py"):
        load("./nowhere", given())


@pytest.mark.parametrize("init", ["from . import app as _", "from .app import text", ""])
def test_a_package_that_has_imported_its_app_py_is_searched_in_there(here, init):
    package = here / "area" / f"shop_{len(init)}"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"{init}\n")
    (package / "app.py").write_text("text = b'6'\ndef make_app(): return lambda environ, start_response: [text]\n")
    for _ in range(2):
        assert load(f"area.{package.name}", given())({}, None) == [b"6"]


def test_an_app_in_the_init_of_a_package_comes_before_its_app_py(here):
    (here / "area" / "shop_seven").mkdir(parents=True)
    (here / "area" / "shop_seven" / "__init__.py").write_text("from .app import inner as app\n")
    code = "def inner(environ, start_response): return [b'7']\ndef app(environ, start_response): return [b'8']\n"
    (here / "area" / "shop_seven" / "app.py").write_text(code)
    assert load("area.shop_seven", given())({}, None) == [b"7"]
