"""Imports a project's entrypoint and prints, as JSON, what it exports; run as a program of its own.

A process of its own, because an import runs the user's code: it may print, hang, or end the interpreter.
"""

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

from compozy.domain.errors import InvalidError
from compozy.drivers.tools.entrypoints import exported_tools, load_entrypoint


def main(path: str) -> int:
    """Print the ids of the tools that the file exports; return 0, or 1 when it cannot be imported."""
    try:
        with redirect_stdout(sys.stderr):
            names = sorted(exported_tools(load_entrypoint(Path(path))))
    except InvalidError as error:
        print(json.dumps({"error": error.message}))  # noqa: T201 - its result
        return 1
    print(json.dumps({"tools": names}))  # noqa: T201 - its result
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
