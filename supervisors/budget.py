"""Plans the deadlines of a shutdown backwards from its budget, so that a slow actor loses its own time only.

An actor that is asked to stop has its grace, then some patience to end once cancelled: that is its slot. Below it,
along the longest chain of what must stop after it, others need their slots: that is its reserve. It has to be gone when
the budget minus its reserve is used up. When the slots of the longest chain do not fit into the budget, all graces
shrink by the same factor; patience takes half of the budget at most.
"""

from collections.abc import Callable, Mapping

import attrs

from supervisors.plan import Plan

PATIENCE = 2.0
"""Seconds that a cancelled actor may take to end before it is abandoned."""

LOST_GRACE = 2.0
"""Seconds of grace at most when a dependency was lost: there is little left to be graceful with."""


@attrs.frozen
class Slot:
    """The share of one actor in the shutdown budget.

    Attributes:
        cancel_by: Seconds after the stop request at which it is cancelled at the latest.
        patience: Seconds it then has to end before it is abandoned.
    """

    cancel_by: float
    patience: float


def plan_shutdown(plan: Plan) -> Mapping[str, Slot]:
    """Return the slot of each actor."""
    graces = {name: spec.grace for name, spec in plan.specs.items()}
    length = max(_chains(plan, lambda _: 1.0).values(), default=1.0)
    patience = min(PATIENCE, plan.shutdown / 2 / length)
    longest = max(_chains(plan, graces.__getitem__).values(), default=0.0)
    shrink = min(1.0, (plan.shutdown - length * patience) / longest) if longest else 1.0

    def slot(name: str) -> float:
        return shrink * graces[name] + patience

    chains = _chains(plan, slot)
    return {
        name: Slot(cancel_by=plan.shutdown - (chains[name] - slot(name)) - patience, patience=patience)
        for name in plan.specs
    }


def _chains(plan: Plan, weight: Callable[[str], float]) -> dict[str, float]:
    # For each actor the weight of the heaviest chain that begins with it and goes on with what stops after it.
    totals: dict[str, float] = {}
    for wave in reversed(plan.stop_order):  # those that stop last come first
        for name in wave:
            below = (*plan.needs[name], *plan.wants[name])
            totals[name] = weight(name) + max((totals[other] for other in below), default=0.0)
    return totals
