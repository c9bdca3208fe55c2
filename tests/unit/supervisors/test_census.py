"""What is found to have been left, and what is not."""

import os
import subprocess
import sys
import threading

import pytest

from supervisors.testing.census import descendants, left_since, read_ps, take_census


@pytest.fixture
def child():
    """A child process that ends when its standard input does."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process


def test_what_was_there_before_is_not_left(child):
    assert left_since(take_census(), settle=0) == ()


def test_child_is_left_until_somebody_has_waited_for_it():
    before = take_census()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as child:
        child.stdin.write(b"x")
        child.stdout.read(1)  # before that, its command line may not be there to be read
        [running] = left_since(before, settle=0)
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended; that is all we want to know
        [ended] = left_since(before, settle=0)

    assert running == f"child process {child.pid} (cat)"
    assert ended == f"child process {child.pid} (cat), which has ended, but nobody waited for it"
    assert left_since(before, settle=0) == ()


def test_grandchild_is_found_below_its_parent():
    source = "import subprocess; subprocess.run(['cat'])"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        parent.stdin.write(b"it runs\n")
        parent.stdin.flush()
        parent.stdout.readline()
        # Among whatever else this process has started by now, such as servers of other tests.
        [itself] = [process for process in descendants() if process.pid == parent.pid]
        below = [process for process in descendants() if process.parent == parent.pid]
        parent.stdin.close()

    assert itself.parent == os.getpid()
    assert len(below) == 1


def test_what_a_process_starts_that_was_there_before_is_not_left():
    source = "import subprocess; print(input()); subprocess.run(['cat'])"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        before = take_census()
        for line in (b"start it\n", b"it runs\n"):  # the first is read by the server, the second by what it starts
            server.stdin.write(line)
            server.stdin.flush()
            server.stdout.readline()
        helpers = [process for process in descendants() if process.parent == server.pid]
        left = left_since(before, settle=0)
        server.stdin.close()

    assert len(helpers) == 1
    assert left == ()


def test_thread_gets_a_moment_to_end_and_is_left_if_it_does_not():
    before = take_census()
    release = threading.Event()
    thread = threading.Thread(target=release.wait, name="ticker")
    thread.start()
    running = left_since(before, settle=0)
    release.set()
    ended = left_since(before)

    assert running == ("thread 'ticker'",)
    assert ended == ()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("   12     1 S    /bin/sh -c sleep 1", "child process 12 (/bin/sh -c sleep 1)"),
        ("   12     1 Z+   (sleep)", "child process 12 ((sleep)), which has ended, but nobody waited for it"),
        ("   12     1 Z    ", "child process 12 (), which has ended, but nobody waited for it"),
    ],
)
def test_lines_of_ps_are_read(line, shown):
    assert str(read_ps(line)) == shown


def test_other_lines_of_ps_are_passed_over():
    assert read_ps("  PID  PPID S COMMAND") is None
