"""One run of one task, how it ended, and who runs it."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import attrs

from compozy.domain.definitions import TaskDefinition
from compozy.domain.executions import TaskState
from compozy.domain.json import JsonObject
from compozy.domain.views import TaskView
from compozy.domain.work import ExecutionRequest, TaskOutcome
from compozy.templates import Sources
from compozy.worker.interpreter.control import Control
from compozy.worker.interpreter.frames import Frame
from compozy.worker.interpreter.records import Records


@attrs.frozen(kw_only=True)
class TaskRun:
    """One attempt of one task.

    Attributes:
        task: What is run.
        state: What is recorded of it, with its rendered input; its status is RUNNING.
        frame: Where it runs.
        scope: What its templates see: that of the frame, with its own ``.env``, and its input as ``.with``.
        env: The variables that its tool is given: those of the containers around it, and its own.
        attempt: Which attempt it is, from 1.
        children: How the tasks in it ended, by id; a container fills it while it runs, so that what has ended is known
            even if the container does not come to its own end.
    """

    task: TaskDefinition
    state: TaskState
    frame: Frame
    scope: JsonObject
    env: JsonObject = attrs.Factory(dict)
    attempt: int = 1
    children: dict[str, TaskView] = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class Ending:
    """How an attempt ended.

    Attributes:
        outcome: Its status, raw output and error.
        next: The task at the top that follows it, whatever its transitions say; None when they decide.
        is_recorded: Whether an activity has recorded the end.
    """

    outcome: TaskOutcome
    next: str | None = None
    is_recorded: bool = False


@attrs.frozen(kw_only=True)
class Done:
    """A task that has ended.

    Attributes:
        view: As later templates see it.
        next: As in :class:`Ending`.
    """

    view: TaskView
    next: str | None = None


@attrs.frozen(kw_only=True)
class Runner(ABC):
    """What runs tasks, as the kinds that run others see it.

    Attributes:
        request: The execution.
        records: What is written of it.
        control: What was told to it.
        sources: Where ``now`` and ``uuidv4`` come from: the workflow, so that a replay sees the same.
        ended: The tasks at the top that have ended, in the order they ran.
        stopped: How the tasks in a container ended that was cancelled itself, by the identifier of its run.
    """

    request: ExecutionRequest
    records: Records
    control: Control
    sources: Sources
    ended: dict[str, TaskView]
    stopped: dict[str, dict[str, TaskView]] = attrs.Factory(dict)

    @abstractmethod
    async def run(self, task: TaskDefinition, carried: JsonObject, frame: Frame) -> Done:
        """Run one task to its end, however it ends; what cancels it is raised, after its end is noted.

        Args:
            task: The task.
            carried: Input that the transition to it gives, over its own.
            frame: Where it runs.
        """

    @abstractmethod
    def pass_over(self, task: TaskDefinition, frame: Frame) -> None:
        """Note that a task will not be run any more: its row says CANCELED."""


Kind: TypeAlias = Callable[[Runner, TaskRun], Awaitable[Ending]]
"""What a type of task does in one attempt. It may raise InvalidError or TaskError, which fails the attempt."""
