"""The state of a running tree at one instant: values without Trio."""

import math
from collections.abc import Mapping
from enum import Enum

import attrs

from supervisors.budget import Slot, plan_shutdown
from supervisors.events import Cause, Reason
from supervisors.plan import Plan
from supervisors.states import AT_REST, State


class Fate(Enum):
    """What becomes of an actor once the stop that is under way has ended."""

    STOP = "stays down"
    RETURN = "comes back, no questions asked"
    FAIL = "counts as a failure"


NOT_OPENED = Reason(Cause.DECLARED)
"""Why an actor is still declared."""


@attrs.frozen(kw_only=True)
class Cell:
    """One actor of a running tree.

    Attributes:
        state: Where it is.
        since: When it got there.
        reason: Why.
        generation: How many times it was started.
        born: When it was started last.
        deadline: When something has to happen if nothing else does; at most one such thing per state.
        streak: Failures in a row.
        ready_in: The generation that was ready last; 0 when none was.
        fate: What becomes of it when it ends, once it was asked to.
        quick: Whether the stop under way allows only the short grace of a lost dependency.
    """

    state: State = State.DECLARED
    since: float = 0.0
    reason: Reason = NOT_OPENED
    generation: int = 0
    born: float = 0.0
    deadline: float = math.inf
    streak: int = 0
    ready_in: int = 0
    fate: Fate = Fate.STOP
    quick: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether its value may be used."""
        return self.state is State.READY

    @property
    def was_ready(self) -> bool:
        """Whether the current generation has been ready at some time."""
        return self.ready_in == self.generation > 0


@attrs.frozen(kw_only=True)
class Shutdown:
    """The tree is going down.

    Attributes:
        at: Since when.
        why: For people.
        hurried: Whether actors are cancelled when their turn comes, instead of being asked.
    """

    at: float
    why: str
    hurried: bool = False


@attrs.frozen
class Failure:
    """A root cause: what leaving the tree will raise."""

    name: str
    generation: int
    error: BaseException


@attrs.frozen(kw_only=True)
class World:
    """The whole tree at one instant.

    Attributes:
        plan: What does not change.
        cells: The actors.
        ever_ready: Whether all were ready at some time.
        shutdown: Set once the tree is going down, for whatever reason.
        slots: Each actor's share of the shutdown budget.
        failures: Root causes so far.
        result: What the main actor returned.
    """

    plan: Plan
    cells: Mapping[str, Cell]
    slots: Mapping[str, Slot]
    ever_ready: bool = False
    shutdown: Shutdown | None = None
    failures: tuple[Failure, ...] = ()
    result: object = None

    @property
    def is_ready(self) -> bool:
        """Whether all actors are ready; main actors do work and are not waited for."""
        return all(cell.is_ready for name, cell in self.cells.items() if not self.plan.specs[name].main)

    @property
    def is_over(self) -> bool:
        """Whether the tree went down and nothing more will happen."""
        return self.shutdown is not None and all(cell.state in AT_REST for cell in self.cells.values())

    @property
    def next_deadline(self) -> float:
        """When a `Tick` is due; infinite when nothing is."""
        return min((cell.deadline for cell in self.cells.values()), default=math.inf)


def new_world(plan: Plan) -> World:
    """Return the tree before anything happened."""
    return World(plan=plan, cells=dict.fromkeys(plan.specs, Cell()), slots=plan_shutdown(plan))
