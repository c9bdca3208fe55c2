"""Repositories belong to one closure, and say so when they are used otherwise."""

import pytest

from compozy.contracts.store import Kind, WorkflowFilter
from compozy.domain.errors import ConflictError, DuplicateError, InvalidError, NotFoundError
from compozy.domain.statuses import Status


@pytest.fixture
def writes(an_execution, a_task, a_user, a_key):
    """Return a call of every method that writes; none of them would fail for any other reason."""
    state, user = an_execution(exec_id="e"), a_user(user_id="u")
    return [
        lambda repositories: repositories.workflows.upsert(state),
        lambda repositories: repositories.workflows.update_status("e", Status.RUNNING, at=state.created_at),
        lambda repositories: repositories.tasks.upsert_many([a_task("e")]),
        lambda repositories: repositories.tasks.upsert_many([]),
        lambda repositories: repositories.users.add(user),
        lambda repositories: repositories.api_keys.add(a_key("u", key_id="k")),
        lambda repositories: repositories.api_keys.touch("k", state.created_at),
        lambda repositories: repositories.api_keys.revoke("k", state.created_at),
        lambda repositories: repositories.users.delete("u"),
        lambda repositories: repositories.archive.add([user]),
        lambda repositories: repositories.workflows.delete_older(state.created_at),
        lambda repositories: repositories.workflows.delete("e"),
    ]


@pytest.fixture
def reads():
    """Return a call of every method that reads."""
    return [
        lambda repositories: repositories.workflows.get("e"),
        lambda repositories: repositories.workflows.get_with_tasks("e"),
        lambda repositories: repositories.workflows.get_with_task("e", "t"),
        lambda repositories: repositories.workflows.list(WorkflowFilter()),
        lambda repositories: repositories.workflows.list(WorkflowFilter(parent_exec_id="p")),
        lambda repositories: repositories.workflows.unfinished(),
        lambda repositories: repositories.tasks.find("t"),
        lambda repositories: repositories.tasks.list_by_workflow("e"),
        lambda repositories: repositories.tasks.children("t"),
        lambda repositories: repositories.tasks.hierarchy("e"),
        lambda repositories: repositories.tasks.progress("t"),
        lambda repositories: repositories.users.get("u"),
        lambda repositories: repositories.users.find_by_email("u"),
        lambda repositories: repositories.users.list(),
        lambda repositories: repositories.api_keys.find("f"),
        lambda repositories: repositories.api_keys.list("u"),
        lambda repositories: repositories.archive.count(Kind.TASKS),
        lambda repositories: repositories.archive.page(Kind.TASKS),
    ]


@pytest.fixture
def counts(store):
    """Return a function that counts the records of every kind."""

    async def counts():
        async def work(repositories):
            return [await repositories.archive.count(kind) for kind in Kind]

        return await store.read(work)

    return counts


async def test_every_write_is_carried_out_in_a_transaction(store, writes):
    async def work(repositories):
        for write in writes[:-1]:
            await write(repositories)
        return [await repositories.archive.count(kind) for kind in Kind]

    assert await store.transaction(work) == [1, 1, 1, 0, 0]


async def test_every_write_in_a_read_is_refused_and_changes_nothing(store, writes, counts):
    async def work(repositories):
        for write in writes:
            with pytest.raises(RuntimeError, match=r"only reads: use Store\.transaction"):
                await write(repositories)
        return "went on"

    assert await store.read(work) == "went on"
    assert await counts() == [0, 0, 0, 0, 0]


async def test_a_read_that_writes_ends_with_the_refusal(store, writes, counts):
    with pytest.raises(RuntimeError, match="only reads"):
        await store.read(writes[0])

    assert await counts() == [0, 0, 0, 0, 0]


async def test_repositories_are_dead_once_their_closure_has_ended(store, writes, reads, counts):
    async def keep(repositories):
        return repositories

    async def keep_and_fail(repositories):
        kept.append(repositories)
        raise KeyError

    kept = [await store.transaction(keep)]
    with pytest.raises(KeyError):
        await store.transaction(keep_and_fail)

    for repositories in kept:
        for call in [*reads, *writes]:
            with pytest.raises(RuntimeError, match="only while their closure runs"):
                await call(repositories)
    assert await counts() == [0, 0, 0, 0, 0]


async def test_repositories_of_a_read_are_dead_once_it_has_ended(store, reads):
    async def keep(repositories):
        return repositories

    repositories = await store.read(keep)

    for read in reads:
        with pytest.raises(RuntimeError, match="only while their closure runs"):
            await read(repositories)


async def test_every_read_answers_in_a_transaction_and_in_a_read(store, reads):
    async def work(repositories):
        answers = []
        for read in reads:
            try:
                answers.append(await read(repositories))
            except NotFoundError as error:
                answers.append(str(error))
        return answers

    assert list(map(str, await store.transaction(work))) == list(map(str, await store.read(work)))


async def test_a_closure_that_swallows_errors_goes_on_as_if_they_had_not_been_tried(
    store, get, counts, an_execution, a_task, a_user, a_key
):
    first, last = an_execution(exec_id="first"), an_execution(exec_id="last")
    user = a_user(user_id="u")
    refused = [
        (lambda repositories: repositories.tasks.upsert_many([a_task("first"), a_task("absent")]), ConflictError),
        (lambda repositories: repositories.tasks.upsert_many([a_task("first"), a_task("\0")]), InvalidError),
        (
            lambda repositories: repositories.tasks.upsert_many([a_task("first"), a_task("first", attempt=2**64)]),
            InvalidError,
        ),
        (lambda repositories: repositories.workflows.upsert(an_execution(input={"x": object()})), InvalidError),
        (lambda repositories: repositories.workflows.get("absent"), NotFoundError),
        (lambda repositories: repositories.workflows.delete("absent"), NotFoundError),
        (lambda repositories: repositories.users.add(user), DuplicateError),
        (lambda repositories: repositories.api_keys.add(a_key("absent")), ConflictError),
        (lambda repositories: repositories.archive.add([a_task("first"), a_task("absent")]), ConflictError),
    ]

    async def work(repositories):
        await repositories.workflows.upsert(first)
        await repositories.users.add(user)
        for call, error in refused:
            with pytest.raises(error):
                await call(repositories)
            assert await repositories.workflows.get("first") == first
        await repositories.workflows.upsert(last)

    await store.transaction(work)

    assert [await get("first"), await get("last")] == [first, last]
    assert await counts() == [2, 0, 1, 0, 0]
