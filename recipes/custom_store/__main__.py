"""Serve it: python -m recipes.custom_store --port 8000 --data redis://127.0.0.1:6379/0"""

import sys

from kit.cli import main

raise SystemExit(main(["run", __package__, "--no-reload", *sys.argv[1:]]))
