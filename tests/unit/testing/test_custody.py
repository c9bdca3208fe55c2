"""A folder and a process group that go away with the program that opened them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from compozy.testing.custody import _make_folder, open_custody

SLEEP = """
import json, os, subprocess, sys
from compozy.testing.custody import open_custody

with open_custody("compozy-test-") as custody:
    (custody.folder / "file").touch()
    sleep = subprocess.Popen(["sleep", "600"], process_group=custody.group, pass_fds=(custody.leash,))
    print(json.dumps([str(custody.folder), custody.group, sleep.pid]), flush=True)
    sys.stdin.read()
"""


WAIT_FOR_QUIT = """
import os, signal, sys, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGQUIT})
print("up", flush=True)
signal.sigwait({signal.SIGQUIT})
time.sleep(0.1)  # many times what it takes to remove a folder
print(os.listdir(sys.argv[1]))
"""


@pytest.fixture
def start_member():
    """Return a function that starts a command in somebody's custody, and waits until it says that it is up."""
    members = []

    def start(custody, *argv):
        member = subprocess.Popen(
            argv, stdout=subprocess.PIPE, process_group=custody.group, pass_fds=(custody.leash,), text=True
        )
        members.append(member)
        assert member.stdout.readline() == "up\n"
        return member

    yield start
    for member in members:
        member.communicate(timeout=10)


def test_folder_is_private_while_it_is_open_and_gone_with_what_is_in_it_afterwards():
    with open_custody("compozy-test-") as custody:
        (custody.folder / "sub").mkdir()
        (custody.folder / "sub" / "file").touch()
        mode = custody.folder.stat().st_mode & 0o777

    assert mode == 0o700
    assert not custody.folder.exists()


def test_path_leaves_room_for_the_name_of_a_socket(tmp_path):
    long = tmp_path / ("x" * 80)
    long.mkdir()

    folder = _make_folder("compozy-test-", [str(long)])
    folder.rmdir()

    assert len(f"{folder}/.s.PGSQL.5432") < 100
    assert list(long.iterdir()) == []


def test_member_that_still_runs_is_asked_to_quit(start_member):
    with open_custody("compozy-test-") as custody:
        member = start_member(custody, "sh", "-c", "echo up; exec sleep 600")

    assert member.wait() == -signal.SIGQUIT


def test_stopped_member_is_woken_to_quit(start_member):
    with open_custody("compozy-test-") as custody:
        member = start_member(custody, "sh", "-c", "echo up; exec sleep 600")
        member.send_signal(signal.SIGSTOP)

    assert member.wait() == -signal.SIGQUIT


def test_folder_stays_until_the_last_member_is_gone(start_member):
    with open_custody("compozy-test-") as custody:
        (custody.folder / "file").touch()
        member = start_member(custody, sys.executable, "-c", WAIT_FOR_QUIT, custody.folder)

    assert member.stdout.read() == "['file']\n"
    assert not custody.folder.exists()


def test_member_that_does_not_quit_is_killed_after_the_grace(start_member):
    with open_custody("compozy-test-", grace_s=0.05) as custody:
        member = start_member(custody, "sh", "-c", 'trap "" QUIT; echo up; exec sleep 600')

    assert member.wait() == -signal.SIGKILL
    assert not custody.folder.exists()


def test_kill_of_the_program_takes_members_and_folder_along(start_script, wait_ended):
    program = start_script(SLEEP)
    folder, *pids = json.loads(program.stdout.readline())
    processes = [psutil.Process(pid) for pid in pids]

    os.kill(program.pid, signal.SIGKILL)

    assert wait_ended(processes)
    assert not Path(folder).exists()
