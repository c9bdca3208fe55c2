"""What some store could not hold is refused by every one, by name, before anything is written."""

import re
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product

import pytest

from compozy.contracts.store import Kind
from compozy.domain.errors import InvalidError
from compozy.domain.executions import Failure
from compozy.domain.json import MAX_DEPTH

TEXTS = ["a\0b", "\ud83d", "x\ude00y"]

NO_JSON = [
    float("nan"),
    float("inf"),
    object(),
    b"bytes",
    {1},
    Decimal("1.5"),
    datetime(2026, 1, 1, tzinfo=UTC),
    {(1, 2): 3},
    10 ** sys.get_int_max_str_digits(),  # more digits than Python reads
]

MOMENTS = [
    datetime(2026, 1, 1),  # noqa: DTZ001 - what is refused
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),  # before the year 1 in UTC
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),  # after the year 9999
]


@pytest.fixture
def count(store):
    """Return a function that counts the records of a kind."""
    return lambda kind: store.read(lambda repositories: repositories.archive.count(kind))


async def test_a_text_of_an_execution(put, count, an_execution):
    for name, text in product(["exec_id", "workflow_id", "parent_exec_id"], TEXTS):
        with pytest.raises(InvalidError, match=rf"^{name}: .*(NUL|half a character).*\(leave it out\)"):
            await put(an_execution(), an_execution(**{name: text}))

    assert await count(Kind.EXECUTIONS) == 0


async def test_a_text_of_a_task_run(put, put_tasks, count, an_execution, a_task):
    execution = an_execution()
    await put(execution)

    for name, text in product(["task_exec_id", "task_id", "exec_id", "workflow_id", "parent_id"], TEXTS):
        with pytest.raises(InvalidError, match=rf"^{name}: .*(NUL|half a character).*\(leave it out\)"):
            await put_tasks(a_task(execution.exec_id), a_task(**({"exec_id": execution.exec_id} | {name: text})))

    assert await count(Kind.TASKS) == 0


async def test_an_id_without_a_letter(put, put_tasks, count, an_execution, a_task):
    execution = an_execution()
    await put(execution)

    with pytest.raises(InvalidError, match=r"^exec_id: is empty"):
        await put(an_execution(exec_id=""))
    with pytest.raises(InvalidError, match=r"^task_exec_id: is empty"):
        await put_tasks(a_task(execution.exec_id, task_exec_id=""))

    assert [await count(kind) for kind in Kind] == [1, 0, 0, 0, 0]


LOOKS = [
    lambda repositories, text: repositories.workflows.get(text),
    lambda repositories, text: repositories.workflows.get_with_tasks(text),
    lambda repositories, text: repositories.workflows.get_with_task(text, "t"),
    lambda repositories, text: repositories.workflows.get_with_task("e", text),
    lambda repositories, text: repositories.tasks.find(text),
    lambda repositories, text: repositories.tasks.list_by_workflow(text),
    lambda repositories, text: repositories.tasks.children(text),
    lambda repositories, text: repositories.tasks.hierarchy(text),
    lambda repositories, text: repositories.tasks.progress(text),
    lambda repositories, text: repositories.users.get(text),
    lambda repositories, text: repositories.users.find_by_email(text),
    lambda repositories, text: repositories.api_keys.find(text),
    lambda repositories, text: repositories.api_keys.list(text),
    lambda repositories, text: repositories.archive.page(Kind.TASKS, after=text),
]


async def test_a_text_to_look_for(store, put, an_execution):
    state = an_execution()
    await put(state)

    async def goes_on_after_the_refusals(repositories):
        for look, text in product(LOOKS, TEXTS):
            with pytest.raises(InvalidError, match=r"NUL|half a character"):
                await look(repositories, text)
        return await repositories.workflows.get(state.exec_id)

    assert await store.read(goes_on_after_the_refusals) == state


async def test_a_value_that_is_no_json(put, count, an_execution):
    for value in NO_JSON:
        failure = Failure(code="X", message="y", details={"z": value})
        for name, changed in ("input", {"value": value}), ("output", value), ("error", failure):
            with pytest.raises(InvalidError, match=f"^{name}: not storable as JSON"):
                await put(an_execution(), an_execution(**{name: changed}))

    assert await count(Kind.EXECUTIONS) == 0


def nested(depth):
    """Return a value that is so many containers deep."""
    value = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


async def test_a_value_that_is_nested_too_deep(put, count, an_execution):
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(InvalidError, match=f"input: nested deeper than {MAX_DEPTH} levels"):
            await put(an_execution(input=nested(depth)))

    assert await count(Kind.EXECUTIONS) == 0


async def test_a_key_that_is_no_text(put, count, an_execution):
    for key in (7, -1, 10**30, 1.5, 1e300, True, False, None):
        path_and_key = rf"\.steps\[1\]: the key {re.escape(repr(key))} is not a text \(write it as a text\)$"
        value = {"1": {"true": [{"null": 1}]}, "steps": [{"2": "x"}, {str(key): 1, key: 2}]}
        for name, changed in ("input", value), ("output", value):
            with pytest.raises(InvalidError, match=rf"^{name}{path_and_key}"):
                await put(an_execution(), an_execution(**{name: changed}))
        with pytest.raises(InvalidError, match=rf"^error\.details{path_and_key}"):
            await put(an_execution(error=Failure(code="X", message="y", details=value)))

    assert await count(Kind.EXECUTIONS) == 0


async def test_a_value_that_contains_itself(put, an_execution):
    value = {}
    value["self"] = [value, value]

    with pytest.raises(InvalidError, match="nested deeper"):
        await put(an_execution(input=value))


async def test_a_moment(put, put_tasks, count, an_execution, a_task):
    execution = an_execution()
    await put(execution)

    for name, moment in product(["created_at", "updated_at"], MOMENTS):
        with pytest.raises(InvalidError, match=f"^{name}: "):
            await put(an_execution(**{name: moment}))
        with pytest.raises(InvalidError, match=f"^{name}: "):
            await put_tasks(a_task(execution.exec_id), a_task(execution.exec_id, **{name: moment}))

    assert [await count(kind) for kind in Kind] == [1, 0, 0, 0, 0]


async def test_an_attempt_without_end(store, put, count, an_execution, a_task):
    execution = an_execution()
    last = a_task(execution.exec_id, attempt=2**63 - 1)
    await put(execution)

    async def goes_on_after_the_refusals(repositories):
        for attempt in (2**63, -(2**63) - 1, 10**30):
            with pytest.raises(InvalidError, match="cannot be stored"):
                await repositories.tasks.upsert_many(
                    [a_task(execution.exec_id), a_task(execution.exec_id, attempt=attempt)]
                )
        return await repositories.tasks.upsert_many([last])

    assert list(await store.transaction(goes_on_after_the_refusals)) == [last]
    assert await count(Kind.TASKS) == 1
