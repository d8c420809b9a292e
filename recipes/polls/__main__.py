"""Serve it: python -m recipes.polls --port 8000 --data sqlite:///polls.sqlite"""

import sys

from kit.cli import main

raise SystemExit(main(["run", __package__, "--no-reload", *sys.argv[1:]]))
