"""``python -m compozy``, also installed as ``compozy``."""

import gc
import os
import sys
from typing import Final

NEW_OBJECTS: Final = 10_000
"""How many more objects there are to be before the collector looks through the youngest. Python's 700 are two or three
requests, and a start that only imports is looked through 170 times."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.set_threshold(NEW_OBJECTS)
    open_missing_streams()
    try:
        from compozy.cli.main import cli  # noqa: PLC0415 - so that Ctrl-C is no traceback even while it loads

        cli(prog_name="compozy")
    except KeyboardInterrupt:
        sys.exit(130)


def open_missing_streams() -> None:
    """Open the null device where a standard stream was closed by who started the program, as some daemons do.

    Otherwise Python has None there, which nobody expects; and the next file would get the stream's number, so that a
    child which writes to its standard error writes into a database.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # in order: each gets the lowest number free
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as the process lives
            os.set_inheritable(stream.fileno(), True)  # noqa: FBT003 - it has no name
            setattr(sys, name, stream)


if __name__ == "__main__":
    main()
