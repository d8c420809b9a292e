"""The package is imported without its helpers and without any other package of kit."""

import subprocess
import sys

import pytest

import kit.security


def modules_after(code):
    script = f"import sys; {code}; print('\\n'.join(sys.modules))"
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()


def test_importing_the_layers_loads_no_cryptography_and_no_sibling():
    found = modules_after("from kit.security import Headers, Csrf")
    siblings = ("kit.routing", "kit.forms", "kit.render", "kit.data", "kit.sessions", "cryptography", "logging")
    assert [name for name in found if name.startswith(siblings)] == []


@pytest.mark.parametrize("name", kit.security.__all__)
def test_every_public_name_is_there(name):
    assert getattr(kit.security, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        kit.security.Nothing  # noqa: B018
