"""Time several ways of doing the same work in one run and print ratios: absolute times mean little on a shared machine.

    compare({"raw": raw, "kit": kit}, base="raw")

Each way is a function without arguments. Rounds are interleaved, so that a slow moment of the machine hits all of them;
the least time of a way counts.
"""

from __future__ import annotations

import gc
import time


def measure(ways, *, rounds=9, seconds=0.04, clock=time.perf_counter):
    """Least seconds per call of each way, over interleaved rounds; `clock=time.process_time` counts CPU time alone."""
    counts = {}
    for name, way in ways.items():
        count = 1
        while True:
            start = clock()
            for _ in range(count):
                way()
            took = clock() - start
            if took > seconds / 4:
                break
            count *= 4
        counts[name] = max(1, int(count * seconds / took))
    best = dict.fromkeys(ways, float("inf"))
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, way in ways.items():
                count = counts[name]
                start = clock()
                for _ in range(count):
                    way()
                best[name] = min(best[name], (clock() - start) / count)
    finally:
        gc.enable()
    return best


def compare(ways, *, base, title="", **options):
    """Measure, print a table of microseconds and ratios to `base`, and return the ratios."""
    best = measure(ways, **options)
    if title:
        print(title)
    for name, took in best.items():
        print(f"  {name:<46} {took * 1e6:10.2f} us   {took / best[base]:7.2f} x")
    return {name: took / best[base] for name, took in best.items()}
