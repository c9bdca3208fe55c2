"""Task runs that are handed out together."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
import trio

from compozy.domain.definitions import TaskType
from compozy.domain.errors import UnavailableError
from compozy.domain.executions import TaskState
from compozy.domain.statuses import Status
from compozy.domain.work import TaskOutcome, TaskRequest, ToolWork
from compozy.engine.task_groups import run_together
from compozy.telemetry.facts import bound_facts

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def requests_of(*names):
    state = TaskState(
        task_exec_id="",
        task_id="",
        type=TaskType.BASIC,
        exec_id="e1",
        workflow_id="w",
        status=Status.RUNNING,
        input={},
        created_at=NOW,
        updated_at=NOW,
    )
    work = ToolWork(tool_id="t", config={})
    return [
        TaskRequest(task=attrs.evolve(state, task_exec_id=name, task_id=name), work=work, timeout=timedelta(seconds=1))
        for name in names
    ]


def outcome_of(name):
    return TaskOutcome(status=Status.SUCCESS, output=name)


async def test_outcomes_are_in_the_order_of_the_requests_and_lines_say_whose_they_are(autojump_clock):
    facts = {}

    async def run(request):
        await trio.sleep({"a": 3, "b": 1, "c": 2}[request.task.task_id])
        facts[request.task.task_id] = bound_facts()["task_exec_id"]
        return outcome_of(request.task.task_id)

    outcomes = await run_together(run, requests_of("a", "b", "c"), limiter=trio.CapacityLimiter(10))

    assert [outcome.output for outcome in outcomes] == ["a", "b", "c"]
    assert facts == {"a": "a", "b": "b", "c": "c"}
    assert trio.current_time() > 0


async def test_no_more_run_at_once_than_the_limiter_says_over_all_groups(autojump_clock):
    limiter = trio.CapacityLimiter(2)
    most = 0

    async def run(request):
        nonlocal most
        most = max(most, limiter.borrowed_tokens)
        await trio.sleep(1)
        return outcome_of(request.task.task_id)

    async with trio.open_nursery() as nursery:
        for names in ("abc", "def"):
            nursery.start_soon(lambda names=names: run_together(run, requests_of(*names), limiter=limiter))

    assert most == 2
    assert trio.current_time() == pytest.approx(3, abs=0.1)  # six of them, two at a time


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ({"a": UnavailableError("away")}, UnavailableError),
        ({"a": UnavailableError("away"), "b": KeyError("a fault")}, KeyError),
    ],
)
async def test_when_some_fail_the_others_end_before_that_is_told(autojump_clock, errors, expected):
    ended = []

    async def run(request):
        name = request.task.task_id
        if name in errors:
            raise errors[name]
        await trio.sleep(1)
        ended.append(name)
        return outcome_of(name)

    with pytest.raises(expected):
        await run_together(run, requests_of("a", "b", "c", "d"), limiter=trio.CapacityLimiter(10))

    assert sorted(ended) == sorted({"a", "b", "c", "d"} - set(errors))


async def test_cancelling_stops_all(autojump_clock):
    stopped = []

    async def run(request):
        try:
            await trio.sleep_forever()
        finally:
            stopped.append(request.task.task_id)

    with trio.move_on_after(1):
        await run_together(run, requests_of("a", "b", "c"), limiter=trio.CapacityLimiter(2))

    assert sorted(stopped) == ["a", "b"]  # the third had not begun
