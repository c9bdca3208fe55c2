"""How fast the supervision library is, beside bare Trio and its peers: all sides in one run, taking turns.

    python benchmarks/supervisors/compare.py
    python benchmarks/supervisors/compare.py --only restart,ask --rounds 3 --scale 0.1 --json result.json

`make bench-supervisors` runs it where the peers are installed. What is measured, and how to read it:
docs/reference/benchmarks.md.
"""

import signal
import sys
from pathlib import Path
from typing import Final

sys.path.append(str(Path(__file__).parents[1]))  # what all comparisons share

from experiments import experiments
from support.comparison.command import Comparison, run

COMPARISON: Final = Comparison(
    folder=Path(__file__).parent,
    description="Measure the supervision library against bare Trio and its peers.",
    floor="bare Trio",
    packages=("trio", "attrs", "triotp", "tricycle", "pykka", "mode-streaming", "circus", "supervisor"),
    experiments=experiments,
)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(run(COMPARISON, sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
