"""A world in the making: the moves of one step and the effects they have."""

import math
from typing import Any

import attrs

from supervisors.events import Cause, Event, Reason
from supervisors.happenings import Effect, Emit
from supervisors.specs import ActorSpec
from supervisors.states import MOVES, State
from supervisors.world import Cell, Failure, World


class Draft:
    """Collects what one step changes; the world it started from stays as it is.

    Args:
        world: Before the step.
        at: The time of the step.
    """

    def __init__(self, world: World, at: float) -> None:
        self.world = world
        self.plan = world.plan
        self.at = at
        self.cells = dict(world.cells)
        self.effects: list[Effect] = []

    def cell(self, name: str) -> Cell:
        """Return the actor as it stands in this step."""
        return self.cells[name]

    def spec(self, name: str) -> ActorSpec:
        """Return the actor as it was declared."""
        return self.plan.specs[name]

    def put(self, name: str, **changes: Any) -> None:
        """Change an actor within its state."""
        self.cells[name] = attrs.evolve(self.cells[name], **changes)

    def move(self, name: str, to: State, cause: Cause, detail: str = "", **changes: Any) -> None:
        """Move an actor to another state, which drops its deadline unless a new one is among the changes.

        Raises:
            AssertionError: The table of moves does not have this one; a fault of this library.
        """
        before = self.cells[name]
        if to not in MOVES[before.state]:
            raise AssertionError(f"{name}: no move from {before.state} to {to} ({cause})")
        reason = Reason(cause, detail)
        self.cells[name] = attrs.evolve(
            before, **{"state": to, "since": self.at, "reason": reason, "deadline": math.inf, **changes}
        )
        generation = self.cells[name].generation
        self.effects.append(Emit(Event(name, generation, self.at, before.state, to, reason)))

    def change(self, **changes: Any) -> None:
        """Change what concerns the whole tree."""
        self.world = attrs.evolve(self.world, **changes)

    def blame(self, name: str, error: BaseException) -> None:
        """Record a root cause."""
        failure = Failure(name, self.cells[name].generation if name in self.cells else 0, error)
        self.change(failures=(*self.world.failures, failure))

    def finish(self) -> tuple[World, tuple[Effect, ...]]:
        """Return the world after the step, and the effects."""
        return attrs.evolve(self.world, cells=self.cells), tuple(self.effects)
