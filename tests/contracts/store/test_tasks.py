"""Task runs belong to an execution."""

import attrs
import pytest

from compozy.domain.errors import ConflictError, InvalidError, NotFoundError
from compozy.domain.executions import Failure
from compozy.domain.statuses import Status


@pytest.fixture
def tasks_of(store):
    async def tasks_of(exec_id):
        return list(await store.read(lambda repositories: repositories.tasks.list_by_workflow(exec_id)))

    return tasks_of


async def test_tasks_are_listed_oldest_first_and_ids_decide_between_equals(
    put, put_tasks, tasks_of, an_execution, a_task
):
    execution, other = an_execution(), an_execution()
    tasks = [a_task(execution.exec_id, task_exec_id=f"{at}{name}", at=at) for at in range(3) for name in "ab"]
    await put(execution, other)
    await put_tasks(*reversed(tasks), a_task(other.exec_id))

    assert await tasks_of(execution.exec_id) == tasks


async def test_an_execution_without_tasks_lists_none(put, tasks_of, an_execution):
    execution = an_execution()
    await put(execution)

    assert await tasks_of(execution.exec_id) == []
    assert await tasks_of("01ABSENT") == []


async def test_an_execution_is_read_with_its_tasks_as_both_are_recorded(store, put, put_tasks, an_execution, a_task):
    execution = an_execution(
        parent_exec_id="parent",
        trigger={"type": "signal", "payload": {"a": [1]}},
        first_task="second",
        status=Status.FAILED,
        output=[1, {"a": None}],
        error=Failure(code="X", message="y", details={"z": 1}),
        at=9,
    )
    other = an_execution()
    tasks = [a_task(execution.exec_id, task_exec_id=f"{at}{name}", at=at) for at in range(3) for name in "ab"]
    tasks[2] = attrs.evolve(tasks[2], parent_id="0a", status=Status.SUCCESS, output="done", attempt=3)
    tasks[3] = attrs.evolve(tasks[3], status=Status.WAITING, awaits="paid")
    await put(execution, other)
    await put_tasks(*reversed(tasks), a_task(other.exec_id))

    async def read(exec_id):
        return await store.read(lambda repositories: repositories.workflows.get_with_tasks(exec_id))

    recorded, runs = await read(execution.exec_id)
    assert recorded == execution
    assert list(runs) == tasks


async def test_an_execution_without_tasks_is_read_with_none(store, put, an_execution):
    execution = an_execution()
    await put(execution)

    recorded, runs = await store.read(lambda repositories: repositories.workflows.get_with_tasks(execution.exec_id))
    assert (recorded, list(runs)) == (execution, [])


async def test_an_absent_execution_has_no_tasks_to_be_read_with(store, put, put_tasks, an_execution, a_task):
    execution = an_execution()
    await put(execution)
    await put_tasks(a_task(execution.exec_id))

    with pytest.raises(NotFoundError, match="'01ABSENT'"):
        await store.read(lambda repositories: repositories.workflows.get_with_tasks("01ABSENT"))


async def test_an_execution_and_one_of_its_tasks_are_read_together(store, put, put_tasks, an_execution, a_task):
    execution, other = an_execution(), an_execution()
    await put(execution, other)
    ours, theirs = a_task(execution.exec_id), a_task(other.exec_id)
    await put_tasks(a_task(execution.exec_id), ours, theirs)

    async def read(task_exec_id):
        return await store.read(
            lambda repositories: repositories.workflows.get_with_task(execution.exec_id, task_exec_id)
        )

    assert await read(ours.task_exec_id) == (execution, ours)
    assert await read("01ABSENT") == (execution, None)
    assert await read(theirs.task_exec_id) == (execution, None)
    with pytest.raises(NotFoundError, match="'01ABSENT'"):
        await store.read(lambda repositories: repositories.workflows.get_with_task("01ABSENT", ours.task_exec_id))


async def test_one_task_that_comes_late_changes_nothing(put, put_tasks, an_execution, a_task):
    execution = an_execution()
    done = a_task(execution.exec_id, status=Status.SUCCESS, output=1)
    await put(execution)

    assert await put_tasks(done) == [done]
    assert await put_tasks(attrs.evolve(done, status=Status.RUNNING, output=None)) == [done]


@pytest.mark.parametrize("is_known", [False, True])
async def test_one_task_of_an_absent_execution_is_refused_and_the_closure_goes_on(
    store, put, put_tasks, tasks_of, an_execution, a_task, is_known
):
    execution = an_execution()
    task = a_task(execution.exec_id)
    await put(execution)
    if is_known:
        await put_tasks(task)
    after = a_task(execution.exec_id, at=1)

    async def goes_on_after_the_refusal(repositories):
        with pytest.raises(ConflictError, match="'01ABSENT' is not recorded"):
            await repositories.tasks.upsert_many([attrs.evolve(task, exec_id="01ABSENT", status=Status.SUCCESS)])
        await repositories.tasks.upsert_many([after])

    await store.transaction(goes_on_after_the_refusal)

    assert await tasks_of(execution.exec_id) == [*([task] if is_known else []), after]


async def test_what_is_recorded_is_returned_in_the_order_of_the_writes(put, put_tasks, an_execution, a_task):
    execution = an_execution()
    done = a_task(execution.exec_id, status=Status.SUCCESS, output=1)
    late = a_task(execution.exec_id, task_exec_id=done.task_exec_id)
    other = a_task(execution.exec_id)
    await put(execution)

    assert await put_tasks(other, done, late, other) == [other, done, done, other]


async def test_writing_no_tasks_is_fine(put_tasks):
    assert await put_tasks() == []


async def test_tasks_of_an_absent_execution_are_refused_and_nothing_is_recorded(
    store, put, tasks_of, an_execution, a_task
):
    execution = an_execution()
    await put(execution)
    tasks = [a_task(execution.exec_id), a_task("01ABSENT"), a_task(execution.exec_id)]

    async def goes_on_after_the_refusal(repositories):
        with pytest.raises(ConflictError, match="'01ABSENT' is not recorded"):
            await repositories.tasks.upsert_many(tasks)

    await store.transaction(goes_on_after_the_refusal)

    assert await tasks_of(execution.exec_id) == []


@pytest.mark.parametrize("refused", [object(), float("nan")])
async def test_one_invalid_task_keeps_the_others_from_being_recorded(
    store, put, tasks_of, an_execution, a_task, refused
):
    execution = an_execution()
    await put(execution)
    tasks = [a_task(execution.exec_id), a_task(execution.exec_id, input={"x": refused})]

    async def goes_on_after_the_refusal(repositories):
        with pytest.raises(InvalidError):
            await repositories.tasks.upsert_many(tasks)

    await store.transaction(goes_on_after_the_refusal)

    assert await tasks_of(execution.exec_id) == []


async def test_an_execution_and_its_tasks_can_be_recorded_in_one_transaction(store, tasks_of, an_execution, a_task):
    execution = an_execution()
    task = a_task(execution.exec_id)

    async def work(repositories):
        await repositories.workflows.upsert(execution)
        await repositories.tasks.upsert_many(iter([task]))

    await store.transaction(work)

    assert await tasks_of(execution.exec_id) == [task]
