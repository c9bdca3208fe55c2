"""The lock of a state folder, looked at from outside."""

import fcntl
import os

import pytest

from compozy.app.state_folder import open_state_folder
from compozy.cli.locks import LockState, read_lock


def test_absent_lock_is_free(tmp_path):
    reading = read_lock(tmp_path / "lock")

    assert (reading.state, reading.pid) == (LockState.FREE, None)
    assert not (tmp_path / "lock").exists()


def test_lock_of_a_running_runtime_is_held_by_its_process(tmp_path):
    with open_state_folder(tmp_path / "state") as folder:
        held = read_lock(folder / "lock")
    left = read_lock(tmp_path / "state" / "lock")

    assert (held.state, held.pid) == (LockState.HELD, os.getpid())
    assert (left.state, left.pid) == (LockState.FREE, os.getpid())


def test_looking_leaves_the_lock_free(tmp_path):
    (tmp_path / "lock").write_text("1\n")
    read_lock(tmp_path / "lock")

    with (tmp_path / "lock").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("content", [b"", b"nobody", b"-1", b"\xff\xff", "²".encode()])
def test_file_that_names_no_process_is_no_error(tmp_path, content):
    (tmp_path / "lock").write_bytes(content)

    assert read_lock(tmp_path / "lock").pid is None


def test_lock_that_cannot_be_read_is_unknown_with_the_reason(tmp_path):
    (tmp_path / "lock").mkdir()

    reading = read_lock(tmp_path / "lock")

    assert (reading.state, reading.reason) == (LockState.UNKNOWN, "Is a directory")
