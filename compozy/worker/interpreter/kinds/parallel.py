"""Parallel tasks: run the tasks in them at once."""

from compozy.worker.interpreter.children import Child, Pace, container_ending, run_children
from compozy.worker.interpreter.environment import inside
from compozy.worker.interpreter.runs import Ending, Runner, TaskRun


async def run_parallel(runner: Runner, run: TaskRun) -> Ending:
    """Run the children at once, at most ``max_workers`` of them."""
    task = run.task
    # The container is recorded first, so that whoever looks meanwhile sees the children under it.
    await runner.records.write(run.state)
    frame = inside(run)
    await run_children(
        runner,
        [Child(child, frame) for child in task.tasks],
        run.children,
        strategy=task.strategy,
        pace=Pace(at_once=task.max_workers),
    )
    return container_ending(run)
