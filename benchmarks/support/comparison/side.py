"""One run of one job of one side, in an interpreter of its own: :mod:`.rounds` starts it and reads what it prints.

With the folder of a comparison, this folder's parent and that of the library on ``PYTHONPATH``:

python -m support.comparison.side bare lifecycle '{"count": 1000}'
"""

import importlib
import json
import logging
import sys
import textwrap
import traceback
from collections.abc import Mapping
from typing import Any, Final

from support.comparison.job import Job

_LONGEST: Final = 300


def run(side: str, job: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the samples, or why there are none."""
    try:
        jobs: Mapping[str, Job] = importlib.import_module(f"sides.{side}").JOBS
        return {"samples": jobs[job](**arguments)}
    except ImportError as error:
        return {"missing": str(error)}
    except Exception as error:  # noqa: BLE001 - goes into the table: a side that breaks must not vanish from it
        traceback.print_exc()
        cause = _innermost(error)
        return {"broken": textwrap.shorten(f"{type(cause).__name__}: {cause}", _LONGEST)}


def _innermost(error: Exception) -> Exception:
    """Return what broke in the end: nurseries wrap it once for each of them."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        [error] = error.exceptions
    return error


def main() -> None:
    logging.disable(logging.CRITICAL)  # what peers log of every crash that they are made to suffer
    side, job, arguments = sys.argv[1:]
    print(json.dumps(run(side, job, json.loads(arguments))), flush=True)


if __name__ == "__main__":
    main()
