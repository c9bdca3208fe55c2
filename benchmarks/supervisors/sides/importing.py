"""How long an import takes in an interpreter that has just started."""

import subprocess
import sys
from collections.abc import Sequence

from support.comparison.job import Samples

_TIMED = "import time; a = time.perf_counter(); import {}; b = time.perf_counter(); import {}; c = time.perf_counter()"
_INTERPRETERS = 5
_PRINTED = "; print(b - a, c - b)"


def measure_import(package: str, *, beyond: str | None = None) -> Samples:
    """Measure the import of a package, after that of what it is to be measured beyond, if anything."""
    code = _TIMED.format(beyond or package, package) + _PRINTED
    times = [_run(code) for _ in range(_INTERPRETERS)]
    if beyond is None:
        return {"import": [before for before, _ in times]}
    return {"import": [sum(both) for both in times], "beyond": [after for _, after in times]}


def _run(code: str) -> Sequence[float]:
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return [float(word) for word in shown.stdout.split()]
