"""A recorded status is left only by one that may follow it, whatever order writes arrive in."""

import random
from datetime import datetime, timedelta
from functools import partial, reduce
from itertools import product

import attrs
import pytest
import trio

from compozy.domain.errors import InvalidError, NotFoundError
from compozy.domain.executions import Failure
from compozy.domain.statuses import TERMINAL, Status, may_follow

ORDERS = list(product(Status, repeat=3))
PAIRS = list(product(Status, repeat=2))


def expected(order):
    """Return the status that is recorded after writes in this order, from the domain's table."""
    return reduce(lambda current, following: following if may_follow(current, following) else current, order)


async def test_every_order_of_three_writes_ends_where_the_domain_says(put, an_execution):
    states = {order: [an_execution(exec_id=" ".join(order), status=status) for status in order] for order in ORDERS}

    recorded = await put(*(state for writes in states.values() for state in writes))

    last = {state.exec_id: state.status for state in recorded}
    assert last == {" ".join(order): expected(order) for order in ORDERS}


async def test_every_order_of_three_task_writes_ends_where_the_domain_says(put, put_tasks, an_execution, a_task):
    execution = an_execution()
    await put(execution)
    writes = [
        a_task(execution.exec_id, task_exec_id=" ".join(order), status=status) for order in ORDERS for status in order
    ]

    recorded = await put_tasks(*writes)

    last = {task.task_exec_id: task.status for task in recorded}
    assert last == {" ".join(order): expected(order) for order in ORDERS}


async def test_nothing_of_a_terminal_record_changes(put, get, an_execution):
    for terminal in sorted(TERMINAL):
        first = an_execution(status=terminal, output={"kept": True}, error=Failure(code="X", message="kept"))
        news = {"output": "late", "error": None, "updated_at": first.updated_at + timedelta(days=1)}
        late = [attrs.evolve(first, status=status, **news) for status in Status]
        await put(first)

        assert await put(*late) == [first] * len(late)
        assert await get(first.exec_id) == first


@pytest.mark.parametrize(("parent", "later_parent"), [(None, "other"), ("first", None), ("first", "other")])
async def test_the_first_write_decides_creation_workflow_input_and_parent(put, an_execution, parent, later_parent):
    first = an_execution(parent_exec_id=parent)
    second = an_execution(
        exec_id=first.exec_id,
        at=60,
        status=Status.SUCCESS,
        workflow_id="other",
        input={"other": 1},
        output=[1],
        parent_exec_id=later_parent,
    )
    await put(first)

    [recorded] = await put(second)

    assert recorded == attrs.evolve(first, status=Status.SUCCESS, output=[1], updated_at=second.updated_at)


async def test_a_task_run_keeps_what_it_is_and_takes_how_it_goes(put, put_tasks, an_execution, a_task):
    one, other = an_execution(), an_execution()
    first = a_task(one.exec_id)
    second = a_task(
        other.exec_id,
        task_exec_id=first.task_exec_id,
        at=9,
        task_id="other",
        parent_id="other",
        status=Status.FAILED,
        input={},
        error=Failure(code="X", message="y"),
        attempt=2,
    )
    await put(one, other)
    await put_tasks(first)

    [recorded] = await put_tasks(second)

    assert recorded == attrs.evolve(
        first, status=Status.FAILED, error=second.error, attempt=2, updated_at=second.updated_at
    )


async def test_a_late_earlier_attempt_does_not_lower_the_number(put, put_tasks, an_execution, a_task):
    execution = an_execution()
    second = a_task(execution.exec_id, attempt=2)
    await put(execution)

    recorded = await put_tasks(second, attrs.evolve(second, attempt=1))

    assert [task.attempt for task in recorded] == [2, 2]


async def test_writing_the_same_again_changes_nothing(put, an_execution):
    state = an_execution(status=Status.RUNNING)

    assert await put(state, state, state) == [state] * 3


async def test_a_new_status_is_taken_or_dropped_as_the_domain_says(store, put, an_execution):
    states = {pair: an_execution(exec_id=" ".join(pair), status=pair[0], output="old") for pair in PAIRS}
    at = states[PAIRS[0]].updated_at + timedelta(hours=1)
    failure = Failure(code="X", message="new")
    await put(*states.values())

    async def work(repositories):
        update = partial(repositories.workflows.update_status, at=at, output=["new"], error=failure)
        return {pair: await update(state.exec_id, pair[1]) for pair, state in states.items()}

    recorded = await store.transaction(work)

    assert recorded == {
        (current, following): attrs.evolve(state, status=following, output=["new"], error=failure, updated_at=at)
        if may_follow(current, following)
        else state
        for (current, following), state in states.items()
    }


async def test_what_a_new_status_does_not_say_is_gone(store, put, get, an_execution):
    state = an_execution(status=Status.RUNNING, output=1, error=Failure(code="X", message="y"))
    await put(state)

    await store.transaction(
        lambda repositories: repositories.workflows.update_status(state.exec_id, Status.WAITING, at=state.updated_at)
    )

    assert await get(state.exec_id) == attrs.evolve(state, status=Status.WAITING, output=None, error=None)


async def test_an_absent_execution_has_no_status_to_change(store, an_execution):
    with pytest.raises(NotFoundError, match="'01ABSENT'"):
        await store.transaction(
            lambda repositories: repositories.workflows.update_status(
                "01ABSENT", Status.RUNNING, at=an_execution().created_at
            )
        )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"output": object()}, "output: not storable"),
        ({"error": Failure(code="X", message="y", details={"z": b""})}, "error: not storable"),
        ({"at": datetime(2026, 1, 1)}, "at: 2026-01-01 00:00:00 has no time zone"),  # noqa: DTZ001 - what is refused
    ],
)
async def test_a_status_with_a_wrong_value_is_refused_and_changes_nothing(
    store, put, get, an_execution, changes, named
):
    state = an_execution()
    await put(state)

    async def goes_on_after_the_refusal(repositories):
        with pytest.raises(InvalidError, match=named):
            await repositories.workflows.update_status(
                state.exec_id, Status.SUCCESS, **({"at": state.updated_at} | changes)
            )

    await store.transaction(goes_on_after_the_refusal)

    assert await get(state.exec_id) == state


async def test_of_writes_at_the_same_time_the_first_terminal_one_stays_whole(store, get, an_execution):
    dice = random.Random(5)  # noqa: S311 - a seeded order, no secret
    firsts = [an_execution() for _ in range(6)]
    writes = [
        attrs.evolve(first, status=status, output=f"{status} {n}", updated_at=first.updated_at + timedelta(seconds=n))
        for first in firsts
        for n, status in enumerate(Status)
    ]
    dice.shuffle(writes)
    answers = []

    async def write(number, state):
        async def work(repositories):
            if number % 2:
                return await repositories.workflows.upsert(state)
            await repositories.workflows.upsert(attrs.evolve(state, status=Status.PENDING, output=None))
            return await repositories.workflows.update_status(
                state.exec_id, state.status, at=state.updated_at, output=state.output
            )

        answers.append(await store.transaction(work))

    async with trio.open_nursery() as nursery:
        for number, state in enumerate(writes):
            nursery.start_soon(write, number, state)

    for first in firsts:
        last = await get(first.exec_id)
        assert last.status.is_terminal
        assert last in writes
        assert all(
            answer == last for answer in answers if answer.exec_id == first.exec_id and answer.status.is_terminal
        )
