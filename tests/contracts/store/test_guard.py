"""A recorded status is left only by one that may follow it, whatever order writes arrive in."""

from datetime import timedelta
from functools import reduce
from itertools import product

import attrs
import pytest

from compozy.domain.executions import Failure
from compozy.domain.statuses import TERMINAL, Status, may_follow

ORDERS = list(product(Status, repeat=3))


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


@pytest.mark.parametrize("terminal", sorted(TERMINAL))
async def test_nothing_of_a_terminal_record_changes(put, get, an_execution, terminal):
    first = an_execution(status=terminal, output={"kept": True}, error=Failure(code="X", message="kept"))
    late = [
        attrs.evolve(first, status=status, output="late", error=None, updated_at=first.updated_at + timedelta(days=1))
        for status in Status
    ]
    await put(first)

    assert await put(*late) == [first] * len(late)
    assert await get(first.exec_id) == first


async def test_the_first_write_decides_creation_workflow_and_input(put, an_execution):
    first = an_execution()
    second = an_execution(
        exec_id=first.exec_id, at=60, status=Status.SUCCESS, workflow_id="other", input={"other": 1}, output=[1]
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
