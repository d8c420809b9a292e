"""The recipes, as a package: in a wheel this file gives way to `recipes/__init__.py`; in a checkout it points there."""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[2] / "recipes")]
