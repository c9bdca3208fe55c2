"""One execution, from its first task to its last."""

import asyncio

import attrs

from compozy.domain.definitions import TaskDefinition, Transition
from compozy.domain.errors import InvalidError
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.work import ExecutionRequest, TaskOutcome
from compozy.engine import conclusions, planning, scopes
from compozy.worker.interpreter.cancelling import raise_if_canceled
from compozy.worker.interpreter.control import Control
from compozy.worker.interpreter.frames import Frame
from compozy.worker.interpreter.runs import Done
from compozy.worker.interpreter.sleeping import sleep_after
from compozy.worker.interpreter.tasks import Tasks


@attrs.frozen
class Interpreter:
    """One execution under way.

    Attributes:
        request: What to run.
        control: What is told to it meanwhile.
        tasks: What runs its tasks.
    """

    request: ExecutionRequest
    control: Control
    tasks: Tasks

    @classmethod
    def of(cls, request: ExecutionRequest, control: Control) -> "Interpreter":
        """Return the interpreter of an execution that begins."""
        return cls(request, control, Tasks.of(request, control))

    async def run(self) -> Status:
        """Run the execution to its end, record that, and return its final status."""
        try:
            final = await self._run_tasks()
        except asyncio.CancelledError:
            await self._conclude(planning.CANCELED)
            raise
        if self.tasks.records.concluded is None:
            await self._conclude(final)
        return final.status

    async def tell_standing(self) -> None:
        """Record how the execution stands, if that is news."""
        await self.tasks.records.write_standing(self.control)

    async def _run_tasks(self) -> TaskOutcome:
        """Follow the transitions from the first task; return how the execution ended."""
        frame = Frame(request=self.request, scope=scopes.execution_scope(self.request, self.tasks.ended))
        by_id = {task.id: task for task in self.request.definition.tasks}
        task = by_id[self.request.first_task or self.request.definition.tasks[0].id]
        carried: JsonObject = {}
        while True:
            done = await self.tasks.run(task, carried, frame)
            self.tasks.ended[task.id] = done.view
            frame.scope["tasks"][task.id] = done.view.as_json()
            if self.tasks.records.concluded is not None:
                return TaskOutcome(status=self.tasks.records.concluded)
            transition = _following(task, done)
            if transition is None:
                return conclusions.final_outcome(self.tasks.sources, self.request, self.tasks.ended, task.id)
            raise_if_canceled()
            await sleep_after(task, done.view)
            try:
                carried = scopes.carried_input(self.tasks.sources, transition, done.view, frame.scope)
            except InvalidError as error:
                return conclusions.stranded_outcome(task.id, error)
            task = by_id[transition.next or ""]

    async def _conclude(self, final: TaskOutcome) -> None:
        await self.tasks.records.write(execution=conclusions.final_state(self.request, final))


def _following(task: TaskDefinition, done: Done) -> Transition | None:
    """Return what follows: what the task itself chose, or what its transitions say."""
    if done.next is None:
        return planning.transition_after(task, done.view.status)
    if task.final:
        return None
    succeeded = done.view.status is Status.SUCCESS  # a wait that came to nothing did not
    given = task.on_success.with_ if task.on_success is not None and succeeded else {}
    return Transition(next=done.next, with_=given)
