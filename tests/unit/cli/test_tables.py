"""The task runs of an execution as a table."""

import io

import pytest
from rich.console import Console

from compozy.cli.running.tables import MOST_LISTED, tasks_table
from compozy.domain.definitions import TaskType
from compozy.domain.statuses import Status


@pytest.fixture
def shown(at):
    """Return a function from an execution to the rows of its table, word by word, ten seconds after its beginning."""

    def show(view, **awaited):
        file = io.StringIO()
        Console(file=file, width=100).print(tasks_table(view, awaited, at(10)))
        return [line.split() for line in file.getvalue().splitlines()][1:]

    return show


@pytest.fixture
def a_collection(a_view, a_run):
    """Return a function that makes an execution with a collection of so many runs, of which the last failed."""

    def make(number):
        each = a_run("each", Status.SUCCESS, seconds=2, type_=TaskType.COLLECTION)
        done = [a_run(f"n{count}", Status.SUCCESS, seconds=1, parent="each") for count in range(number - 1)]
        failed = a_run("bad", Status.FAILED, seconds=2, parent="each", reason="boom")
        return a_view(each, *done, failed, a_run("later", Status.WAITING))

    return make


def test_each_run_has_a_row_while_they_are_few(shown, a_collection):
    rows = shown(a_collection(3), later="paid")

    assert rows == [
        ["each", "SUCCESS", "2.00", "s"],
        ["n0", "SUCCESS", "1.00", "s"],
        ["n1", "SUCCESS", "1.00", "s"],
        ["bad", "FAILED", "2.00", "s", "boom"],
        ["later", "WAITING", "10.00", "s", "for", "paid"],
    ]


def test_the_runs_in_a_large_collection_are_counted_and_those_that_failed_listed(shown, a_collection):
    rows = shown(a_collection(MOST_LISTED))

    assert rows == [
        ["each", "SUCCESS", "2.00", "s", "199", "done,", "1", "failed,", "100/s"],
        ["bad", "FAILED", "2.00", "s", "boom"],
        ["later", "WAITING", "10.00", "s"],
    ]
