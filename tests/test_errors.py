"""kit.errors: what, where, and the cure; a status for those that reach HTTP."""

from __future__ import annotations

import sys

import pytest

from kit import errors
from kit.errors import KitError, MissingExtra, needs


def test_the_text_is_what_and_the_cure():
    error = errors.Missing("no poll 7", hint="list the polls at /")
    assert (str(error), error.hint, error.status) == ("no poll 7: list the polls at /", "list the polls at /", 404)
    assert str(errors.Missing("no poll 7")) == "no poll 7"
    assert str(errors.Missing(hint="list the polls at /")) == "list the polls at /"
    assert str(errors.Missing()) == ""


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Malformed", 400),
        ("Refused", 403),
        ("Missing", 404),
        ("Stale", 409),
        ("TooLarge", 413),
        ("Invalid", 422),
        ("Unavailable", 503),
        ("ConfigError", 500),
        ("MissingLayer", 500),
        ("MissingExtra", 500),
    ],
)
def test_each_error_is_a_kit_error_with_the_status_of_its_meaning(name, status):
    kind = getattr(errors, name)
    assert issubclass(kind, KitError)
    assert kind.status == status


def test_errors_of_a_kind_are_caught_as_what_python_calls_them():
    assert issubclass(errors.ConfigError, ValueError)
    assert issubclass(errors.Missing, LookupError)
    assert issubclass(errors.MissingExtra, ImportError)


def test_a_missing_library_says_who_needs_it_and_how_to_get_it():
    with (
        pytest.raises(MissingExtra, match=r"kit\.x needs no_such_lib, which is not installed") as caught,
        needs("no_such_lib", extra="mongo", by="kit.x"),
    ):
        import no_such_lib  # noqa: F401
    assert caught.value.hint == "pip install 'kit-wsgi[mongo]'"
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_library_that_is_there_but_broken_is_not_called_missing():
    def broken():
        raise ModuleNotFoundError("No module named 'dns'", name="dns")  # what a driver raises for a part of its own

    with pytest.raises(ModuleNotFoundError, match="dns") as caught, needs("pymongo", extra="mongo", by="kit.x"):
        broken()
    assert not isinstance(caught.value, MissingExtra)
    with pytest.raises(ZeroDivisionError), needs("pymongo", extra="mongo", by="kit.x"):
        raise ZeroDivisionError


def test_a_package_that_is_absent_is_missing_whichever_of_its_modules_was_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "no_such_lib", None)  # then Python names the submodule in its error
    with pytest.raises(MissingExtra, match=r"needs no_such_lib,"), needs("no_such_lib", extra="mongo", by="kit.x"):
        import no_such_lib.errors
    monkeypatch.delitem(sys.modules, "no_such_lib")
    with (
        pytest.raises(MissingExtra, match=r"needs no_such_lib\.deep,"),
        needs("no_such_lib.deep", extra="mongo", by="kit.x"),
    ):
        import no_such_lib.deep  # noqa: F401


def test_a_package_that_is_there_without_a_module_of_its_own_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "half_a_lib").mkdir()
    (tmp_path / "half_a_lib" / "__init__.py").write_text("import half_a_lib.gone\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as caught, needs("half_a_lib", extra="mongo", by="kit.x"):
        import half_a_lib  # noqa: F401
    assert caught.value.name == "half_a_lib.gone" and not isinstance(caught.value, MissingExtra)
