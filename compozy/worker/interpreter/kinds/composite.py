"""Composite tasks: run the tasks in them one after another."""

from typing import Final

from compozy.worker.interpreter.children import Child, Pace, container_ending, run_children
from compozy.worker.interpreter.environment import inside
from compozy.worker.interpreter.runs import Ending, Runner, TaskRun

_PACE: Final = Pace(at_once=1, is_sequence=True, shows_elders=True)


async def run_composite(runner: Runner, run: TaskRun) -> Ending:
    """Run the children in order; each sees its elder siblings among ``.tasks``."""
    task = run.task
    await runner.records.write(run.state)
    frame = inside(run)
    children = [Child(child, frame) for child in task.tasks]
    await run_children(runner, children, run.children, strategy=task.strategy, pace=_PACE)
    return container_ending(run)
