"""The project and the flags of a command line, as the program takes them. Heavy: loads the whole program."""

import os
from pathlib import Path

from compozy.app import Options
from compozy.cli.project import Flags, given


def app_options(config: Path, flags: Flags) -> Options:
    """Return the options of the program for this project.

    Args:
        config: ``compozy.yaml`` or its folder.
        flags: The command line's.
    """
    return Options(path=config, flags=given(flags), environ=dict(os.environ))
