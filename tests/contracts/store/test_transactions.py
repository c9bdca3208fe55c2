"""Transactions are all or nothing, and reads see what ended before them."""

from functools import partial

import pytest
import trio
import trio.testing

from compozy.contracts.store import Kind, WorkflowFilter
from compozy.domain.errors import NotFoundError, UnavailableError
from compozy.domain.statuses import Status


class ExpectedError(Exception):
    """What a closure raises on purpose."""


@pytest.fixture
def exists(store):
    async def exists(exec_id):
        try:
            await store.read(lambda repositories: repositories.workflows.get(exec_id))
        except NotFoundError:
            return False
        return True

    return exists


async def test_a_transaction_returns_what_its_closure_returns(store):
    async def work(_):
        return {"answer": 42}

    assert await store.transaction(work) == {"answer": 42}
    assert await store.read(work) == {"answer": 42}


async def test_what_a_closure_raises_arrives_as_it_is(store):
    error = ExpectedError("as it is")

    async def work(_):
        raise error

    for method in (store.transaction, store.read):
        with pytest.raises(ExpectedError) as caught:
            await method(work)
        assert caught.value is error


class EndError(BaseException):
    """What nobody expects."""


ERRORS = [ExpectedError(), NotFoundError("x"), ExceptionGroup("x", [ExpectedError()]), EndError(), GeneratorExit()]


async def test_a_closure_that_raises_whatever_it_is_leaves_nothing(store, an_execution, a_task, a_user, a_key):
    state, user = an_execution(), a_user()

    async def work(repositories, error):
        await repositories.workflows.upsert(state)
        await repositories.tasks.upsert_many([a_task(state.exec_id)])
        await repositories.users.add(user)
        await repositories.api_keys.add(a_key(user.user_id))
        await repositories.archive.add([an_execution()])
        raise error

    async def count(repositories):
        return [await repositories.archive.count(kind) for kind in Kind]

    for error in ERRORS:
        with pytest.raises(type(error)) as caught:
            await store.transaction(partial(work, error=error))
        assert caught.value is error
        assert await store.read(count) == [0, 0, 0, 0, 0]


async def test_a_closure_that_raises_takes_back_changes_and_deletions(store, put, put_tasks, get, an_execution, a_task):
    changed, deleted = an_execution(), an_execution()
    task = a_task(deleted.exec_id)
    await put(changed, deleted)
    await put_tasks(task)

    async def work(repositories):
        await repositories.workflows.update_status(changed.exec_id, Status.SUCCESS, at=changed.updated_at, output=1)
        await repositories.workflows.delete(deleted.exec_id)
        raise ExpectedError

    with pytest.raises(ExpectedError):
        await store.transaction(work)

    assert [await get(changed.exec_id), await get(deleted.exec_id)] == [changed, deleted]
    assert await store.read(lambda repositories: repositories.tasks.find(task.task_exec_id)) == task


async def test_a_closure_sees_its_own_writes(store, an_execution):
    state = an_execution()

    async def work(repositories):
        await repositories.workflows.upsert(state)
        return await repositories.workflows.get(state.exec_id)

    assert await store.transaction(work) == state


async def test_a_read_sees_every_transaction_that_ended_before_it(put, get, an_execution):
    for _ in range(30):
        state = an_execution()
        await put(state)
        assert await get(state.exec_id) == state


async def test_two_hundred_transactions_at_once_all_arrive(store, an_execution):
    states = [an_execution(at=n) for n in range(200)]

    async def put_one(state):
        await store.transaction(lambda repositories: repositories.workflows.upsert(state))

    async with trio.open_nursery() as nursery:
        for state in states:
            nursery.start_soon(put_one, state)

    page = await store.read(lambda repositories: repositories.workflows.list(WorkflowFilter(), limit=1000))
    assert list(page.items) == states[::-1]


async def test_among_many_at_once_those_that_raise_roll_back_alone(store, an_execution):
    states = [an_execution(exec_id=f"{n:03}", at=n) for n in range(200)]
    failed = []

    async def put_one(number):
        async def work(repositories):
            await repositories.workflows.upsert(states[number])
            if number % 3 == 0:
                raise ExpectedError

        try:
            await store.transaction(work)
        except ExpectedError:
            failed.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(200):
            nursery.start_soon(put_one, number)

    page = await store.read(lambda repositories: repositories.workflows.list(WorkflowFilter(), limit=1000))
    assert sorted(failed) == list(range(0, 200, 3))
    assert {int(state.exec_id) for state in page.items} == set(range(200)) - set(failed)


async def test_transactions_that_count_on_the_same_record_lose_no_update(store, put, put_tasks, an_execution, a_task):
    execution = an_execution()
    task = a_task(execution.exec_id, attempt=1)
    await put(execution)
    await put_tasks(task)

    async def add_one():
        async def work(repositories):
            found = await repositories.tasks.find(task.task_exec_id)
            await repositories.tasks.upsert_many(
                [a_task(execution.exec_id, task_exec_id=task.task_exec_id, attempt=found.attempt + 1)]
            )

        await store.transaction(work)

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(add_one)

    found = await store.read(lambda repositories: repositories.tasks.find(task.task_exec_id))
    assert found.attempt == 51


async def test_every_method_is_a_checkpoint(store):
    async def work(_):
        return None

    for call in (lambda: store.transaction(work), lambda: store.read(work), store.ping):
        with trio.testing.assert_checkpoints():
            await call()


async def test_statistics_count_what_happened(store, an_execution):
    async def fail(_):
        raise ExpectedError

    before = store.statistics()
    for _ in range(3):
        await store.transaction(lambda repositories: repositories.workflows.upsert(an_execution()))
    with pytest.raises(ExpectedError):
        await store.transaction(fail)
    with pytest.raises(ExpectedError):
        await store.read(fail)
    await store.read(lambda repositories: repositories.workflows.list(WorkflowFilter()))

    after = store.statistics()
    assert after.driver
    assert after.transactions - before.transactions == 3
    assert after.rollbacks - before.rollbacks == 1
    assert after.reads - before.reads == 1
    assert after.waiting == 0


async def test_ping_answers(store):
    await store.ping()


async def test_a_closed_store_is_unavailable(open_driver, an_execution):
    async with open_driver() as store:
        pass

    for call in (
        lambda: store.transaction(lambda repositories: repositories.workflows.upsert(an_execution())),
        lambda: store.read(lambda repositories: repositories.workflows.get("x")),
        store.ping,
    ):
        with pytest.raises(UnavailableError, match="closed"):
            await call()


async def test_closing_finishes_what_was_asked_for(open_durable, an_execution):
    states = [an_execution(status=Status.RUNNING) for _ in range(50)]

    async def put_one(store, state):
        await store.transaction(lambda repositories: repositories.workflows.upsert(state))

    async with trio.open_nursery() as nursery, open_durable() as store:
        for state in states:
            nursery.start_soon(put_one, store, state)
        await trio.testing.wait_all_tasks_blocked()

    async with open_durable() as store:
        page = await store.read(lambda repositories: repositories.workflows.list(WorkflowFilter(), limit=1000))
    assert {state.exec_id for state in page.items} == {state.exec_id for state in states}
