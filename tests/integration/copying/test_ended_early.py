"""Whatever ends the copying, the same command goes on and completes it."""

import json
import signal
import subprocess

import pytest

from compozy.testing import open_postgres_server

pytestmark = pytest.mark.slow

EXECUTIONS = 1000


@pytest.fixture
def begin(command):
    """Return a function that begins to copy and yields the process once it has said this."""

    def begin(source, target, words):
        process = subprocess.Popen(
            command(source, target), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, process_group=0
        )
        for line in process.stderr:
            if line.startswith(words):
                return process
        raise AssertionError(f"it ended before it said {words!r}")

    return begin


@pytest.mark.parametrize(("one", "other"), [("sqlite", "postgres"), ("postgres", "sqlite")])
def test_a_copy_that_was_killed_again_and_again_is_completed(make, fill, begin, copy, contents, one, other):
    source, target = make(one), make(other)
    fill(source, EXECUTIONS)
    present = []
    for words in (
        "copying executions: 500 ",
        "copying executions: 1000 ",
        "copying tasks: 500 ",
        "copying tasks: 1500 ",
    ):
        process = begin(source, target, words)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        present.append(len(contents(target)))

    result = copy(source, target, "--verify", "-o", "json")

    assert result.exit_code == 0, result.stderr
    outcome = json.loads(result.stdout)
    assert present == sorted(present)
    assert present[0] > 0
    assert sum(found["present"] for found in outcome["kinds"].values()) == present[-1]
    assert outcome["verified"] is True
    assert repr(contents(target)) == repr(contents(source))


def test_a_signal_ends_it_in_order_and_the_way_to_go_on_is_said(make, fill, begin, copy):
    source, target = make("sqlite"), make("postgres")
    fill(source, EXECUTIONS)
    for number, words in ((signal.SIGINT, "copying executions: 500 "), (signal.SIGTERM, "copying tasks: 500 ")):
        process = begin(source, target, words)
        process.send_signal(number)
        _, said = process.communicate()

        assert process.returncode == 130
        assert "interrupted; what was copied stays: run the same command again to go on" in said
        assert "Traceback" not in said
    again = json.loads(copy(source, target, "--verify", "-o", "json").stdout)
    assert again["verified"] is True
    assert 0 < again["kinds"]["executions"]["present"] <= EXECUTIONS


@pytest.fixture
def victim():
    """Return a server that the test may kill and start."""
    with open_postgres_server() as running:
        yield running


def test_a_server_that_goes_away_is_told_and_the_copy_completed_afterwards(sqlite, fill, begin, copy, victim):
    source, target = sqlite(), victim.url()
    fill(source, EXECUTIONS)
    process = begin(source, target, "copying executions: 500 ")
    victim.kill()
    _, said = process.communicate()
    victim.start()

    assert process.returncode == 3, said
    assert "cannot be used now" in said
    result = copy(source, target, "--verify", "-o", "json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["verified"] is True
