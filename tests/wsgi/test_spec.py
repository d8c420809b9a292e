"""SPEC.md says what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_spec_md_is_what_the_rules_print():
    spec = runpy.run_path(str(ROOT / "docs" / "spec.py"))["spec"]
    assert (ROOT / "SPEC.md").read_text(encoding="utf-8") == spec(), "run: python docs/spec.py > SPEC.md"


def test_every_rule_and_hook_has_its_sentence():
    text = (ROOT / "SPEC.md").read_text(encoding="utf-8")
    assert text.count("\n- **") >= 18
    assert "**closes**" in text
    assert "| `failed` |" in text
    assert "| `kit.session` |" in text
