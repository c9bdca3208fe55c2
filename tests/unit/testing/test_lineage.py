"""A process, its descendants, and when the last of them is gone."""

import subprocess

import pytest

from compozy.testing.lineage import Lineage


@pytest.fixture
def start_cat():
    """Return a function that starts a shell which ends at once, and leaves a child that reads from the given pipe."""
    shells = []

    def start(mark):
        shells.append(
            subprocess.Popen(
                ["/bin/sh", "-c", "exec 4<&0; cat <&4 & exit 3"], stdin=subprocess.PIPE, pass_fds=(mark,), bufsize=0
            )
        )
        return shells[-1]

    yield start
    for shell in shells:
        shell.communicate()


def test_child_that_outlives_its_parent_is_not_gone(start_cat):
    lineage = Lineage(start_cat)

    assert lineage.process.wait() == 3
    assert not lineage.runs
    assert not lineage.wait_gone(0)


def test_all_are_gone_when_the_last_child_is(start_cat):
    lineage = Lineage(start_cat)
    lineage.process.wait()

    lineage.process.stdin.close()

    assert lineage.wait_gone(10)


def test_failure_to_start_keeps_no_descriptor(tmp_path):
    marks = []

    def fail(mark):
        marks.append(mark)
        return subprocess.Popen([tmp_path / "none"], pass_fds=(mark,))

    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            Lineage(fail)

    assert marks[0] == marks[1]
