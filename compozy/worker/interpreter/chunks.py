"""Large collections: workflows of their own run their children, part by part, so that no history gets too long.

Theory of operation. A history may have some 50 000 events and slows down long before, and what a child leaves in it is
not known beforehand. So the workflow of the execution keeps the collection, its items and its strategy, and hands its
children out in parts. A part is a workflow (:mod:`compozy.worker.interpreter.part`) that runs its children as the
execution itself would, under the same identifiers, and returns how they ended. Parts follow one another: that bounds
what runs at once, and after one that settled the strategy there is no next. What is told to the execution meanwhile is
told on.

A part that is cancelled stops its children and returns all the same, so that what has ended in it is known.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import attrs
from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError, FailureError
from temporalio.workflow import ParentClosePolicy

from compozy.domain.definitions import TaskDefinition, TaskType
from compozy.domain.errors import TaskError
from compozy.domain.json import JsonObject
from compozy.domain.payloads import CHILD
from compozy.domain.work import Chunk, ChunkFrame, ChunkNews, ChunkOutcome, CollectionItem
from compozy.engine.naming import names_of, pruned
from compozy.worker.interpreter.cancelling import raise_if_canceled
from compozy.worker.interpreter.children import canceled_view
from compozy.worker.interpreter.control import Control
from compozy.worker.interpreter.frames import Frame
from compozy.worker.interpreter.items import children_of, pace_of
from compozy.worker.interpreter.patience import STEP
from compozy.worker.interpreter.runs import Runner, TaskRun
from compozy.worker.interpreter.sleeping import sleep_after
from compozy.worker.names import CHUNK_NEWS, CHUNK_WORKFLOW

MOST_RUNS: Final = 250
"""How many tasks one workflow runs for a collection, about."""

_ITEMS_INSIDE: Final = 10
"""How many items a collection inside a collection is taken to have; a larger one is split by itself."""


def size_of_chunks(task: TaskDefinition) -> int:
    """Return how many items of a collection are worked on by one workflow."""
    return max(1, MOST_RUNS // _runs_of(task.tasks[0]))


def _runs_of(task: TaskDefinition) -> int:
    inside = sum(map(_runs_of, task.tasks))
    return 1 + (_ITEMS_INSIDE * inside if task.type is TaskType.COLLECTION else inside)


async def run_in_chunks(
    runner: Runner, run: TaskRun, frame: Frame, items: Sequence[CollectionItem], *, size: int
) -> None:
    """Run the children of a collection part by part, as ``run_children`` does all of them.

    Args:
        runner: What runs the collection.
        run: Its run.
        frame: Where its children run.
        items: What they are run for.
        size: How many items a part has.
    """
    shared = _shared_of(runner, run, frame)
    try:
        raise_if_canceled()
        for start in range(0, len(items), size):
            part = items[start : start + size]
            outcome = await _run_part(runner, shared, part, number=1 + start // size)
            run.children.update({item.child_id: outcome.children[item.child_id] for item in part})
            if pace_of(run.task).is_sequence:  # else all are to hear what came, as if they had begun at once
                runner.control.note_heard(outcome.heard)
            raise_if_canceled()  # a part returns even then
            if outcome.is_settled:
                break
            if pace_of(run.task).is_sequence and start + size < len(items):
                await sleep_after(run.task.tasks[0], run.children[part[-1].child_id])
    finally:
        _pass_over_rest(runner, run, frame, items)
    await runner.records.write_if_many()


def _pass_over_rest(runner: Runner, run: TaskRun, frame: Frame, items: Sequence[CollectionItem]) -> None:
    rest = [item for item in items if item.child_id not in run.children]
    for child in children_of(run.task, rest, frame):
        runner.pass_over(child.task, child.frame)
        run.children[child.task.id] = canceled_view(child.task)


async def _run_part(
    runner: Runner, shared: ChunkFrame, items: Sequence[CollectionItem], *, number: int
) -> ChunkOutcome:
    control = runner.control
    chunk = Chunk(items=tuple(items), is_paused=control.is_paused, signals=tuple(control.signals))
    teller = _Teller(control, chunk.is_paused, len(control.came))
    try:
        handle = await workflow.start_child_workflow(
            CHUNK_WORKFLOW,
            args=[shared, chunk],
            result_type=ChunkOutcome,
            id=f"{runner.request.exec_id}{CHILD}{shared.path}/{number}",
            task_timeout=STEP,
            # If this workflow is ended by force, the part still stops its children.
            parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
        )
        telling = asyncio.create_task(teller.tell(handle))
        try:
            outcome: ChunkOutcome = await handle
        finally:
            telling.cancel()
    except ChildWorkflowError as error:
        raise TaskError(f"part {number} of the collection was lost: {error.cause}", error_code="INTERNAL") from error
    return outcome


@attrs.define
class _Teller:
    """Tells a part what is told to the execution.

    Attributes:
        control: What is told to the execution.
        is_paused: What the part knows of that.
        count: How many of the signals it knows.
    """

    control: Control
    is_paused: bool
    count: int

    async def tell(self, part: workflow.ChildWorkflowHandle[Any, ChunkOutcome]) -> None:
        """Go on until this is cancelled, or the part has ended."""
        while True:
            await workflow.wait_condition(self._has_news)
            news = ChunkNews(is_paused=self.control.is_paused, signals=tuple(self.control.came[self.count :]))
            self.is_paused, self.count = news.is_paused, len(self.control.came)
            try:
                await part.signal(CHUNK_NEWS, news)
            except FailureError:
                return

    def _has_news(self) -> bool:
        return self.control.is_paused is not self.is_paused or len(self.control.came) > self.count


def _shared_of(runner: Runner, run: TaskRun, frame: Frame) -> ChunkFrame:
    request, definition = runner.request, runner.request.definition
    assert frame.parent_id is not None  # noqa: S101 - the frame of a container
    trimmed = attrs.evolve(definition, tasks=(), outputs=None, input_schema=None)
    task = attrs.evolve(run.task, with_={}, outputs=None, on_success=None, on_error=None)
    return ChunkFrame(
        request=attrs.evolve(request, definition=trimmed, input={}, earlier={}),
        task=task,
        scope=_scope_of(frame.scope, run.task, runner),
        path=frame.path,
        env=frame.env,
        parent_id=frame.parent_id,
        queues=frame.queues,
    )


def _scope_of(scope: JsonObject, task: TaskDefinition, runner: Runner) -> JsonObject:
    """Return what the children can name; their parents as they are, for these are named from any depth."""
    named = pruned(scope, names_of(task.tasks[0], runner.request.definition))
    return {"tasks": {}, "env": {}, **named, "parent": scope["parent"]}
