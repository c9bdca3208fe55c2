"""How one execution stands, kept up change by change."""

import pytest

from compozy.cli.running.board import Board, Tally
from compozy.domain.definitions import TaskType
from compozy.domain.statuses import Status


@pytest.fixture
def board(a_view, a_run):
    """A board of an execution with a collection ``each`` and a task beside it."""
    made = Board()
    made.take(a_view(a_run("each", type_=TaskType.COLLECTION), a_run("beside")))
    return made


def test_a_change_that_is_news_is_returned_and_the_same_again_is_not(board, a_change):
    change = a_change("beside", Status.SUCCESS, seconds=2)

    assert board.tell(change).status is Status.SUCCESS
    assert board.tell(change) is None


@pytest.mark.parametrize(("status", "seconds"), [(Status.WAITING, -1), (Status.RUNNING, 5)])
def test_a_change_that_is_older_or_no_change_is_no_news(board, a_change, status, seconds):
    assert board.tell(a_change("beside", status, seconds=seconds)) is None


def test_no_end_is_undone_whatever_the_clocks_say(board, a_change):
    board.tell(a_change("beside", Status.FAILED, seconds=1, reason="boom"))

    assert board.tell(a_change("beside", Status.RUNNING, seconds=9)) is None
    assert [task.status for _, task in board.listed()] == [Status.RUNNING, Status.FAILED]


def test_a_run_that_nobody_knew_is_known_from_its_change(board, a_change):
    changed = board.tell(a_change("new", Status.FAILED, seconds=3, started=1, reason="boom"))

    assert (changed.task_id, changed.reason, changed.duration(changed.changed_at).total_seconds()) == ("new", "boom", 2)
    assert [task.task_id for _, task in board.listed()] == ["each", "beside", "new"]


def test_the_execution_itself_changes_what_was_read_of_it(board, a_change):
    assert board.tell(a_change(None, Status.PAUSED, seconds=2)) is None

    assert board.view.status is Status.PAUSED


def test_an_older_change_of_the_execution_changes_nothing(board, a_change):
    board.tell(a_change(None, Status.PAUSED, seconds=-2))

    assert board.view.status is Status.RUNNING


def test_the_runs_in_a_collection_are_counted_and_not_listed(board, a_change, a_run):
    for number in range(4):
        board.tell(a_change(f"n{number}", Status.RUNNING, seconds=1, parent="each"))
    for number in range(3):
        board.tell(a_change(f"n{number}", Status.FAILED if number else Status.SUCCESS, seconds=2, parent="each"))

    assert [task.task_id for _, task in board.listed()] == ["each", "beside"]
    assert board.tally_of(a_run("each")).describe() == "1 done, 2 failed, 1 running, 2/s"
    assert board.tally_of(a_run("beside")) is None


def test_what_is_deeper_in_a_collection_is_neither_counted_nor_listed(board, a_change, a_run):
    board.tell(a_change("n", Status.RUNNING, seconds=1, parent="each", type_=TaskType.COMPOSITE))
    board.tell(a_change("step", Status.SUCCESS, seconds=2, parent="n"))
    inner = board.tell(a_change("inner", Status.RUNNING, seconds=2, parent="n", type_=TaskType.COLLECTION))
    leaf = board.tell(a_change("leaf", Status.RUNNING, seconds=2, parent="inner"))

    assert [task.task_id for _, task in board.listed()] == ["each", "beside"]
    assert board.tally_of(a_run("each")).describe() == "1 running"
    assert [board.collection_of(each).task_id for each in (inner, leaf)] == ["each", "each"]
    assert board.depth_of(leaf) == 3


def test_what_was_read_is_news_in_the_order_of_its_changes_and_containers_are_known_first(a_view, a_run):
    runs = [
        a_run("each", Status.SUCCESS, seconds=9, type_=TaskType.COLLECTION),
        a_run("b", Status.SUCCESS, seconds=7, parent="each"),
        a_run("a", Status.FAILED, seconds=5, parent="each"),
    ]
    board = Board()

    news = board.take(a_view(*runs))

    assert [task.task_id for task in news] == ["a", "b", "each"]
    assert [task.task_id for _, task in board.listed()] == ["each"]
    assert board.take(a_view(*runs)) == []


def test_what_is_read_again_has_what_was_not_told(board, a_view, a_run):
    news = board.take(a_view(a_run("each", type_=TaskType.COLLECTION), a_run("beside", Status.SUCCESS, seconds=3)))

    assert [(task.task_id, task.status) for task in news] == [("beside", Status.SUCCESS)]


@pytest.mark.parametrize(
    ("counts", "seconds", "text"),
    [
        ({}, 1, ""),
        ({Status.RUNNING: 3}, 1, "3 running"),
        ({Status.SUCCESS: 424, Status.RUNNING: 0}, 2, "424 done, 212/s"),
        ({Status.SUCCESS: 1, Status.TIMED_OUT: 1, Status.CANCELED: 2}, 10, "1 done, 1 timed out, 2 canceled, 0.4/s"),
        ({Status.SUCCESS: 100}, 0.9, "100 done"),
    ],
)
def test_a_tally_says_how_many_and_how_fast(at, counts, seconds, text):
    tally = Tally(started_at=at(0), changed_at=at(seconds))
    tally.counts.update(counts)

    assert tally.describe() == text
