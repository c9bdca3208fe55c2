"""Finds out why a peer is not installed, by asking the installer to try."""

import functools
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from typing import Final

_PATIENCE_S: Final = 60
_TELLING: Final = re.compile(r"depends on|Requires-Python|not satisf|that satisf|not find")


@functools.cache
def why_missing(package: str) -> str:
    """Return what stands in the way of this package, beside the Trio and on the Python that run here."""
    wanted = [package, f"trio=={version('trio')}"]
    if uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--dry-run", "--python", sys.executable, *wanted]
    else:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--disable-pip-version-check", *wanted]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return "the package registry does not answer"
    if not tried.returncode:
        return "nothing stands in its way; requirements/bench.txt has it"
    if "No module named pip" in tried.stderr:
        return "there is neither uv nor pip here to say why"
    return _reason(tried.stderr + tried.stdout)


def _reason(said: str) -> str:
    """Return the lines of an installer that say why, on one line."""
    lines = [re.sub(r"^\W*(error:|cause:)?", "", line.strip()).strip() for line in said.splitlines()]
    telling = [line for line in lines if _TELLING.search(line) and not line.startswith(("INFO", "WARNING"))]
    return " ".join(dict.fromkeys(telling)) or (lines or ["the installer says nothing"])[-1]
