"""Runnable, tested folders that people copy: `kit copy NAME DEST`."""
