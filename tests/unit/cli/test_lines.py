"""Progress as lines."""

import pytest

from compozy.cli.running.lines import Lines
from compozy.domain.definitions import TaskType
from compozy.domain.statuses import Status


@pytest.fixture
def lines():
    return Lines()


def test_there_is_a_line_for_each_change_in_the_order_of_the_changes(lines, a_view, a_run, a_change):
    box = a_run("box", type_=TaskType.PARALLEL)
    said = [*lines.show(a_view(), 0), *lines.show(a_view(box, a_run("slow", parent="box")), 0)]
    said += lines.tell(a_change("fast", Status.RUNNING, seconds=0, parent="box"), 0)
    said += lines.tell(a_change("fast", Status.SUCCESS, seconds=0.25, started=0, parent="box"), 0)
    failed = a_run("slow", Status.FAILED, seconds=0.5, parent="box", reason="no [such]\n  thing")
    said += lines.show(a_view(a_run("box", Status.FAILED, seconds=0.6), failed, status=Status.FAILED, seconds=75), 0)

    assert said == [
        "execution 01E of workflow greet",
        "  box RUNNING",
        "    slow RUNNING",
        "    fast RUNNING",
        "    fast SUCCESS in 0.25 s",
        "    slow FAILED in 0.50 s: no [such] thing",
        "  box FAILED in 0.60 s",
        "FAILED in 1 min 15 s",
    ]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.FAILED, "boom"),
        (Status.TIMED_OUT, "no end within 2 s"),
        (Status.CANCELED, "it was canceled"),
        (Status.SUCCESS, "skipped: its condition is false"),
    ],
)
def test_whatever_ended_otherwise_than_by_itself_says_why(lines, a_view, a_run, a_change, status, reason):
    list(lines.show(a_view(a_run("t")), 0))

    [line] = lines.tell(a_change("t", status, seconds=1, reason=reason), 0)

    assert line == f"  t {status} in 1.00 s: {reason}"


@pytest.fixture
def collection(lines, a_view, a_run):
    """The lines of an execution with a collection, of which those so far have been read."""
    list(lines.show(a_view(a_run("each", type_=TaskType.COLLECTION)), 0))
    return lines


def test_the_runs_in_a_collection_have_a_line_a_second(collection, a_change):
    said = []
    for number in range(1000):
        now = number / 400
        said += collection.tell(a_change(f"n{number}", Status.RUNNING, seconds=now, parent="each"), now)
        said += collection.tell(a_change(f"n{number}", Status.SUCCESS, seconds=now, parent="each"), now)
    said += collection.tell(a_change("each", Status.SUCCESS, seconds=2.5), 2.5)

    assert said == [
        "  each: 400 done, 1 running, 400/s",
        "  each: 800 done, 1 running, 400/s",
        "  each SUCCESS in 2.50 s: 1000 done, 400/s",
    ]


def test_a_run_in_a_collection_that_failed_has_a_line_however_many_they_are(collection, a_change):
    said = []
    for number in range(500):
        said += collection.tell(a_change(f"n{number}", Status.FAILED, seconds=1, parent="each", reason="boom"), 0)

    assert len(said) == 500
    assert said[-1] == "    n499 FAILED in 0.00 s: boom"


def test_a_run_that_failed_deep_in_a_collection_has_a_line(collection, a_change):
    said = list(collection.tell(a_change("n", Status.RUNNING, seconds=1, parent="each", type_=TaskType.COMPOSITE), 0))
    said += collection.tell(a_change("ok", Status.SUCCESS, seconds=1, parent="n"), 0)
    said += collection.tell(a_change("bad", Status.TIMED_OUT, seconds=1, parent="n", reason="late"), 0)

    assert said == ["      bad TIMED_OUT in 0.00 s: late"]


def test_a_collection_that_ended_before_anybody_followed_has_its_line_and_those_of_its_failures(lines, a_view, a_run):
    runs = [
        a_run("each", Status.SUCCESS, seconds=4, type_=TaskType.COLLECTION),
        *(a_run(f"n{number}", Status.SUCCESS, seconds=2, parent="each") for number in range(7)),
        a_run("bad", Status.FAILED, seconds=3, parent="each", reason="boom"),
    ]

    said = list(lines.show(a_view(*runs, status=Status.SUCCESS, seconds=5), 0))

    assert said[1:] == [
        "    bad FAILED in 3.00 s: boom",
        "  each SUCCESS in 4.00 s: 7 done, 1 failed, 3/s",
        "SUCCESS in 5.00 s",
    ]
