"""The state of a running tree at one instant: values without Trio."""

import math
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from supervisors.core.events import Cause, Reason
from supervisors.core.plan import Plan, Slot
from supervisors.core.states import AVAILABLE, State
from supervisors.core.versions import Versioned


class Fate(Enum):
    """What becomes of an actor once the stop that is under way has ended."""

    STOP = "stays down"
    RETURN = "comes back, no questions asked"
    FAIL = "counts as a failure"


NOT_OPENED = Reason(Cause.DECLARED)
"""Why an actor is still declared."""


class Cell(NamedTuple):
    """One actor of a running tree.

    Attributes:
        state: Where it is.
        since: When it got there.
        reason: Why.
        deadline: When something has to happen if nothing else does; at most one such thing per state.
        generation: How many times it was started.
        was_ready: Whether this generation has been ready at some time.
        available_since: When its value could first be used, this time.
        streak: Failures in a row.
        failing: Health checks in a row that failed.
        fate: What becomes of it when it ends, once it was asked to.
        fault: What it is to be blamed for once it has ended, when it was asked to because of that.
        quick: Whether the stop under way allows only the short grace of a lost dependency.
    """

    state: State = State.DECLARED
    since: float = 0.0
    reason: Reason = NOT_OPENED
    deadline: float = math.inf
    generation: int = 0
    was_ready: bool = False
    available_since: float = 0.0
    streak: int = 0
    failing: int = 0
    fate: Fate = Fate.STOP
    fault: BaseException | None = None
    quick: bool = False

    @property
    def is_available(self) -> bool:
        """Whether its value may be used."""
        return self.state in AVAILABLE


class Shutdown(NamedTuple):
    """The tree is going down.

    Attributes:
        at: Since when.
        why: For people.
        hurried: Whether actors are cancelled when their turn comes, instead of being asked.
    """

    at: float
    why: str
    hurried: bool = False


class Failure(NamedTuple):
    """A root cause: what leaving the tree will raise."""

    name: str
    generation: int
    error: BaseException


class World(NamedTuple):
    """The whole tree at one instant.

    The counters repeat what could be counted in the cells; they are there so that a step costs as much as an actor has
    neighbours, not as much as the tree has actors. `Draft.move` alone keeps them.

    Attributes:
        plan: What is declared; changes only when children of pools come and go.
        cells: The actors.
        missing: For each actor that needs others, how many of them are not available.
        live_dependents: For each actor that others need, how many of those are live, or do not run and have a live one.
        leaving_holders: For each actor that others need or want, how many of those are on their way out, or do not run
            and have one that is.
        unavailable: How many actors keep the tree from being ready.
        resting: How many actors nothing more is expected of.
        ever_ready: Whether all were ready at some time.
        shutdown: Set once the tree is going down, for whatever reason.
        slots: Each actor's share of the shutdown budget.
        failures: Root causes so far.
        result: What the main actor returned.
    """

    plan: Plan
    cells: Versioned[str, Cell]
    missing: Versioned[str, int]
    live_dependents: Versioned[str, int]
    leaving_holders: Versioned[str, int]
    unavailable: int
    slots: Mapping[str, Slot]
    resting: int = 0
    ever_ready: bool = False
    shutdown: Shutdown | None = None
    failures: tuple[Failure, ...] = ()
    result: object = None

    @property
    def is_ready(self) -> bool:
        """Whether all actors are ready that the tree waits for: main actors and those that may be ignored are not."""
        return self.unavailable == 0

    @property
    def is_over(self) -> bool:
        """Whether the tree went down and nothing more will happen."""
        return self.shutdown is not None and self.resting == len(self.cells.table)

    @property
    def next_deadline(self) -> float:
        """When a `Tick` is due; infinite when nothing is."""
        return min((cell.deadline for cell in self.cells.values()), default=math.inf)


def new_world(plan: Plan) -> World:
    """Return the tree before anything happened."""
    return World(
        plan=plan,
        cells=Versioned(dict.fromkeys(plan.specs, Cell())),
        missing=Versioned({name: len(plan.needs[name]) for name in plan.specs}),
        live_dependents=Versioned(dict.fromkeys(plan.specs, 0)),
        leaving_holders=Versioned(dict.fromkeys(plan.specs, 0)),
        unavailable=sum(spec.is_awaited for spec in plan.specs.values()),
        slots=plan.slots,
    )
