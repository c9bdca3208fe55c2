"""Executions: accept, run, find and watch them."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Final

import attrs
import trio

from compozy.contracts.cache import PubSub
from compozy.contracts.orchestrator import Orchestrator
from compozy.contracts.store import Page, Repositories, Store, WorkflowFilter
from compozy.domain.definitions import Project, WorkflowDefinition
from compozy.domain.errors import DuplicateError, InvalidError, NotFoundError, Problem, UnavailableError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.suggestions import did_you_mean
from compozy.engine import events
from compozy.engine.handing_over import HandingOver
from compozy.engine.inputs import validate_input
from compozy.engine.watching import States, follow

MAX_INPUT_BYTES: Final = 16 * 1024 * 1024
"""The largest input of an execution, as JSON, when nobody says otherwise: each step that uses it reads all of it."""


ACCEPT_S: Final = 30.0
"""How long an execution may take to be recorded and handed over, which no cancellation interrupts."""


@attrs.frozen(kw_only=True)
class Execution:
    """One execution with the tasks it has run so far.

    Attributes:
        workflow: The execution.
        tasks: Its task runs, oldest first, children included.
    """

    workflow: WorkflowState
    tasks: tuple[TaskState, ...] = ()


@attrs.frozen(kw_only=True)
class Accepted:
    """What became of a draft.

    Attributes:
        state: The execution with its identifier: the draft, or the one that was there.
        is_new: Whether it is the draft.
    """

    state: WorkflowState
    is_new: bool


@attrs.frozen(kw_only=True)
class Executions:
    """The executions of one project.

    Attributes:
        project: What may be executed.
        store: Where executions are recorded.
        pubsub: Where their changes are told.
        orchestrator: Gives the engine that runs them, or raises UnavailableError while there is none.
        clock: Gives the current time, UTC.
        max_input_bytes: How large an input may be, as JSON.
    """

    project: Project
    store: Store
    pubsub: PubSub
    orchestrator: Callable[[], Orchestrator]
    clock: Callable[[], datetime]
    max_input_bytes: int = MAX_INPUT_BYTES

    def find_workflow(self, workflow_id: str) -> WorkflowDefinition | None:
        """Return the workflow, or None when the project has none with this id."""
        return self.project.workflows.get(workflow_id)

    def get_workflow(self, workflow_id: str) -> WorkflowDefinition:
        """Return the workflow.

        Raises:
            NotFoundError: The project has none with this id.
        """
        definition = self.find_workflow(workflow_id)
        if definition is None:
            hint = did_you_mean(workflow_id, self.project.workflows)
            raise NotFoundError(f"there is no workflow {workflow_id!r}; {hint}")
        return definition

    def draft(
        self,
        workflow_id: str,
        input_: JsonObject,
        *,
        exec_id: str | None = None,
        parent_exec_id: str | None = None,
        trigger: JsonObject | None = None,
        first_task: str | None = None,
    ) -> WorkflowState:
        """Return the execution that :meth:`accept` and :meth:`accept_once` record; nothing is recorded yet.

        Args:
            workflow_id: Which workflow.
            input_: Its input; the schema's defaults are applied, then it is validated.
            exec_id: The identifier to use; None makes one.
            parent_exec_id: The execution that starts it, or that it repeats; None when somebody else asks for it.
            trigger: What templates see as ``.trigger``; None when somebody asks for it.
            first_task: The task at the top to begin with, which the execution it repeats has come to; None begins with
                the first.

        Raises:
            NotFoundError: There is no such workflow.
            InvalidError: The input does not fit the workflow's schema, or is too large.
        """
        checked = validate_input(self.get_workflow(workflow_id), input_)
        _check_size(checked, self.max_input_bytes)
        now = self.clock()
        return WorkflowState(
            exec_id=exec_id or new_exec_id(),
            workflow_id=workflow_id,
            status=Status.PENDING,
            input=checked,
            parent_exec_id=parent_exec_id,
            trigger=trigger,
            first_task=first_task,
            created_at=now,
            updated_at=now,
        )

    async def start(self, workflow_id: str, input_: JsonObject, *, exec_id: str | None = None) -> WorkflowState:
        """Accept one execution and return it as soon as it is recorded and handed to the orchestrator.

        Args:
            workflow_id: Which workflow.
            input_: Its input.
            exec_id: The identifier to use; when it has been used, nothing is started, and that execution is returned
                as it stands. None makes one.

        Raises:
            CompozyError: What :meth:`draft` and :meth:`accept` raise.
        """
        draft = self.draft(workflow_id, input_, exec_id=exec_id)
        return await self.accept(draft) if exec_id is None else (await self.accept_once(draft)).state

    async def accept(self, draft: WorkflowState) -> WorkflowState:
        """Record an execution whose identifier is fresh, and hand it to the orchestrator.

        Once it is recorded it will run: when the orchestrator goes away in that very moment, :meth:`resume_pending`
        hands it over later, and the state returned is PENDING all the same. Cancelling takes effect before the record
        is begun, or not at all.

        Args:
            draft: What :meth:`draft` made, with an identifier that nobody has used.

        Raises:
            InvalidError: The orchestrator refuses the execution, which is then recorded as FAILED.
            UnavailableError: There is no orchestrator now, or the store cannot be reached, and nothing was recorded; or
                the store did not answer for ACCEPT_S, and then it may be recorded, which the message says.
        """
        self.orchestrator()  # raises when there is none: then nothing is recorded

        async def record(repos: Repositories) -> WorkflowState:
            return await repos.workflows.upsert(draft)

        with _whole(draft):
            await self.store.transaction(record)
            await self._handing_over.begin(draft)
        return draft

    async def accept_once(self, draft: WorkflowState) -> Accepted:
        """Do as :meth:`accept`, unless there is an execution with this identifier: then that is what is returned.

        Of any number that try at once, here or in other processes, one records it and hands it over. One that was
        recorded and not handed over, because its process died, is left to :meth:`resume_pending`. One that is recorded
        is returned although there is no orchestrator now.

        Args:
            draft: What :meth:`draft` made.

        Raises:
            InvalidError: As :meth:`accept`.
            UnavailableError: As :meth:`accept`.
        """

        async def record(repos: Repositories) -> WorkflowState | None:
            # Not an upsert, which would not tell whether it was there.
            try:
                await repos.archive.add([draft])
            except DuplicateError:
                return await repos.workflows.get(draft.exec_id)
            return None

        earlier = await self.find_while_away(draft.exec_id)
        if earlier is None:
            with _whole(draft):
                earlier = await self.store.transaction(record)
                if earlier is None:
                    await self._handing_over.begin(draft)
        return Accepted(state=earlier or draft, is_new=earlier is None)

    async def find_while_away(self, exec_id: str) -> WorkflowState | None:
        """Return how an execution is recorded when there is no orchestrator now; None when there is one.

        Raises:
            UnavailableError: There is neither an orchestrator nor such a record, so it cannot be started; or the store
                cannot be reached.
        """
        try:
            self.orchestrator()
        except UnavailableError as error:
            absence = error
        else:
            return None
        try:
            return await self.state_of(exec_id)
        except NotFoundError:
            raise absence from None

    async def run(self, workflow_id: str, input_: JsonObject) -> Execution:
        """Run one execution to its end and return it, whatever its outcome.

        Woken by the event of the end, not by polling. Cancelling stops the wait; the execution goes on. Raises what
        :meth:`start` raises. To know the identifier before the end, use :meth:`watch` and :meth:`start`.
        """
        exec_id = new_exec_id()
        async with self.watch(exec_id, tells_tasks=False) as changes:
            await self.start(workflow_id, input_, exec_id=exec_id)
            async for change in changes:
                if change.ends_execution:
                    break
        return await self.get(exec_id)

    @asynccontextmanager
    async def watch(
        self, exec_id: str, *, tells_tasks: bool = True
    ) -> AsyncIterator[AsyncIterator[events.ExecutionEvent]]:
        """Open a view of the changes of one execution, from now on.

        The execution need not exist yet. The iterator ends after the event that ends the execution. An execution that
        ended before the view was opened gives no event: read its state after entering, then iterate.

        Each change is told once. When messages were lost, what has changed is read from the store: of several changes
        of one task the last is told then, and perhaps one from before the view was opened; the end never is left out.

        Args:
            exec_id: The execution, which need not exist yet.
            tells_tasks: Whether lost changes of tasks are read, too. They may be thousands, and whoever only waits for
                the end need not read them again and again while they come.
        """

        async def read() -> States:
            if not tells_tasks:
                return await self.state_of(exec_id), ()
            execution = await self.get(exec_id)
            return execution.workflow, execution.tasks

        async with (
            self.pubsub.subscribe(events.channel_of(exec_id)) as messages,
            aclosing(follow(messages, read)) as following,
        ):
            yield following

    async def get(self, exec_id: str) -> Execution:
        """Return one execution with its tasks, as one consistent snapshot.

        Raises:
            NotFoundError: There is none with this id.
        """

        async def read(repos: Repositories) -> Execution:
            workflow, tasks = await repos.workflows.get_with_tasks(exec_id)
            return Execution(workflow=workflow, tasks=tuple(tasks))

        return await self.store.read(read)

    async def state_of(self, exec_id: str) -> WorkflowState:
        """Return how one execution stands, without its tasks, which costs a quarter of :meth:`get`.

        Raises:
            NotFoundError: There is none with this id.
        """

        async def read(repos: Repositories) -> WorkflowState:
            return await repos.workflows.get(exec_id)

        return await self.store.read(read)

    async def list(self, where: WorkflowFilter, *, cursor: str | None = None, limit: int = 50) -> Page:
        """Return executions, newest first, as :meth:`compozy.contracts.store.WorkflowStates.list` does."""

        async def read(repos: Repositories) -> Page:
            return await repos.workflows.list(where, cursor=cursor, limit=limit)

        return await self.store.read(read)

    async def unfinished(self) -> Mapping[Status, int]:
        """Return how many executions stand at each status that is not the last, whichever process has them.

        Raises:
            UnavailableError: The store cannot be reached.
        """

        async def read(repos: Repositories) -> Mapping[Status, int]:
            return await repos.workflows.unfinished()

        return await self.store.read(read)

    async def resume_pending(self, *, taken: dict[str, datetime] | None = None, grace: timedelta = timedelta()) -> int:
        """Hand executions that are recorded but not begun to the orchestrator; return how many there were.

        Starting one that has begun already does nothing, so this is safe at any time and from several processes.
        One whose workflow the project no longer has is left as it is, and logged; one that the orchestrator refuses is
        recorded as FAILED.

        Args:
            taken: Which ones this orchestrator is known to have, by identifier, and since when; they are passed over.
                It is brought up to date. None: none.
            grace: How long ago one must have been recorded; before that, whoever recorded it is handing it over.
        """
        return await self._handing_over.resume_pending(taken={} if taken is None else taken, grace=grace)

    @property
    def _handing_over(self) -> HandingOver:
        return HandingOver(
            project=self.project,
            store=self.store,
            pubsub=self.pubsub,
            orchestrator=self.orchestrator,
            clock=self.clock,
        )


@contextmanager
def _whole(draft: WorkflowState) -> Iterator[None]:
    """Let the block, which records and hands over, end before a cancellation takes effect, unless it takes too long.

    Between the two there must be no way out for a caller that is cancelled: the execution would wait for the next start
    of the program.
    """
    with trio.CancelScope(shield=True, deadline=trio.current_time() + ACCEPT_S) as scope:
        yield
    if scope.cancelled_caught:
        raise UnavailableError(
            f"the store did not answer for {ACCEPT_S:g} seconds, so execution {draft.exec_id} either is recorded and "
            "will run, or is not there: look for it before you repeat what must not happen twice"
        )


def _check_size(input_: JsonObject, max_bytes: int) -> None:
    """Refuse an input that is too large, before anything is recorded."""
    size = len(json.dumps(input_))
    if size > max_bytes:
        hint = "pass a path or a URL to large data, or raise limits.max_payload_size"
        raise InvalidError(Problem(key="input", message=f"is {size} bytes of JSON, more than {max_bytes}", hint=hint))
