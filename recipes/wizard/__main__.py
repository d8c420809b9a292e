"""Serve it: python -m recipes.wizard --port 8000 --data sqlite:///wizard.sqlite"""

import sys

from kit.cli import main

raise SystemExit(main(["run", __package__, "--no-reload", *sys.argv[1:]]))
