"""Carries out on Trio what the reducer decides.

One host task per open tree owns a nursery in which each generation of each actor is a task in a cancel scope of its
own. The host itself keeps time: it sleeps until the world's next deadline and reports a tick.

The host is a system task, for one reason: an actor that ignores even cancellation (it shields itself, or swallows
`Cancelled`) must not be able to keep a program from leaving its tree. Whoever opened the tree waits for the host,
always, except when an actor was abandoned; then it leaves with an error that says where the actor hangs. A system task
is also out of reach of the cancel scopes around the opener: they cannot tear the ordered stop apart, and the budget
bounds it.
"""

import contextvars
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from random import Random

import attrs
import trio

from supervisors.board import Board
from supervisors.children import Children
from supervisors.context import Context
from supervisors.errors import SupervisorError
from supervisors.events import Event
from supervisors.happenings import Abandon, Ask, Boot, Broken, Cancel, Effect, Ended, Start, StopRequested, Tick
from supervisors.plan import Plan
from supervisors.refs import Ref
from supervisors.report import failure_of
from supervisors.resolve import injectable
from supervisors.stacks import describe_stack
from supervisors.states import State

_NET = 30.0  # seconds beyond the budget after which a stop that hangs is broken off


@attrs.define(eq=False, kw_only=True)
class Incarnation:
    """One generation of one actor: what belongs to its task and ends with it."""

    name: str
    generation: int
    scope: trio.CancelScope
    stopping: trio.Event
    context: Context
    arguments: dict[str, object]
    task: trio.lowlevel.Task | None = None


class Executor:
    """Runs the actors of one open tree.

    Args:
        plan: What to run.
        on_event: Told of each event, or None.
        random: Draws the jitter, or None for a source of its own.
    """

    def __init__(self, plan: Plan, *, on_event: Callable[[Event], None] | None, random: Random | None) -> None:
        chance = random or Random()  # noqa: S311 - spreads retries; keeps no secret
        self.board = Board(plan, carry_out=self._carry_out, settled=self._after_step, on_event=on_event)
        self._random = chance
        self.children = Children()
        self._is_closed = trio.Event()
        self._incarnations: dict[str, Incarnation] = {}
        self._alarm = trio.CancelScope()
        self._body: trio.CancelScope | None = None
        self._context = contextvars.copy_context()
        self._nursery: trio.Nursery | None = None

    def latest_end(self) -> float:
        """Return when a stop that is requested now has ended for sure; past that, the fault is in this library."""
        return trio.current_time() + self.board.plan.shutdown + _NET

    async def stop(self, why: str) -> None:
        """Stop the tree in order; return when all tasks have ended, but for those that were abandoned."""
        self.board.feed(StopRequested(at=trio.current_time(), why=why))
        await self.board.wait_until(lambda: self.board.world.is_over or self._is_closed.is_set())
        if not self.abandoned:
            await self._is_closed.wait()

    def raise_failure(self) -> None:
        """Raise the root causes, if there are any.

        Raises:
            TreeFailed: The usual case.
            BaseExceptionGroup: One of them is no `Exception`.
        """
        failure = failure_of(self.board.world, self.board.log)
        if failure is not None:
            raise failure
        if not self.board.world.is_over:
            raise SupervisorError(f"tree {self.board.plan.name!r} did not stop in time: {self.board.status()}")

    @property
    def abandoned(self) -> tuple[str, ...]:
        """Actors that run on although they were cancelled."""
        return tuple(name for name, cell in self.board.world.cells.items() if cell.state is State.ABANDONED)

    def launch(self, body: trio.CancelScope | None = None) -> None:
        """Start the actors; returns at once.

        Args:
            body: Cancelled as soon as there is a root cause for the tree to fail.
        """
        self._body = body
        name = f"supervisor of {self.board.plan.name}"
        trio.lowlevel.spawn_system_task(self._host, name=name, context=self._context.copy())

    async def _host(self) -> None:
        try:
            async with trio.open_nursery() as self._nursery:
                self.board.feed(Boot(at=trio.current_time()))
                await self._keep_time()
        except Exception as error:  # noqa: BLE001 - a fault of ours must reach whoever opened the tree, not crash Trio
            self.board.feed(Broken(at=trio.current_time(), name="supervisor", error=error))
        finally:
            self._is_closed.set()

    async def _keep_time(self) -> None:
        while not self.board.world.is_over:
            with trio.CancelScope(deadline=self.board.world.next_deadline) as self._alarm:
                await trio.sleep_forever()
            self.board.feed(Tick(at=trio.current_time()))

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Start(name, generation):
                self._start(name, generation)
            case Ask(name):
                self._incarnations[name].stopping.set()
            case Cancel(name):
                self._incarnations[name].stopping.set()
                self._incarnations[name].scope.cancel()
            case Abandon(name, error=error):
                task = self._incarnations[name].task
                error.add_note(f"{name!r} hangs here:\n{describe_stack(task)}" if task else f"{name!r} never ran")

    def _after_step(self) -> None:
        self._alarm.deadline = self.board.world.next_deadline
        if self.board.world.is_over:
            self._alarm.cancel()
        if self.board.world.failures and self._body is not None:
            self._body.cancel()

    def _start(self, name: str, generation: int) -> None:
        if self._nursery is None:
            raise AssertionError("the host starts actors; it was not running")
        stopping = trio.Event()
        incarnation = Incarnation(
            name=name,
            generation=generation,
            scope=trio.CancelScope(),
            stopping=stopping,
            context=Context(self.board, name, generation, stopping, self.children),
            arguments=self._arguments(name),
        )
        self._incarnations[name] = incarnation
        # This may run in the task of another actor that announced its readiness; the new one is to see the context
        # variables of the tree's opener instead: they decide which asyncio loop is the current one, among other things.
        start = partial(self._nursery.start_soon, name=f"{self.board.plan.name}.{name}#{generation}")
        self._context.copy().run(start, self._run, incarnation)

    def _arguments(self, name: str) -> dict[str, object]:
        spec = self.board.plan.specs[name]
        taken = injectable(spec.function)
        values = {need: self.board.values[need] for need in self.board.plan.needs[name] if need in taken}
        refs = {want: Ref[object](self.board, want) for want in map(str, spec.wants) if want in taken}
        return {**values, **refs}

    async def _run(self, incarnation: Incarnation) -> None:
        incarnation.task = trio.lowlevel.current_task()
        error: BaseException | None = None
        result: object = None
        try:
            with incarnation.scope:
                result = await self._call(incarnation)
        except trio.Cancelled:  # not by us: the whole run of Trio is ending
            raise
        except BaseException as raised:  # noqa: BLE001 - goes into the world, which decides what it means
            error = raised
        incarnation.context.end()
        self.board.values.pop(incarnation.name, None)
        self.board.feed(
            Ended(
                at=trio.current_time(),
                name=incarnation.name,
                generation=incarnation.generation,
                error=error,
                result=result,
                chance=self._random.random(),
            )
        )

    async def _call(self, incarnation: Incarnation) -> object:
        function = self.board.plan.specs[incarnation.name].function
        running = function(incarnation.context, **incarnation.arguments)
        if not isinstance(running, AbstractAsyncContextManager):
            return await running
        async with running as value:
            incarnation.context.started(value)
            await incarnation.stopping.wait()
        return None
