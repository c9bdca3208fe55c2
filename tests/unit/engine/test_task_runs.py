"""Carrying out a task run: what is told of it when it has to be repeated."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import trio
from typing_extensions import override

from compozy.contracts.cache import PubSub
from compozy.domain.definitions import TaskDefinition, TaskType, Transition, WorkflowDefinition
from compozy.domain.errors import ToolError, UnavailableError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.json import MAX_DEPTH
from compozy.domain.statuses import Status
from compozy.domain.work import Closing, ExecutionRequest, RecordRequest, TaskRequest, ToolWork
from compozy.drivers.sqlite import open_store
from compozy.engine.events import channel_of, parse_events
from compozy.engine.performers import Performers
from compozy.engine.task_runs import TaskRuns

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
EXECUTION = WorkflowState(
    exec_id="e1", workflow_id="greet", status=Status.PENDING, input={}, created_at=NOON, updated_at=NOON
)
TASK = TaskState(
    task_exec_id="t1",
    task_id="say",
    type=TaskType.BASIC,
    exec_id="e1",
    workflow_id="greet",
    status=Status.RUNNING,
    input={},
    created_at=NOON,
    updated_at=NOON,
)
REQUEST = TaskRequest(task=TASK, work=ToolWork(tool_id="say", config={}), timeout=timedelta(seconds=1))
SAY = TaskDefinition(id="say", tool="say", on_error=Transition(next="mend"))
CLOSING = attrs.evolve(
    REQUEST,
    closing=Closing(
        request=ExecutionRequest(
            exec_id="e1",
            definition=WorkflowDefinition(id="greet", tasks=(SAY,)),
            input={},
            project={"name": "test"},
            accepted_at=NOON,
        ),
        task=SAY,
        tasks={},
    ),
)


class Counting:
    """Tools that only count how often they were run."""

    def __init__(self):
        self.runs = 0
        self.result = {"text": "hello"}

    async def run(self, _call):
        await trio.lowlevel.checkpoint()
        self.runs += 1
        return self.result


@attrs.define
class Unsteady(PubSub):
    """Hands on a few messages, then none until it is mended."""

    pubsub: PubSub
    left: int = 1000

    @override
    async def publish(self, channel, payload):
        if not self.left:
            raise UnavailableError("the cache is away")
        self.left -= 1
        return await self.pubsub.publish(channel, payload)

    @override
    def subscribe(self, *channels):
        return self.pubsub.subscribe(*channels)

    @override
    def subscribe_patterns(self, *patterns):
        return self.pubsub.subscribe_patterns(*patterns)


@attrs.frozen
class Work:
    """Task runs, and what they touch."""

    runs: TaskRuns
    tools: Counting
    pubsub: Unsteady


@pytest.fixture
async def work(cache):
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(":memory:"))
        await store.transaction(lambda repos: repos.workflows.upsert(EXECUTION))
        tools, pubsub = Counting(), Unsteady(cache.pubsub)
        runs = TaskRuns(store=store, pubsub=pubsub, performers=Performers(tools=tools), clock=lambda: datetime.now(UTC))
        yield Work(runs, tools, pubsub)


async def test_an_end_that_was_recorded_and_not_told_is_told_by_the_repetition(work):
    async with work.pubsub.subscribe(channel_of("e1")) as messages:
        work.pubsub.left = 1  # the execution and the task run
        with pytest.raises(UnavailableError):
            await work.runs.run(REQUEST)
        work.pubsub.left = 1000
        outcome = await work.runs.run(REQUEST)
        with trio.fail_after(5):
            events = [event for _ in range(2) for event in parse_events((await anext(messages)).payload)]

    assert [(event.task_id, event.status) for event in events] == [
        (None, Status.RUNNING),
        ("say", Status.RUNNING),
        ("say", Status.SUCCESS),
    ]
    assert (outcome.status, outcome.output, work.tools.runs) == (Status.SUCCESS, {"text": "hello"}, 1)


async def test_the_end_of_the_execution_is_told_again_too(work):
    await work.runs.run(REQUEST)
    await work.runs.store.transaction(
        lambda repos: repos.workflows.upsert(attrs.evolve(EXECUTION, status=Status.SUCCESS))
    )
    async with work.pubsub.subscribe(channel_of("e1")) as messages:
        outcome = await work.runs.run(REQUEST)
        with trio.fail_after(5):
            events = parse_events((await anext(messages)).payload)

    assert [(event.task_id, event.status) for event in events] == [("say", Status.SUCCESS), (None, Status.SUCCESS)]
    assert events[1].ends_execution
    assert outcome.concluded is Status.SUCCESS


@attrs.frozen
class Waiting:
    """Tools that wait for leave to end; with no result, they fail."""

    result: str | None
    has_begun: trio.Event = attrs.Factory(trio.Event)
    may_end: trio.Event = attrs.Factory(trio.Event)
    is_over: trio.Event = attrs.Factory(trio.Event)

    async def run(self, _call):
        self.has_begun.set()
        await self.may_end.wait()
        if self.result is None:
            raise ToolError("there was no result")
        return {"text": self.result}


@pytest.mark.parametrize(
    ("results", "end", "concluded"),
    [
        (["first", "second"], Status.SUCCESS, Status.SUCCESS),
        (["first", None], Status.SUCCESS, Status.SUCCESS),
        ([None, "second"], Status.FAILED, None),
    ],
)
async def test_two_workers_with_the_same_task_go_on_with_the_end_that_is_recorded_first(work, results, end, concluded):
    # One was given up for dead and goes on all the same; the other has taken over. A failure is followed by "mend".
    ends_first, ends_last = (Waiting(result) for result in results)
    outcomes, counted = [], []

    async def run(tools):
        outcomes.append(
            await attrs.evolve(work.runs, performers=Performers(tools=tools), observe=counted.append).run(CLOSING)
        )
        tools.is_over.set()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            for tools in (ends_last, ends_first):
                nursery.start_soon(run, tools)
                await tools.has_begun.wait()
            ends_first.may_end.set()
            await ends_first.is_over.wait()
            ends_last.may_end.set()
    task = await work.runs.store.read(lambda repos: repos.tasks.find("t1"))
    execution = await work.runs.store.read(lambda repos: repos.workflows.get("e1"))

    assert [(outcome.status, outcome.output, outcome.concluded) for outcome in outcomes] == [
        (end, task.output, concluded)
    ] * 2
    assert (task.status, task.attempt) == (end, 2)
    assert [type(state) for state in counted] == [TaskState, *([WorkflowState] if concluded else [])]
    assert execution.status is (concluded or Status.RUNNING)
    assert execution.output == ({"say": {"output": task.output}} if concluded else None)


async def test_task_runs_that_are_written_together_are_listed_in_the_order_in_which_they_came(work):
    earlier = tuple(attrs.evolve(TASK, task_exec_id=name, status=Status.SUCCESS) for name in ("z", "y", "x"))
    runs = attrs.evolve(work.runs, clock=lambda: NOON)

    await runs.run(attrs.evolve(REQUEST, earlier=earlier))

    listed = await runs.store.read(lambda repos: repos.tasks.list_by_workflow("e1"))
    assert [task.task_exec_id for task in listed] == ["z", "y", "x", "t1"]


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


async def test_a_task_whose_input_cannot_be_recorded_fails_and_is_not_done(work):
    request = attrs.evolve(REQUEST, task=attrs.evolve(TASK, input={"deep": nested(MAX_DEPTH)}))

    outcome = await work.runs.run(request)

    assert (outcome.status, outcome.error.code) == (Status.FAILED, "NOT_RECORDED")
    assert outcome.error.message == f"not recorded: input: nested deeper than {MAX_DEPTH} levels"
    assert work.tools.runs == 0
    [task] = await work.runs.store.read(lambda repos: repos.tasks.list_by_workflow("e1"))
    assert (task.status, task.input) == (Status.FAILED, {})


async def test_an_execution_whose_output_cannot_be_recorded_with_its_last_task_fails(work):
    work.tools.result = {"deep": nested(MAX_DEPTH - 1)}
    closing = attrs.evolve(CLOSING.closing, task=attrs.evolve(SAY, on_error=None))

    outcome = await work.runs.run(attrs.evolve(CLOSING, closing=closing))

    assert (outcome.status, outcome.concluded) == (Status.FAILED, Status.FAILED)
    assert outcome.error.code == "NOT_RECORDED"
    state = await work.runs.store.read(lambda repos: repos.workflows.get("e1"))
    assert state.error.message.endswith(f"not recorded: output: nested deeper than {MAX_DEPTH} levels (flatten it)")


async def test_states_that_cannot_be_recorded_whole_are_recorded_without_what_is_too_deep(work):
    deep = {"deep": nested(MAX_DEPTH)}
    sound = attrs.evolve(TASK, task_exec_id="t2", status=Status.SUCCESS, output={"n": 1})
    broken = attrs.evolve(
        TASK, status=Status.FAILED, output=deep, error=Failure(code="CHILD_FAILED", message="no luck", details=deep)
    )
    ended = attrs.evolve(EXECUTION, status=Status.SUCCESS, output=deep)

    status = await work.runs.record(RecordRequest(tasks=(sound, broken), workflow=ended))

    state, tasks = await work.runs.store.read(lambda repos: repos.workflows.get_with_tasks("e1"))
    assert (status, state.status, state.output, state.error.code) == (
        Status.FAILED,
        Status.FAILED,
        None,
        "NOT_RECORDED",
    )
    assert [(task.status, task.output) for task in tasks] == [(Status.SUCCESS, {"n": 1}), (Status.FAILED, None)]
    assert tasks[1].error == Failure(code="CHILD_FAILED", message="no luck")
