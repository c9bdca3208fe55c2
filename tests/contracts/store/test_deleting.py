"""What is forgotten is gone with all that belongs to it, and nothing else is."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import trio

from compozy.contracts.store import Kind, WorkflowFilter
from compozy.domain.errors import ConflictError, InvalidError, NotFoundError
from compozy.domain.statuses import TERMINAL, Status

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)  # an execution's ``at`` counts from here
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - what is refused


@pytest.fixture
def left(store):
    """Return a function that reads the ids of all executions, oldest first."""

    async def left():
        page = await store.read(lambda repositories: repositories.workflows.list(WorkflowFilter(), limit=1000))
        return [state.exec_id for state in reversed(page.items)]

    return left


@pytest.fixture
def delete_older(store):
    """Return a function that forgets what ended so many seconds after noon, or earlier."""

    async def delete_older(seconds, **arguments):
        before = NOON + timedelta(seconds=seconds)
        return await store.transaction(lambda repositories: repositories.workflows.delete_older(before, **arguments))

    return delete_older


async def test_an_execution_goes_with_its_tasks_and_no_others(store, put, put_tasks, get, left, an_execution, a_task):
    gone, kept = an_execution(), an_execution()
    tasks, other = [a_task(gone.exec_id) for _ in range(5)], a_task(kept.exec_id)
    await put(gone, kept)
    await put_tasks(*tasks, other)

    await store.transaction(lambda repositories: repositories.workflows.delete(gone.exec_id))

    async def look(repositories):
        return [await repositories.tasks.find(task.task_exec_id) for task in [*tasks, other]]

    assert await left() == [kept.exec_id]
    assert await store.read(look) == [None] * 5 + [other]
    with pytest.raises(NotFoundError):
        await get(gone.exec_id)


async def test_an_execution_can_be_deleted_however_it_stands(store, put, left, an_execution):
    await put(*(an_execution(exec_id=status, status=status) for status in Status))

    async def work(repositories):
        for status in Status:
            await repositories.workflows.delete(status)

    await store.transaction(work)

    assert await left() == []


async def test_what_an_execution_started_stays_when_it_goes(store, put, left, an_execution):
    parent = an_execution(exec_id="parent")
    child = an_execution(exec_id="child", parent_exec_id="parent")
    await put(parent, child)

    await store.transaction(lambda repositories: repositories.workflows.delete("parent"))

    assert await left() == ["child"]


async def test_an_absent_execution_cannot_be_deleted(store):
    with pytest.raises(NotFoundError, match="'01ABSENT'"):
        await store.transaction(lambda repositories: repositories.workflows.delete("01ABSENT"))


async def test_a_deleted_execution_takes_no_tasks_and_can_be_recorded_anew(store, put, put_tasks, an_execution, a_task):
    state = an_execution(status=Status.SUCCESS)
    anew = an_execution(exec_id=state.exec_id, workflow_id="other")
    await put(state)
    await store.transaction(lambda repositories: repositories.workflows.delete(state.exec_id))

    with pytest.raises(ConflictError):
        await put_tasks(a_task(state.exec_id))
    assert await put(anew) == [anew]


async def test_a_deletion_that_is_rolled_back_takes_nothing(store, put, put_tasks, left, an_execution, a_task):
    state = an_execution()
    task = a_task(state.exec_id)
    await put(state)
    await put_tasks(task)

    async def work(repositories):
        await repositories.workflows.delete(state.exec_id)
        raise KeyError

    with pytest.raises(KeyError):
        await store.transaction(work)

    assert await left() == [state.exec_id]
    assert await store.read(lambda repositories: repositories.tasks.find(task.task_exec_id)) == task


async def test_tasks_that_are_written_while_their_execution_goes_are_refused_or_go_too(
    store, put, an_execution, a_task
):
    state = an_execution()
    await put(state)

    async def write():
        with suppress(ConflictError):  # when the execution is gone already
            await store.transaction(lambda repositories: repositories.tasks.upsert_many([a_task(state.exec_id)]))

    async with trio.open_nursery() as nursery:
        for number in range(10):
            if number == 5:
                nursery.start_soon(store.transaction, lambda repositories: repositories.workflows.delete(state.exec_id))
            nursery.start_soon(write)

    assert await store.read(lambda repositories: repositories.archive.count(Kind.TASKS)) == 0


async def test_only_what_has_ended_is_forgotten_by_age(put, left, delete_older, an_execution):
    await put(*(an_execution(exec_id=status, status=status) for status in Status))

    assert await delete_older(1) == len(TERMINAL)

    assert sorted(await left()) == sorted(set(Status) - TERMINAL)


async def test_age_is_counted_from_the_end_to_the_microsecond(put, left, delete_older, an_execution):
    await put(
        *(
            an_execution(exec_id=name, at=-99, updated_at=NOON + timedelta(seconds=end), status=Status.SUCCESS)
            for name, end in [("before", 1.999999), ("at", 2), ("after", 2.000001)]
        )
    )

    assert await delete_older(2) == 1

    assert sorted(await left()) == ["after", "at"]


async def test_the_oldest_go_first_a_batch_at_a_time(put, left, delete_older, an_execution):
    ended = [an_execution(exec_id=str(n), at=n, status=list(TERMINAL)[n % 4]) for n in range(7)]
    await put(*reversed(ended), an_execution(exec_id="runs", at=8))
    batches = []

    while True:
        batches.append((await delete_older(6, limit=2), await left()))
        if batches[-1][0] < 2:
            break

    assert batches == [
        (2, ["2", "3", "4", "5", "6", "runs"]),
        (2, ["4", "5", "6", "runs"]),
        (2, ["6", "runs"]),
        (0, ["6", "runs"]),
    ]


async def test_ids_decide_between_those_that_ended_together(put, left, delete_older, an_execution):
    await put(*(an_execution(exec_id=name, status=Status.FAILED) for name in "cadb"))

    assert await delete_older(1, limit=3) == 3

    assert await left() == ["d"]


async def test_what_is_forgotten_by_age_goes_with_its_tasks(store, put, put_tasks, delete_older, an_execution, a_task):
    ended, runs = an_execution(status=Status.SUCCESS), an_execution()
    kept = a_task(runs.exec_id)
    await put(ended, runs)
    await put_tasks(*(a_task(ended.exec_id) for _ in range(20)), kept)

    await delete_older(1)

    assert list(await store.read(lambda repositories: repositories.archive.page(Kind.TASKS))) == [kept]


async def test_several_who_forget_at_once_count_each_execution_once(put, left, delete_older, an_execution):
    await put(*(an_execution(status=Status.SUCCESS) for _ in range(40)))
    counts = []

    async def forget():
        while (count := await delete_older(1, limit=4)) > 0:
            counts.append(count)

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(forget)

    assert sum(counts) == 40
    assert await left() == []


async def test_a_batch_out_of_range_is_refused(delete_older):
    for limit in (0, -1, 1001):
        with pytest.raises(InvalidError, match=f"limit: {limit} is not between 1 and 1000"):
            await delete_older(1, limit=limit)


async def test_an_age_without_a_time_zone_is_refused(store):
    with pytest.raises(InvalidError, match="before: 2026-01-01 00:00:00 has no time zone"):
        await store.transaction(lambda repositories: repositories.workflows.delete_older(NAIVE))
