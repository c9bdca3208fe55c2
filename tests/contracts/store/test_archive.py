"""The archive gives every record and takes it back, just as it is."""

from datetime import UTC, datetime, timedelta
from itertools import chain, product
from types import SimpleNamespace

import attrs
import pytest

from compozy.contracts.store import Kind, WorkflowFilter
from compozy.domain.accounts import Role
from compozy.domain.definitions import TaskType
from compozy.domain.errors import ConflictError, DuplicateError, InvalidError
from compozy.domain.executions import Failure
from compozy.domain.statuses import Status

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

# Ascending by code point. UTF-16 would put the last two the other way round; most collations would mix the cases.
KEYS = [" ", "-", "0", "10", "9", "A", "Z", "_", "a", "z", "ß", "é", "Ω", "中", "\uffff", "😀"]


@pytest.fixture
def everything(an_execution, a_task, a_user, a_key, a_payload):
    """Return records of every kind, each after those that it refers to, in the order of their keys."""
    failure = Failure(code="X", message="y\0", details={"\ud800": [1e23, 10**23, -0.0]})
    executions = [an_execution(exec_id=f"e{n}", status=status, at=-n) for n, status in enumerate(Status)]
    executions[2] = attrs.evolve(executions[2], parent_exec_id="e7", output={"z": 1, "a": None}, error=failure)
    tasks = [
        a_task(f"e{n}", task_exec_id=f"t{n}{kind}", type=kind, status=status, attempt=n + 1, error=failure)
        for n, status in enumerate(Status)
        for kind in sorted(TaskType)
    ]
    users = [a_user(user_id=f"u{n}", role=role) for n, role in enumerate(Role)]
    keys = [a_key("u1", key_id="k1"), a_key("u0", key_id="k2", last_used_at=NOON, revoked_at=NOON + timedelta(1))]
    payloads = [a_payload(f"e{n}", key=f"p{n}", content=bytes(range(256)) * n) for n in range(3)]
    return {
        Kind.EXECUTIONS: executions,
        Kind.TASKS: tasks,
        Kind.USERS: users,
        Kind.API_KEYS: keys,
        Kind.PAYLOADS: payloads,
    }


@pytest.fixture
def add(store):
    """Return a function that adds records to the archive in one transaction."""

    async def add(*records):
        await store.transaction(lambda repositories: repositories.archive.add(iter(records)))

    return add


@pytest.fixture
def pages(store):
    """Return a function that reads all records of a kind, page by page."""

    async def pages(kind, *, limit):
        async def work(repositories):
            found, after = [], ""
            while page := await repositories.archive.page(kind, after=after, limit=limit):
                found.append(list(page))
                after = getattr(page[-1], KEY_NAMES[kind])
            return found

        return await store.read(work)

    return pages


KEY_NAMES = {
    Kind.EXECUTIONS: "exec_id",
    Kind.TASKS: "task_exec_id",
    Kind.USERS: "user_id",
    Kind.API_KEYS: "key_id",
    Kind.PAYLOADS: "key",
}


@pytest.fixture
def counts(store):
    """Return a function that counts the records of every kind."""

    async def counts():
        async def work(repositories):
            return [await repositories.archive.count(kind) for kind in Kind]

        return await store.read(work)

    return counts


async def test_every_record_comes_back_as_it_was_added(add, pages, counts, everything):
    await add(*(record for kind in Kind for record in everything[kind]))

    for kind in Kind:
        assert [each for page in await pages(kind, limit=3) for each in page] == everything[kind]
    assert await counts() == [len(everything[kind]) for kind in Kind]


async def test_what_was_added_is_what_the_repositories_see(store, add, everything):
    await add(*(record for kind in Kind for record in everything[kind]))

    async def work(repositories):
        listed = await repositories.workflows.list(WorkflowFilter())
        tasks = [await repositories.tasks.list_by_workflow(state.exec_id) for state in everything[Kind.EXECUTIONS]]
        keys = [await repositories.api_keys.list(user.user_id) for user in everything[Kind.USERS]]
        payloads = [await repositories.payloads.find(payload.key) for payload in everything[Kind.PAYLOADS]]
        return list(listed.items), [*chain(*tasks)], [*chain(*keys)], payloads

    executions, tasks, keys, payloads = await store.read(work)
    assert executions == everything[Kind.EXECUTIONS]  # made ever earlier, so they are the newest first already
    assert tasks == everything[Kind.TASKS]
    assert sorted(keys, key=lambda key: key.key_id) == everything[Kind.API_KEYS]
    assert payloads == [payload.content for payload in everything[Kind.PAYLOADS]]


