"""Collection tasks: run one task for each item."""

from compozy.worker.interpreter.children import container_ending, run_children
from compozy.worker.interpreter.chunks import run_in_chunks, size_of_chunks
from compozy.worker.interpreter.environment import inside
from compozy.worker.interpreter.items import children_of, collected, pace_of
from compozy.worker.interpreter.runs import Ending, Runner, TaskRun


async def run_collection(runner: Runner, run: TaskRun) -> Ending:
    """Run the task for each item; if they are many, in parts that have a history of their own."""
    task = run.task
    await runner.records.write(run.state)
    frame = inside(run)
    items = await collected(runner, run, frame)
    size = size_of_chunks(task)
    if len(items) > size:
        await run_in_chunks(runner, run, frame, items, size=size)
    else:
        children = children_of(task, items, frame)
        await run_children(runner, children, run.children, strategy=task.strategy, pace=pace_of(task))
    return container_ending(run)
