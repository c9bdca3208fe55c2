"""Executions are found by the event that they wait for, as long as they do."""

import attrs
import pytest

from compozy.domain.errors import InvalidError
from compozy.domain.statuses import Status

LONG = "e" * 255


@pytest.fixture
def awaiting(store):
    """Return a function that gives one page of who waits for an event."""

    async def awaiting(event, **page):
        return list(await store.read(lambda repositories: repositories.tasks.awaiting(event, **page)))

    return awaiting


@pytest.fixture
def put_waits(put, put_tasks, an_execution, a_task):
    """Return a function that records a wait in an execution of its own for each pair of an id and an event."""

    async def put_waits(*waits):
        await put(*(an_execution(exec_id=exec_id) for exec_id in dict(waits)))
        tasks = [a_task(exec_id, status=Status.WAITING, awaits=event) for exec_id, event in waits]
        await put_tasks(*tasks)
        return tasks

    return put_waits


async def test_who_waits_for_an_event_is_found_once_in_order(put_waits, awaiting):
    await put_waits(("c", "paid"), ("a", "paid"), ("b", "sent"), ("a", "paid"), ("é", LONG))

    assert await awaiting("paid") == ["a", "c"]
    assert await awaiting(LONG) == ["é"]
    assert await awaiting("pai") == await awaiting("") == []


async def test_pages_follow_one_another(put_waits, awaiting):
    await put_waits(*((name, "paid") for name in "edcba"))

    assert await awaiting("paid", limit=2) == ["a", "b"]
    assert await awaiting("paid", after="b", limit=2) == ["c", "d"]
    assert await awaiting("paid", after="d", limit=2) == ["e"]


async def test_who_has_ended_its_wait_is_not_found(put_waits, put_tasks, awaiting, store):
    [one, two] = await put_waits(("a", "paid"), ("b", "paid"))
    await put_tasks(
        attrs.evolve(one, status=Status.SUCCESS, awaits=None),
        attrs.evolve(two, status=Status.FAILED),
    )

    assert await awaiting("paid") == []
    assert (await store.read(lambda repositories: repositories.tasks.find(one.task_exec_id))).awaits is None


async def test_a_wait_that_is_tried_again_may_wait_for_another_event(put_waits, put_tasks, awaiting):
    [wait] = await put_waits(("a", "paid"))
    await put_tasks(attrs.evolve(wait, awaits="sent", attempt=2))

    assert (await awaiting("paid"), await awaiting("sent")) == ([], ["a"])


@pytest.mark.parametrize("limit", [0, 1001])
async def test_a_page_has_its_limits(awaiting, limit):
    with pytest.raises(InvalidError, match="not between 1 and 1000"):
        await awaiting("paid", limit=limit)


async def test_what_an_execution_began_with_comes_back_and_stays(store, put, an_execution):
    trigger = {"type": "signal", "name": "paid", "payload": {"n": [1, None, "ü\0"]}}
    execution = an_execution(parent_exec_id="p", trigger=trigger, first_task="c")
    await put(execution)
    await put(attrs.evolve(execution, status=Status.RUNNING, trigger=None, first_task=None))

    found = await store.read(lambda repositories: repositories.workflows.get(execution.exec_id))
    both, _ = await store.read(lambda repositories: repositories.workflows.get_with_tasks(execution.exec_id))

    assert (found.status, found.trigger, found.first_task) == (Status.RUNNING, trigger, "c")
    assert both == found