async def test_what_the_repositories_recorded_is_what_the_archive_gives(
    store, put, put_tasks, put_accounts, pages, everything
):
    await put(*everything[Kind.EXECUTIONS])
    await put_tasks(*everything[Kind.TASKS])
    await put_accounts(*everything[Kind.USERS], *everything[Kind.API_KEYS])

    async def put_payloads(repositories):
        for each in everything[Kind.PAYLOADS]:
            await repositories.payloads.put(each.key, each.content, exec_id=each.exec_id, at=each.created_at)

    await store.transaction(put_payloads)

    for kind in Kind:
        assert [each for page in await pages(kind, limit=1000) for each in page] == everything[kind]


async def test_an_empty_store_has_nothing_to_give(store, counts):
    async def work(repositories):
        return [list(await repositories.archive.page(kind)) for kind in Kind]

    assert await counts() == [0, 0, 0, 0, 0]
    assert await store.read(work) == [[], [], [], [], []]


async def test_pages_are_in_the_order_of_code_points_whatever_their_size(add, pages, an_execution):
    await add(*(an_execution(exec_id=key) for key in reversed(KEYS)))

    for limit in (1, 3, len(KEYS) - 1, len(KEYS), 1000):
        found = await pages(Kind.EXECUTIONS, limit=limit)
        assert [state.exec_id for page in found for state in page] == KEYS
        assert all(len(page) == limit for page in found[:-1])


async def test_a_page_begins_after_any_key_recorded_or_not(store, add, an_execution):
    await add(*(an_execution(exec_id=key) for key in "bdf"))

    async def work(repositories):
        pages = [await repositories.archive.page(Kind.EXECUTIONS, after=after) for after in "abcfg"]
        return ["".join(state.exec_id for state in page) for page in pages]

    assert await store.read(work) == ["bdf", "df", "df", "", ""]


async def test_every_kind_has_that_order(add, pages, an_execution, a_task, a_user, a_key, a_payload):
    await add(
        an_execution(exec_id="e"),
        a_user(user_id="u"),
        *(a_task("e", task_exec_id=key) for key in reversed(KEYS)),
        *(a_key("u", key_id=key) for key in reversed(KEYS)),
        *(a_user(user_id=key) for key in reversed(KEYS)),
        *(a_payload("e", key=key) for key in reversed(KEYS)),
    )

    of_users = sorted([*KEYS, "u"])
    expected = [(Kind.TASKS, KEYS), (Kind.API_KEYS, KEYS), (Kind.USERS, of_users), (Kind.PAYLOADS, KEYS)]
    for kind, keys in expected:
        found = await pages(kind, limit=5)
        assert [getattr(each, KEY_NAMES[kind]) for page in found for each in page] == keys


async def test_a_page_of_a_size_out_of_range_is_refused(store):
    async def work(repositories):
        for kind, limit in product(Kind, [0, -1, 1001]):
            with pytest.raises(InvalidError, match=f"limit: {limit} is not between 1 and 1000"):
                await repositories.archive.page(kind, limit=limit)

    await store.read(work)


async def test_adding_nothing_is_fine(add, counts):
    await add()

    assert await counts() == [0, 0, 0, 0, 0]


async def test_any_order_will_do_as_long_as_each_comes_after_what_it_refers_to(
    add, counts, an_execution, a_task, a_user, a_key, a_payload
):
    await add(a_user(user_id="u"), an_execution(exec_id="e"), a_payload("e"), a_key("u"), a_task("e"))
    await add(a_payload("e"), a_user(), a_task("e"))

    assert await counts() == [1, 2, 2, 1, 2]


@pytest.fixture
def make(an_execution, a_task, a_user, a_key, a_payload):
    """Return what makes records, by kind."""
    return SimpleNamespace(execution=an_execution, task=a_task, user=a_user, key=a_key, payload=a_payload)


