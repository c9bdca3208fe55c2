"""``python -m compozy``, also installed as ``compozy``."""

import gc
import sys
from typing import Final

NEW_OBJECTS: Final = 10_000
"""How many more objects there are to be before the collector looks through the youngest. Python's 700 are two or three
requests, and a start that only imports is looked through 170 times."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.set_threshold(NEW_OBJECTS)
    try:
        from compozy.cli.main import cli  # noqa: PLC0415 - so that Ctrl-C is no traceback even while it loads

        cli(prog_name="compozy")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
