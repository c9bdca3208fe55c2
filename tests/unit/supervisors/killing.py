"""Runs tests on copies of the package, one copy after the other: started by test_mutants.

Each line on standard input is a job: the folder with the copy, the file for what is printed, and the arguments of
pytest. A child is forked for it, whose exit status is the answer. Forking takes milliseconds; to import pytest and its
plugins anew would take most of the time of the test.
"""

import json
import os
import sys
from importlib.metadata import entry_points

import pytest
import trio.testing  # noqa: F401 - as all the tests do

IMPORTED_BEFORE = "ignore::pytest.PytestAssertRewriteWarning"
"""Pytest would like to rewrite the assertions of its plugins, which is none of our concern."""


def main():
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    assert "supervisors" not in sys.modules
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            run(**job)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def run(folder, output, arguments):
    """Run these tests on the copy in the folder, and end the process with pytest's status."""
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.chdir(folder)
    sys.path.insert(0, folder)
    status = pytest.main(["-W", IMPORTED_BEFORE, *arguments])
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
