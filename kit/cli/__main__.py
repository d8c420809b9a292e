"""`python -m kit.cli`: the command `kit`."""

import sys

from kit.cli import main

if __name__ == "__main__":  # the workers of `kit run` import this file too
    sys.exit(main())
