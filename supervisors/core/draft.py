"""A world in the making: the moves of one step and the effects they have."""

import math
from typing import Any

from supervisors.core.events import PLAIN_REASONS, Cause, Event, Reason
from supervisors.core.happenings import Alarm, Effect
from supervisors.core.plan import Plan
from supervisors.core.specs import ActorSpec
from supervisors.core.states import LIVE, SHIFTS, State
from supervisors.core.world import NOT_OPENED, Cell, Failure, Fate, Shutdown, World

CALM = 30.0
"""Seconds of readiness after which earlier failures are forgotten."""


class Draft:
    """Collects what one step changes; the world it started from stays as it is.

    Attributes:
        at: The time of the step.
        plan: What is declared.
        shutdown: Set once the tree is going down.
        failures: Root causes so far.
        ever_ready: Whether all were ready at some time.
        result: What the main actor returned.
        slots: Each actor's share of the shutdown budget.
        effects: What is to be done, in order.
        startable: Waiting actors that something was awaited for which has come; in order.
        relieved: Groups of which a member has ended; in order.
        turns: Condemned actors that held others back which have ended; in order.

    Args:
        world: Before the step.
        at: The time of the step.
    """

    __slots__ = (
        "_before",
        "_cells",
        "_dropped",
        "_leaving_holders",
        "_live_dependents",
        "_missing",
        "_reason",
        "_resting",
        "_table",
        "_unavailable",
        "at",
        "effects",
        "ever_ready",
        "failures",
        "plan",
        "relieved",
        "result",
        "shutdown",
        "slots",
        "startable",
        "turns",
    )

    def __init__(self, world: World, at: float) -> None:
        self.at = at
        self.plan: Plan = world.plan
        self.shutdown: Shutdown | None = world.shutdown
        self.failures: tuple[Failure, ...] = world.failures
        self.ever_ready = world.ever_ready
        self.result: object = world.result
        self.slots = world.slots
        self.effects: list[Effect] = []
        self.startable: dict[str, None] = {}
        self.relieved: dict[str, None] = {}
        self.turns: dict[str, None] = {}
        self._before = world
        self._table = world.cells.table
        self._unavailable = world.unavailable
        self._resting = world.resting
        self._cells: dict[str, Cell] = {}
        self._missing: dict[str, int] = {}
        self._live_dependents: dict[str, int] = {}
        self._leaving_holders: dict[str, int] = {}
        self._dropped: list[str] = []
        self._reason = NOT_OPENED

    def __contains__(self, name: str) -> bool:
        return name in self.plan.specs

    @property
    def is_ready(self) -> bool:
        """Whether all actors are ready that the tree waits for."""
        return self._unavailable == 0

    def cell(self, name: str) -> Cell:
        """Return the actor as it stands in this step."""
        return self._cells.get(name) or self._table[name]

    def current(self, name: str, generation: int) -> Cell | None:
        """Return the actor if this is still its generation; None when it was started again, or is gone."""
        cell = self._cells.get(name) or self._table.get(name)
        return cell if cell is not None and cell.generation == generation else None

    def spec(self, name: str) -> ActorSpec:
        """Return the actor as it was declared."""
        return self.plan.specs[name]

    def has_all_it_needs(self, name: str) -> bool:
        """Whether everything that the actor needs is available."""
        missing = self._missing.get(name)
        return (self._before.missing.table[name] if missing is None else missing) == 0

    def has_live_dependents(self, name: str) -> bool:
        """Whether an actor that needs this one, itself or through some that do not run, is running.

        An abandoned one is reckoned with no more.
        """
        live = self._live_dependents.get(name)
        return (self._before.live_dependents.table[name] if live is None else live) > 0

    def is_held(self, name: str) -> bool:
        """Whether an actor that needs or wants this one, itself or through some that do not run, is on its way out."""
        leaving = self._leaving_holders.get(name)
        return (self._before.leaving_holders.table[name] if leaving is None else leaving) > 0

    def put(self, name: str, **changes: Any) -> None:
        """Change an actor within its state."""
        self._cells[name] = self.cell(name)._replace(**changes)
        if "deadline" in changes:
            self.effects.append(Alarm(changes["deadline"], name))

    def move(
        self,
        name: str,
        to: State,
        cause: Cause,
        detail: str = "",
        *,
        deadline: float = math.inf,
        fate: Fate | None = None,
        quick: bool | None = None,
        streak: int | None = None,
    ) -> None:
        """Move an actor to another state, which drops its deadline unless a new one is given.

        Whoever gives one must also start, ask or cancel the actor, which makes the executor look at it, or `put` it.

        Every step consists of these, so it is written for speed: constants are looked up in the table of moves, and the
        cell is built in one go.

        Raises:
            AssertionError: The table of moves does not have this one; a fault of this library.
        """
        before, at = self._cells.get(name) or self._table[name], self.at
        was, _, _, _, generation, was_ready, since, old_streak, failing, old_fate, fault, was_quick = before
        shift = SHIFTS.get((was, to))
        if shift is None:
            raise AssertionError(f"{name}: no move from {was} to {to} ({cause})")
        available, live, leaving, resting, starts, queues = shift
        reason = self._reason_of(cause, detail) if detail else PLAIN_REASONS[cause]
        if starts:
            generation, was_ready, failing, fault = generation + 1, False, 0, None
        if available > 0:
            was_ready, since = True, at
        if streak is None:
            streak = 0 if available < 0 and is_calm(before, at) else old_streak
        fate = old_fate if fate is None else fate
        quick = was_quick if quick is None else quick
        self._cells[name] = Cell(
            to, at, reason, deadline, generation, was_ready, since, streak, failing, fate, fault, quick
        )
        self.effects.append(Event(name, generation, at, was, to, reason))
        if queues:
            (self.turns if leaving else self.startable)[name] = None
        self._resting += resting
        if available:
            self._tell_available(name, available)
        if live and not self.has_live_dependents(name):  # with some, those below are in use before and after
            self._tell_live(name, live)
        # One that does not run holds those below as long as it is held itself.
        holding = leaving - live if live and self.is_held(name) else leaving
        if holding:
            self._tell_leaving(name, holding)
        if leaving < 0 and (group := self.plan.specs[name].group) is not None:
            self.relieved[group] = None

    def blame(self, name: str, error: BaseException) -> None:
        """Record a root cause."""
        generation = self.cell(name).generation if name in self else 0
        self.failures = (*self.failures, Failure(name, generation, error))

    def adopt(self, spec: ActorSpec) -> None:
        """Add the child of a pool."""
        self.plan = self.plan.with_child(spec)
        name, pool = spec.name, spec.group or ""
        self._cells[name] = Cell()
        self._missing[name] = 0 if self.cell(pool).is_available else 1
        self._live_dependents[name] = self._leaving_holders[name] = 0

    def drop(self, name: str) -> None:
        """Forget the child of a pool that has come to rest."""
        self.plan = self.plan.without_child(name)
        self._resting -= 1
        self._dropped.append(name)

    def finish(self) -> World:
        """Return the world after the step."""
        before = self._before
        known: list[str] = []
        if self._dropped:
            for name in self._dropped:
                for overlay in (self._cells, self._missing, self._live_dependents, self._leaving_holders):
                    overlay.pop(name, None)
            known = [name for name in self._dropped if name in before.cells]
        cells, missing = before.cells, before.missing
        live_dependents, leaving_holders = before.live_dependents, before.leaving_holders
        if self._cells or known:
            cells = cells.changed(self._cells, known)
        if self._missing or known:
            missing = missing.changed(self._missing, known)
        if self._live_dependents or known:
            live_dependents = live_dependents.changed(self._live_dependents, known)
        if self._leaving_holders or known:
            leaving_holders = leaving_holders.changed(self._leaving_holders, known)
        return World(
            self.plan,
            cells,
            missing,
            live_dependents,
            leaving_holders,
            self._unavailable,
            self.slots,
            self._resting,
            self.ever_ready,
            self.shutdown,
            self.failures,
            self.result,
        )

    def _reason_of(self, cause: Cause, detail: str) -> Reason:
        # Whole trees move for one reason: it is made once for all of them.
        if self._reason.cause is not cause or self._reason.detail != detail:
            self._reason = Reason(cause, detail)
        return self._reason

    def _tell_available(self, name: str, change: int) -> None:
        if self.plan.specs[name].is_awaited:
            self._unavailable -= change
        for other in self.plan.needed_by[name]:
            missing = self._missing.get(other)
            missing = (self._before.missing.table[other] if missing is None else missing) - change
            self._missing[other] = missing
            if missing == 0:
                self.startable[other] = None

    def _tell_live(self, name: str, change: int) -> None:
        pending = [name]
        for each in pending:  # it grows meanwhile: through those that do not run, this reaches what is below them
            for other in self.plan.needs[each]:
                live = self._live_dependents.get(other)
                live = (self._before.live_dependents.table[other] if live is None else live) + change
                self._live_dependents[other] = live
                if live == 0:
                    self.startable[other] = None
                if live == max(change, 0) and self.cell(other).state not in LIVE:
                    pending.append(other)

    def _tell_leaving(self, name: str, change: int) -> None:
        pending = [name]
        for each in pending:  # likewise
            for other in self.plan.holds[each]:
                leaving = self._leaving_holders.get(other)
                leaving = (self._before.leaving_holders.table[other] if leaving is None else leaving) + change
                self._leaving_holders[other] = leaving
                if leaving == 0:
                    self.turns[other] = None
                if leaving == max(change, 0) and self.cell(other).state not in LIVE:
                    pending.append(other)


def is_calm(cell: Cell, at: float) -> bool:
    """Return whether the actor has been available for so long that earlier failures are forgotten."""
    return cell.is_available and at - cell.available_since >= CALM