# What a store that holds ``e``, ``t``, ``u``, ``k`` and ``p`` refuses, and why.
REFUSED = {
    "an execution that is there": (lambda make: [make.execution(exec_id="e")], DuplicateError, "executions 'e'"),
    "a task that is there": (lambda make: [make.task("e", task_exec_id="t")], DuplicateError, "tasks 't'"),
    "a user who is there": (lambda make: [make.user(user_id="u")], DuplicateError, "users 'u'"),
    "an email that is there": (
        lambda make: [make.user(user_id="v", email="u@example.org")],
        DuplicateError,
        "users 'v'",
    ),
    "a key that is there": (lambda make: [make.key("u", key_id="k")], DuplicateError, "api_keys 'k'"),
    "a fingerprint that is there": (
        lambda make: [make.key("u", key_id="l", fingerprint="f")],
        DuplicateError,
        "api_keys 'l'",
    ),
    "a payload that is there": (lambda make: [make.payload("e", key="p")], DuplicateError, "payloads 'p'"),
    "the same twice": (
        lambda make: [make.execution(exec_id="new"), make.execution(exec_id="new", status=Status.SUCCESS)],
        DuplicateError,
        "executions 'new'",
    ),
    "a task of nobody": (lambda make: [make.task("absent")], ConflictError, "refers to"),
    "a key of nobody": (lambda make: [make.key("absent")], ConflictError, "refers to"),
    "a payload of nobody": (lambda make: [make.payload("absent")], ConflictError, "refers to"),
    "a task before its execution": (
        lambda make: [make.task("late"), make.execution(exec_id="late")],
        ConflictError,
        "refers to",
    ),
    "no JSON": (lambda make: [make.execution(input={"x": object()})], InvalidError, "input: not storable"),
    "a NUL": (lambda make: [make.user(email="a\0b")], InvalidError, "email: "),
    "an attempt without end": (lambda make: [make.task("e", attempt=2**63)], InvalidError, "cannot be stored"),
}


@pytest.mark.parametrize(("refused", "error", "message"), REFUSED.values(), ids=REFUSED)
async def test_what_is_refused_leaves_nothing_of_its_call_and_the_closure_goes_on(
    store, add, pages, counts, make, refused, error, message
):
    there = [
        make.execution(exec_id="e"),
        make.task("e", task_exec_id="t"),
        make.user(user_id="u", email="u@example.org"),
        make.key("u", key_id="k", fingerprint="f"),
        make.payload("e", key="p"),
    ]
    await add(*there)
    # Of each kind something new, before and after what is refused, and some that refers to something new.
    before = [
        make.execution(exec_id="n"),
        make.task("n"),
        make.task("e"),
        make.user(user_id="nu"),
        make.key("nu"),
        make.key("u"),
    ]
    before += [make.payload("n"), make.payload("e")]
    after = [make.execution(), make.user()]
    sound = make.execution(exec_id="sound")

    async def goes_on_after_the_refusal(repositories):
        with pytest.raises(error, match=message) as caught:
            await repositories.archive.add([*before, *refused(make), *after])
        assert type(caught.value) is error
        await repositories.archive.add([sound])

    await store.transaction(goes_on_after_the_refusal)

    assert await counts() == [2, 1, 1, 1, 1]
    assert [await pages(kind, limit=10) for kind in Kind] == [[[there[0], sound]], *([[each]] for each in there[1:])]


async def test_nothing_of_a_closure_stays_when_the_refusal_ends_it(store, add, counts, an_execution):
    await add(an_execution(exec_id="e"))

    async def work(repositories):
        await repositories.archive.add([an_execution(exec_id="first")])
        await repositories.archive.add([an_execution(exec_id="second"), an_execution(exec_id="e")])

    with pytest.raises(DuplicateError):
        await store.transaction(work)

    assert await counts() == [1, 0, 0, 0, 0]


async def test_no_guard_holds_for_what_is_added(store, add, get, an_execution):
    state = an_execution(status=Status.SUCCESS, output=1)
    await add(state)
    await store.transaction(lambda repositories: repositories.workflows.delete(state.exec_id))
    earlier = attrs.evolve(state, status=Status.PENDING, output=None)

    await add(earlier)

    assert await get(state.exec_id) == earlier
