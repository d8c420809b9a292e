"""Each package stands alone: what it imports, and what its tests can do without."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys

import pytest

from tests.alone import EXTRAS, LIBRARIES, SIBLINGS, sibling_import
from tests.servers import ROOT

# package: (the parts of kit, the libraries) that `import kit.PACKAGE` may load; kit.errors is free everywhere
AT_IMPORT = {
    "errors": ("", ""),
    "url": ("", ""),
    "seal": ("", ""),
    "audit": ("wsgi", ""),
    "observe": ("wsgi audit", ""),
    "testing": ("", ""),
    "wsgi": ("", ""),
    "wsgi.lint": ("", ""),
    "http": ("wsgi url", "webob"),
    "stores": ("url seal", ""),
    "stores.contract": ("url seal testing", ""),
    "routing": ("wsgi http url", "webob"),
    "forms": ("wsgi http url seal", "webob"),
    "render": ("wsgi http url", "webob markupsafe"),
    "data": ("wsgi url http", "webob"),
    "security": ("wsgi url http seal audit stores observe", "webob"),
    "sessions": ("wsgi url http seal audit stores observe", "webob"),
    "cli": ("", ""),
}
# what each may load once everything public in it has been touched: its extra's libraries, and what these need
WHOLE = {
    "routing": "routes repoze six",
    "forms": "multipart",
    "render": "mako jinja2 chameleon",
    "data": "",
    "security": "cryptography cffi _cffi_backend",
    "sessions": "cryptography cffi _cffi_backend",
}
# dear to import, and not needed in the parts that every application starts with
DEAR = {"dataclasses", "inspect", "logging", "typing", "importlib.metadata"}
LEAN = {"errors", "url", "observe", "wsgi", "http", "routing"}

LIST = """
import importlib, sys
before = set(sys.modules)
module = importlib.import_module("kit." + sys.argv[1])
if sys.argv[2:]:
    for name in module.__all__:
        getattr(module, name)
print(*(set(sys.modules) - before))
"""


def loaded(package: str, *more: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `import kit.PACKAGE`."""
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", LIST, package, *more]
    return set(subprocess.run(command, check=True, capture_output=True, text=True, env=quiet).stdout.split())


def strangers(modules: set[str], package: str, parts: str, libraries: str) -> set[str]:
    """What of `modules` is neither the standard library's, nor kit's allowed parts, nor an allowed library."""
    own = {"kit", "kit.errors", *(f"kit.{part}" for part in [package.split(".")[0], *parts.split()])}
    allowed = {*sys.stdlib_module_names, *libraries.split(), "__mp_main__"}
    found = {".".join(name.split(".")[:2]) for name in modules if name.split(".")[0] == "kit"} - own
    tops = {name.split(".")[0] for name in modules} - {"kit"}
    return found | {name for name in tops - allowed if not name.startswith("_sysconfigdata")}


@pytest.mark.parametrize("package", AT_IMPORT)
def test_importing_a_package_loads_no_sibling_and_no_undeclared_library(package):
    modules = loaded(package)
    assert not strangers(modules, package, *AT_IMPORT[package])
    if package in LEAN:
        assert not modules & DEAR


@pytest.mark.parametrize("package", SIBLINGS)
def test_everything_public_in_a_package_works_without_its_siblings(package):
    parts, libraries = AT_IMPORT[package]
    assert not strangers(loaded(package, "all"), package, parts + " stores seal audit", f"{libraries} {WHOLE[package]}")


@pytest.mark.parametrize("package", SIBLINGS)
def test_no_source_names_a_sibling_not_even_for_its_types(package):
    """import-linter leaves out what stands under TYPE_CHECKING."""
    sources = (ROOT / "kit" / package).rglob("*.py")
    found = {path: sibling_import(package).findall(path.read_text()) for path in sources}
    assert not {path: names for path, names in found.items() if names}


def test_the_check_would_notice_a_stranger():
    assert strangers({"kit.forms", "kit.routing.router", "numpy.linalg", "json"}, "routing", "wsgi", "") == {
        "kit.forms",
        "numpy",
    }


@pytest.mark.parametrize("package", SIBLINGS)
def test_the_tests_of_a_package_need_no_sibling(package):
    """Collecting imports every test module and everything it names; KIT_ALONE=1 (CI) runs them all."""
    if not (ROOT / "tests" / package).is_dir():
        pytest.fail(f"there are no tests/{package}")
    collect = [] if os.environ.get("KIT_ALONE") else ["--collect-only"]
    command = [sys.executable, "-m", "pytest", f"tests/{package}", f"kit/{package}", "--only", package, "-q", *collect]
    inside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "KIT_ALONE"))}
    ended = subprocess.run(
        [*command, "-p", "no:cacheprovider"], cwd=ROOT, env=inside, capture_output=True, text=True, timeout=900
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]


def test_the_table_of_libraries_is_that_of_setup_cfg():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    extras = settings["options.extras_require"]
    assert set(extras) == {*LIBRARIES, "all", "test", "bench"}
    for extra, modules in LIBRARIES.items():
        names = {line.split()[0].partition("[")[0].lower() for line in extras[extra].splitlines() if line.strip()}
        assert names - {"kit-wsgi"} <= modules, extra
    assert set(EXTRAS) == set(SIBLINGS)
