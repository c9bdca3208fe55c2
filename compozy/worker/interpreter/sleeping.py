"""The sleep after a task, before what follows it."""

from typing import Final

from temporalio import workflow

from compozy.domain.definitions import TaskDefinition
from compozy.domain.views import TaskView

_SKIPPED_SLEEP_NOT: Final = "skipped-sleep-not"
"""Recorded in histories: never rename it.

Executions that began without it slept after a task that was skipped, too; ``skipped-slept`` among the histories that
the tests keep is one of them.
"""


async def sleep_after(task: TaskDefinition, view: TaskView) -> None:
    """Sleep for as long as a task that has ended asks for; one that was skipped asks for nothing."""
    if task.sleep is None or (view.is_skipped and workflow.patched(_SKIPPED_SLEEP_NOT)):
        return
    await workflow.sleep(task.sleep)
