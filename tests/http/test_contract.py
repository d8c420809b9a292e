"""kit's own layers of the core keep the contract of layers; importing the core loads nothing heavy."""

import subprocess
import sys

import pytest

from kit.audit import Audit
from kit.observe import AccessLog, RequestId
from kit.wsgi.lint import check_layer


@pytest.mark.parametrize(
    "factory",
    [
        RequestId,
        lambda app: RequestId(app, trust=True),
        lambda app: AccessLog(app, sink=lambda record: None),
        lambda app: Audit(app, sink=lambda record: None),
    ],
    ids=["RequestId", "trusting", "AccessLog", "Audit"],
)
def test_a_layer_keeps_the_contract(factory):
    check_layer(factory)


HEAVY = {"dataclasses", "inspect", "logging", "typing", "importlib.metadata", "multipart", "pathlib", "decimal", "uuid"}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [("kit.http", {"webob"}), ("kit.http.body", {"webob"}), ("kit.observe", set()), ("kit.audit", set())],
)
def test_importing_it_loads_nothing_heavy(module, allowed):
    program = (
        "import sys; base = set(sys.modules)\n"
        + "".join(f"import {name}\n" for name in sorted(allowed))
        + f"before = set(sys.modules)\nimport {module}\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True, cwd="."
    )
    loaded = set(done.stdout.split())
    assert not loaded & HEAVY
    siblings = {"routing", "forms", "render", "data", "security", "sessions", "stores"}
    assert not {name.split(".")[1] for name in loaded if name.startswith("kit.")} & siblings
