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
import math
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Any

import trio

from supervisors.core.events import Event
from supervisors.core.happenings import (
    Abandon,
    Alarm,
    Boot,
    Broken,
    Drop,
    Ended,
    Retire,
    StopRequested,
    Tick,
    Watch,
)
from supervisors.core.plan import Plan
from supervisors.core.specs import ActorSpec, local_name
from supervisors.core.states import LIVE, State
from supervisors.errors import SupervisorError
from supervisors.processes.children import Children
from supervisors.runtime.board import Board
from supervisors.runtime.context import Context
from supervisors.runtime.incarnation import Incarnation
from supervisors.runtime.pools import Pool
from supervisors.runtime.refs import Ref
from supervisors.runtime.report import failure_of
from supervisors.runtime.stacks import describe_stack
from supervisors.runtime.timers import Timers
from supervisors.runtime.vitals import vital_signs
from supervisors.runtime.watchdog import NOT_WATCHED, LoopWatch

_NET = 30.0  # seconds beyond the budget after which a stop that hangs is broken off

_NOTHING: Mapping[str, object] = MappingProxyType({})


class Executor:
    """Runs the actors of one open tree.

    Args:
        plan: What to run.
        on_event: Told of each event, or None.
        random: Draws the jitter, or None for a source of its own.
        watch: How the event loop is watched.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        on_event: Callable[[Event], None] | None,
        random: Random | None,
        watch: LoopWatch = NOT_WATCHED,
    ) -> None:
        chance = random or Random()  # noqa: S311 - spreads retries; keeps no secret
        carriers: Mapping[type, Callable[[Any], None]] = {
            Watch: self._watch,
            Abandon: self._abandon,
            Alarm: lambda alarm: self._timers.add(alarm.at, alarm.name),
            Retire: self._retire,
            Drop: self._drop,
        }
        entries = {State.STARTING: self._start, State.STOPPING: self._ask, State.CANCELLING: self._cancel}
        self.board = Board(plan, carriers=carriers, entries=entries, settled=self._after_step, on_event=on_event)
        self.children = Children()
        self._chance = chance.random
        self._watch_loop = watch
        self._is_closed = trio.Event()
        self._incarnations: dict[str, Incarnation] = {}
        self._owners: dict[trio.lowlevel.Task, str] = {}
        self._timers = Timers(self._deadline_of)
        self._alarm = trio.CancelScope()
        self._wakes_at = math.inf
        self._body: trio.CancelScope | None = None
        self._context = contextvars.copy_context()
        self._nursery: trio.Nursery | None = None
        self._turned_away = False

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
                with self._watch_loop.watching(self._owners.get):
                    self.board.feed(Boot(at=trio.current_time()))
                    await self._keep_time()
        except Exception as error:  # noqa: BLE001 - a fault of ours must reach whoever opened the tree, not crash Trio
            self.board.feed(Broken(at=trio.current_time(), name="supervisor", error=error))
        finally:
            self._is_closed.set()

    async def _keep_time(self) -> None:
        while not self.board.world.is_over:
            self._wakes_at = self._timers.next_at
            with trio.CancelScope(deadline=self._wakes_at) as self._alarm:
                await trio.sleep_forever()
            now = trio.current_time()
            self.board.feed(Tick(at=now, due=self._timers.take_due(now)))

    def _ask(self, event: Event) -> None:
        name = event.name
        self._heed(name)
        if incarnation := self._incarnations.get(name):  # none when starting it was what failed in this library
            incarnation.ask_to_stop()
            if incarnation.spec.inbox:
                shutdown = self.board.world.shutdown
                self.board.inboxes.stop(name, last_because=shutdown.why if shutdown is not None else None)

    def _cancel(self, event: Event) -> None:
        self._heed(event.name)
        if incarnation := self._incarnations.get(event.name):
            incarnation.cancel()
            if incarnation.spec.inbox:
                self.board.inboxes.stop(event.name)

    def _abandon(self, effect: Abandon) -> None:
        name, task = effect.name, self._incarnations[effect.name].task
        where = f"{name!r} hangs here:\n{describe_stack(task)}" if task is not None else f"{name!r} never ran"
        effect.error.add_note(where)
        self.board.inboxes.close(name, effect.error)

    def _retire(self, effect: Retire) -> None:
        self.board.inboxes.refuse(effect.name, effect.why)

    def _drop(self, effect: Drop) -> None:
        self._incarnations.pop(effect.name, None)
        self.board.forget(effect)

    def _after_step(self) -> None:
        world = self.board.world
        if world.shutdown is not None:
            if not self._turned_away:
                self._turned_away = True
                cells = world.cells
                self.board.inboxes.refuse_all(world.shutdown.why, but=lambda name: cells[name].state in LIVE)
            if world.is_over:
                self._alarm.cancel()
            if world.failures and self._body is not None:
                self._body.cancel()
        if (earliest := self._timers.earliest) < self._wakes_at:
            self._wakes_at = self._alarm.deadline = earliest

    def _heed(self, name: str) -> None:
        self._timers.add(self._deadline_of(name), name)

    def _deadline_of(self, name: str) -> float:
        cell = self.board.world.cells.table.get(name)
        return cell.deadline if cell is not None else -1.0

    def _start(self, event: Event) -> None:
        name, generation = event.name, event.generation
        if self._nursery is None:
            raise AssertionError("the host starts actors; it was not running")
        spec = self.board.plan.specs[name]
        if spec.is_virtual:
            self.board.values[name] = self.board.members(name) if spec.kind == "group" else Pool(self.board, name)
            return
        incarnation = Incarnation(name, generation, spec, self._arguments(spec), host=self)
        incarnation.context = Context(self.board, incarnation, self.children)
        self._incarnations[name] = incarnation
        self._heed(name)
        if spec.inbox:
            self.board.inboxes.admit(name)
        # This may run in the task of another actor that announced its readiness; the new one is to see the context
        # variables of the tree's opener instead: they decide which asyncio loop is the current one, among other things.
        task_name = f"{self.board.plan.name}.{name}#{generation}"
        self._context.run(partial(self._nursery.start_soon, incarnation.live, name=task_name))

    def _arguments(self, spec: ActorSpec) -> Mapping[str, object]:
        if not spec.accepts:
            return _NOTHING
        values, taken = self.board.values, spec.accepts
        needs = {local_name(need): values.get(need) for need in map(str, spec.needs) if local_name(need) in taken}
        refs = {local_name(w): Ref[object](self.board, w) for w in map(str, spec.wants) if local_name(w) in taken}
        return {**needs, **refs}

    def entered(self, incarnation: Incarnation) -> None:
        """Take note that the task of an incarnation runs."""
        if incarnation.task is not None:
            self._owners[incarnation.task] = incarnation.name

    def left(self, incarnation: Incarnation, error: BaseException | None, result: object) -> None:
        """Take note that it has ended."""
        name = incarnation.name
        if incarnation.task is not None:
            del self._owners[incarnation.task]
        self.board.values.pop(name, None)
        if incarnation.spec.inbox:
            self.board.inboxes.close(name, error)
        now, chance = trio.current_time(), self._chance()
        self.board.feed(Ended(now, name, incarnation.generation, error, result, chance, incarnation.note))

    def _watch(self, effect: Watch) -> None:
        if self._nursery is None:
            raise AssertionError("only what runs is watched")
        incarnation = self._incarnations[effect.name]
        for title, watch in vital_signs(incarnation, self.board):
            start = partial(self._nursery.start_soon, incarnation.while_watched, watch, name=title)
            self._context.run(start)
