"""Scanners against a control app with holes and the same pages built of kit; see `run`."""
