"""One part of a large collection, in a workflow of its own."""

import asyncio

from compozy.domain.views import TaskView
from compozy.domain.work import Chunk, ChunkFrame, ChunkOutcome
from compozy.worker.interpreter.children import run_children
from compozy.worker.interpreter.control import Control
from compozy.worker.interpreter.frames import Frame
from compozy.worker.interpreter.groups import Group, are_alike
from compozy.worker.interpreter.items import children_of, pace_of
from compozy.worker.interpreter.tasks import Tasks


async def run_part(shared: ChunkFrame, chunk: Chunk, control: Control) -> ChunkOutcome:
    """Run the children of a collection for some of its items; return how they ended, even if that was asked to stop.

    Args:
        shared: What the parts of the collection have in common.
        chunk: The items.
        control: What is told to the execution meanwhile.
    """
    tasks = Tasks.of(shared.request, control)
    frame = Frame(
        request=shared.request,
        scope=shared.scope,
        env=shared.env,
        path=shared.path,
        parent_id=shared.parent_id,
        queues=shared.queues,
        group=Group() if are_alike(shared.task) else None,
    )
    children = children_of(shared.task, chunk.items, frame)
    ended: dict[str, TaskView] = {}
    is_settled = False
    try:
        is_settled = await run_children(
            tasks, children, ended, strategy=shared.task.strategy, pace=pace_of(shared.task)
        )
    except asyncio.CancelledError:  # noqa: ASYNC103 - the execution knows what it cancelled, and wants to know the rest
        is_settled = True
    await tasks.records.write_if_any()
    return ChunkOutcome(children=ended, is_settled=is_settled, heard=tuple(sorted(control.heard)))
