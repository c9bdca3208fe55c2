"""A server for the tests that do not stop it, and what is left of one that is gone."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from compozy.testing import open_postgres_server

PATIENCE_S = 20


@pytest.fixture(scope="session")
def server():
    with open_postgres_server() as server:
        yield server


@pytest.fixture
def database(server):
    server.create_database("shop")
    yield "shop"
    server.drop_database("shop")


@pytest.fixture
def family():
    """Return a function that lists a server's processes."""

    def family(server) -> list[psutil.Process]:
        postmaster = psutil.Process(server.pid)
        return [postmaster, *postmaster.children(recursive=True)]

    return family


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def wait_ended():
    """Return a function that waits until none of these processes runs; the dead whom nobody has looked at do not."""

    def wait(processes) -> bool:
        deadline = time.monotonic() + PATIENCE_S
        while any(map(_runs, processes)) and time.monotonic() < deadline:
            time.sleep(0.01)  # the system tells only parents
        return not any(map(_runs, processes))

    return wait


@pytest.fixture
def open_folder():
    """A folder that everybody may enter, unlike ``tmp_path``, for as root a server runs as somebody else."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def closed_folder(tmp_path):
    """A folder whose parent the user that a server runs as cannot enter."""
    parent = tmp_path / "closed"
    folder = parent / "folder"
    folder.mkdir(parents=True)
    parent.chmod(0o600)
    yield folder
    parent.chmod(0o700)


@pytest.fixture
def start_script():
    """Return a function that runs a program of Python; whatever still runs at the end is killed."""
    scripts = []

    def start(script: str) -> subprocess.Popen[str]:
        scripts.append(
            subprocess.Popen(
                [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
        )
        return scripts[-1]

    yield start
    for script in scripts:
        script.kill()
        with script:
            pass
