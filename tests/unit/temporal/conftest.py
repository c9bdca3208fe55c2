"""Programs that pass for Temporal's: ours to make and to end."""

import subprocess
import sys
from contextlib import suppress

import pytest


@pytest.fixture
def make_binary(tmp_path):
    """Return a function that writes a program which says that it is this version of Temporal, and how often it did."""

    def make(version: str, *, name: str = "temporal"):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        asked = path.with_suffix(".asked")
        path.write_text(
            f'#!/bin/sh\necho asked >> {asked}\necho "temporal version {version} (Server 9.{version}, UI 1)"\n'
        )
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def start_lookalike(tmp_path):
    """Return a function that starts a process with the arguments of a dev server, run by Python.

    It is in the process group of a leader that has ended, unless one is given, and inherits what it is told to.
    """
    script = "import signal, sys\nif '--stubborn' in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    (tmp_path / "server").write_text(f"{script}print('up', flush=True)\nsys.stdin.read()\n")
    started = []

    def start(database, *flags, inherits=(), leader=None):
        forsaken = leader or subprocess.Popen(["sleep", "60"], process_group=0)
        process = subprocess.Popen(
            [sys.executable, "server", "start-dev", "--db-filename", database, *flags],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=forsaken.pid,
            pass_fds=inherits,
        )
        started.append(process)
        if leader is None:
            forsaken.kill()
            forsaken.wait()
        assert process.stdout.readline() == b"up\n"
        return process

    yield start
    for process in started:
        process.kill()
        with suppress(BrokenPipeError):
            process.communicate()
