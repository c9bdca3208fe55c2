"""A program that was started without standard streams."""

import subprocess
import sys

import pytest

SHOWS_STREAMS = """
import os, sys
from compozy.__main__ import open_missing_streams
open_missing_streams()
print("shown" if sys.stderr.fileno() == 2 else "not", file=sys.stderr)
sys.exit(os.fstat(1).st_rdev != os.stat(os.devnull).st_rdev or not os.get_inheritable(1) or open(__file__).fileno() < 3)
"""


def run(script, *arguments):
    """Run a command of the shell; ``$0`` is Python, and what follows are the arguments."""
    command = ["/bin/sh", "-c", script, sys.executable, *arguments]
    return subprocess.run(command, check=False, capture_output=True, timeout=30)


def test_a_closed_stream_becomes_the_null_device_and_open_ones_are_left(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(SHOWS_STREAMS)

    done = run('exec "$0" "$1" <&- >&-', str(program))

    assert (done.returncode, done.stderr) == (0, b"shown\n")


@pytest.mark.slow
def test_a_command_without_streams_does_its_work(tmp_path):
    (tmp_path / "compozy.yaml").write_text("name: shop\nmode: standalone\n")
    script = 'exec "$0" -m compozy config show -c "$1" -o json >&-'

    done = run(script, str(tmp_path))
    without_any = run(f"{script} 2>&- <&-", str(tmp_path))

    assert (done.returncode, done.stderr, without_any.returncode) == (0, b"", 0)
