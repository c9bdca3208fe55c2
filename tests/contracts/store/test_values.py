"""What goes in comes out."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compozy.contracts.store import WorkflowFilter
from compozy.domain.definitions import TaskType
from compozy.domain.errors import NotFoundError
from compozy.domain.executions import Failure
from compozy.domain.json import MAX_DEPTH
from compozy.domain.statuses import Status

VALUES = {
    "unicode": "Grüße, 世界 👋🏽 \u202e \ufeff \uffff",
    "nul": "before\x00after",
    "lone surrogates": ["\ud800", "\udfff", "\udc00\ud800", {"\ud83d": "\ude00"}],
    "control characters": "".join(map(chr, range(33))) + "\x7f\x80\u2028",
    "quotes": "'\"\\`;--$1?1:a%s{}",
    "big integers": [2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**200, -(2**4096)],
    "floats": [0.1, -0.0, 5e-324, 1e-323, 1.7976931348623157e308, 2.0, 1e16, 1e23, 3.14159, 0.30000000000000004],
    "whole numbers, both kinds": [10**23, 1e23, 100, 100.0, 2**70, float(2**70)],
    "decimals": [0.1, 19.99, 123456789.123456789, 1e-7, 9007199254740993.0],
    "booleans": [True, False, 1, 0, 1.0, 0.0],
    "empty things": [None, {}, [], "", 0, False, [[]], {"": None}],
    "nested": {"a": [{"b": [[[{"c": None}]]]}]},
    "order of keys": {"z": 1, "a": 2, "Z": 3, "10": 4, "9": 5, "": 6, "é": 7},
    "empty key": {"": {"": ""}},
    "what looks like JSON": ['{"a": 1}', "null", "1e5", "[", '"'],
    "long": "x" * 300_000,
    "wide": list(range(5000)),
}


async def test_json_comes_back_as_it_was(put, get, an_execution):
    await put(*(an_execution(exec_id=name, input={"value": value}, output=value) for name, value in VALUES.items()))

    for name, value in VALUES.items():
        read = await get(name)
        assert repr(read.input) == repr({"value": value}), name  # repr tells 1 from True and 0.0 from -0.0
        assert repr(read.output) == repr(value), name


async def test_keys_keep_their_order_in_every_record(store, put, put_tasks, get, an_execution, a_task):
    keys = ["z", "a", "Z", "k-10", "k-2", "10", "9", "", "é", "e"]  # in no order that a database sorts by
    value = {key: dict.fromkeys(reversed(keys)) for key in keys}
    told = {"input": value, "output": value, "error": Failure(code="X", message="x", details=value)}
    execution = an_execution(status=Status.FAILED, trigger=value, **told)
    await put(execution)
    task = a_task(execution.exec_id, status=Status.FAILED, **told)
    await put_tasks(task)

    read = await get(execution.exec_id)
    run = await store.read(lambda repositories: repositories.tasks.find(task.task_exec_id))
    for kept in (read.input, read.output, read.error.details, read.trigger, run.input, run.output, run.error.details):
        assert json.dumps(kept) == json.dumps(value)


async def test_empty_outputs_and_none_stay_apart(put, get, an_execution):
    outputs = {repr(output): output for output in [None, {}, [], "", 0, False, -0.0, [None], {"": None}]}
    await put(*(an_execution(exec_id=text, status=Status.SUCCESS, output=output) for text, output in outputs.items()))

    for text in outputs:
        assert repr((await get(text)).output) == text


# Any text but one with both halves of a character, which JSON cannot tell from the character.
ANY_TEXT = st.text(st.characters(exclude_categories=[])).filter(
    lambda text: re.search("[\ud800-\udbff][\udc00-\udfff]", text) is None
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(ANY_TEXT, children, max_size=4),
    max_leaves=20,
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=st.lists(JSON, min_size=10, max_size=30))
def test_any_json_comes_back_as_it_was(open_driver, an_execution, values):
    states = [an_execution(input={"value": value}, output=value) for value in values]

    async def work(repositories):
        for state in states:
            await repositories.workflows.upsert(state)
        return [await repositories.workflows.get(state.exec_id) for state in states]

    async def there_and_back():
        async with open_driver() as store:
            return await store.transaction(work)

    assert [repr(state.input["value"]) for state in trio.run(there_and_back)] == [repr(value) for value in values]


async def test_an_execution_comes_back_whole(put, get, an_execution):
    failure = Failure(code="TOOL_FAILED", message="no\x00pe ü \ud800", details={"tail": ["a", 2**99, {"\x00": None}]})
    state = an_execution(
        status=Status.FAILED, output=[1], error=failure, workflow_id="wörk flow", parent_exec_id="'parent'", at=0.000001
    )

    recorded = await put(state)

    assert recorded == [state]
    assert await get(state.exec_id) == state


async def test_a_task_run_comes_back_whole(store, put, put_tasks, an_execution, a_task):
    execution = an_execution()
    task = a_task(
        execution.exec_id,
        type=TaskType.PARALLEL,
        parent_id="01PARENT",
        status=Status.TIMED_OUT,
        error=Failure(code="TIMED_OUT", message="too slow"),
        attempt=3,
    )

    await put(execution)
    recorded = await put_tasks(task)

    assert recorded == [task]
    assert await store.read(lambda repositories: repositories.tasks.find(task.task_exec_id)) == task


async def test_every_status_and_type_can_be_recorded(put, put_tasks, an_execution, a_task):
    executions = [an_execution(status=status) for status in Status]
    tasks = [a_task(state.exec_id, status=state.status, type=type_) for state in executions for type_ in TaskType]

    assert await put(*executions) == executions
    assert await put_tasks(*tasks) == tasks


async def test_moments_keep_their_microseconds_and_come_back_in_utc(put, get, an_execution):
    eastern = timezone(timedelta(hours=-5))
    state = an_execution(created_at=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=eastern))

    await put(state)

    read = await get(state.exec_id)
    assert read.created_at == state.created_at
    assert read.created_at.utcoffset() == timedelta(0)


MOMENTS = [
    datetime.min.replace(tzinfo=UTC),
    datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(1582, 10, 10, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=-14))),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=14))),
    datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(1900, 1, 1, tzinfo=timezone(timedelta(minutes=53, seconds=28, microseconds=1))),
]


async def test_moments_of_any_year_and_zone_come_back(put, get, an_execution):
    states = [an_execution(created_at=moment, updated_at=moment) for moment in MOMENTS]
    await put(*states)

    for state in states:
        read = await get(state.exec_id)
        assert read == state
        assert {read.created_at.utcoffset(), read.updated_at.utcoffset()} == {timedelta(0)}


async def test_moments_of_any_year_are_listed_in_their_order(store, put, an_execution):
    states = [an_execution(exec_id=f"{n:02}", created_at=moment) for n, moment in enumerate(MOMENTS)]
    await put(*states)

    page = await store.read(lambda repositories: repositories.workflows.list(WorkflowFilter()))

    assert list(page.items) == sorted(states, key=lambda state: (state.created_at, state.exec_id), reverse=True)


def nested(depth):
    """Return a value that is so many containers deep."""
    value = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


async def test_the_deepest_value_comes_back(put, get, an_execution):
    state = an_execution(input=nested(MAX_DEPTH))
    await put(state)

    assert await get(state.exec_id) == state


async def test_an_absent_execution_is_not_found_by_name(get):
    with pytest.raises(NotFoundError, match="'01ABSENT'"):
        await get("01ABSENT")


async def test_an_absent_task_run_is_none(store):
    assert await store.read(lambda repositories: repositories.tasks.find("01ABSENT")) is None


async def test_ids_are_compared_as_they_are(put, get, an_execution):
    ids = ["a", "A", "a ", " ", "' OR 1=1 --", "?1 $1 %s", "é", "e\u0301", "😀", "\uffff", "0123456789" * 99]
    states = [an_execution(exec_id=id_) for id_ in ids]

    await put(*states)

    assert [await get(id_) for id_ in ids] == states


async def test_records_outlive_the_store(open_durable, an_execution):
    state = an_execution(input={"deep": [1, {"x": "ü"}]})
    async with open_durable() as store:
        await store.transaction(lambda repositories: repositories.workflows.upsert(state))

    async with open_durable() as store:
        read = await store.read(lambda repositories: repositories.workflows.get(state.exec_id))

    assert attrs.asdict(read) == attrs.asdict(state)
