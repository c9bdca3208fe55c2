"""What goes in comes out."""

from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compozy.domain.definitions import TaskType
from compozy.domain.errors import InvalidError, NotFoundError
from compozy.domain.executions import Failure
from compozy.domain.json import MAX_DEPTH
from compozy.domain.statuses import Status

VALUES = {
    "unicode": "Grüße, 世界 👋🏽 \u202e",
    "nul": "before\x00after",
    "control characters": "".join(map(chr, range(32))),
    "quotes": "'\"\\`;--",
    "big integers": [2**53 + 1, 2**63, -(2**63) - 1, 10**200],
    "floats": [0.1, -0.0, 1e-323, 1.7976931348623157e308, 2.0],
    "booleans": [True, False, 1, 0],
    "nested": {"a": [{"b": [[[{"c": None}]]]}]},
    "empty key": {"": {"": ""}},
    "long": "x" * 300_000,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
async def test_json_comes_back_as_it_was(put, get, an_execution, value):
    state = an_execution(status=Status.SUCCESS, input={"value": value}, output={"value": value})

    await put(state)

    read = await get(state.exec_id)
    assert repr(read.input) == repr(state.input)  # repr tells 1 from True and 0.0 from -0.0
    assert repr(read.output) == repr(state.output)


@pytest.mark.parametrize("output", [None, {}, [], "", 0, False, [None]])
async def test_empty_outputs_and_none_stay_apart(put, get, an_execution, output):
    state = an_execution(status=Status.SUCCESS, output=output)

    await put(state)

    assert repr((await get(state.exec_id)).output) == repr(output)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON)
def test_any_json_comes_back_as_it_was(open_driver, an_execution, value):
    state = an_execution(input={"value": value})

    async def there_and_back():
        async with open_driver() as store:
            await store.transaction(lambda repositories: repositories.workflows.upsert(state))
            return await store.read(lambda repositories: repositories.workflows.get(state.exec_id))

    assert repr(trio.run(there_and_back).input) == repr({"value": value})


async def test_an_execution_comes_back_whole(put, get, an_execution):
    failure = Failure(code="TOOL_FAILED", message="no\x00pe ü", details={"tail": ["a", 1]})
    state = an_execution(status=Status.FAILED, error=failure, workflow_id="wörk\x00flow")

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


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("type_", TaskType)
async def test_every_status_and_type_can_be_recorded(put, put_tasks, an_execution, a_task, status, type_):
    execution = an_execution(status=status)
    task = a_task(execution.exec_id, status=status, type=type_)

    assert await put(execution) == [execution]
    assert await put_tasks(task) == [task]


async def test_moments_keep_their_microseconds_and_come_back_in_utc(put, get, an_execution):
    eastern = timezone(timedelta(hours=-5))
    state = an_execution(created_at=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=eastern))

    await put(state)

    read = await get(state.exec_id)
    assert read.created_at == state.created_at
    assert read.created_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("year", [1, 1970, 9999])
async def test_moments_of_any_year_come_back(put, get, an_execution, year):
    state = an_execution(created_at=datetime(year, 6, 1, tzinfo=UTC))

    await put(state)

    assert await get(state.exec_id) == state


async def test_a_moment_without_time_zone_is_refused(put, an_execution):
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - what is refused

    with pytest.raises(InvalidError, match="created_at: 2026-01-01 00:00:00 has no time zone"):
        await put(an_execution(created_at=naive))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"bytes"])
async def test_what_is_not_json_is_refused_and_nothing_is_recorded(put, get, an_execution, value):
    state = an_execution(input={"value": value})

    with pytest.raises(InvalidError, match="input: not storable as JSON"):
        await put(state)

    with pytest.raises(NotFoundError):
        await get(state.exec_id)


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


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100_000])
async def test_a_deeper_value_is_refused(put, an_execution, depth):
    with pytest.raises(InvalidError, match=f"input: nested deeper than {MAX_DEPTH} levels"):
        await put(an_execution(input=nested(depth)))


async def test_a_value_that_contains_itself_is_refused(put, an_execution):
    value = {}
    value["self"] = [value, value]

    with pytest.raises(InvalidError, match="nested deeper"):
        await put(an_execution(input=value))


async def test_an_absent_execution_is_not_found_by_name(get):
    with pytest.raises(NotFoundError, match="'01ABSENT'"):
        await get("01ABSENT")


async def test_an_absent_task_run_is_none(store):
    assert await store.read(lambda repositories: repositories.tasks.find("01ABSENT")) is None


@pytest.mark.parametrize("id_", ["", "a\x00b", "' OR 1=1 --", "x" * 10_000])
async def test_ids_are_compared_as_they_are(put, get, an_execution, id_):
    state = an_execution(exec_id=id_)
    await put(state, an_execution(exec_id="a"))

    assert await get(id_) == state


async def test_records_outlive_the_store(open_durable, an_execution):
    state = an_execution(input={"deep": [1, {"x": "ü"}]})
    async with open_durable() as store:
        await store.transaction(lambda repositories: repositories.workflows.upsert(state))

    async with open_durable() as store:
        read = await store.read(lambda repositories: repositories.workflows.get(state.exec_id))

    assert attrs.asdict(read) == attrs.asdict(state)
