"""Plans the deadlines of a shutdown backwards from its budget, so that a slow actor loses its own time only.

An actor that is asked to stop has its grace, then some patience to end once cancelled: that is its slot. Below it,
along the longest chain of what must stop after it, others need their slots: that is its reserve. It has to be gone when
the budget minus its reserve is used up. When the slots of the longest chain do not fit into the budget, all graces are
cut at the same height, the greatest with which they fit: whoever asks for much loses, and whoever asks for little keeps
it. Patience takes half of the budget at most.
"""

from collections.abc import Mapping

import attrs

from supervisors.core.plan import Plan, Slot

PATIENCE = 2.0
"""Seconds that a cancelled actor may take to end before it is abandoned."""

_HALVINGS = 40  # of an interval of seconds or hours: what is left of it is less than a microsecond

LOST_GRACE = 2.0
"""Seconds of grace at most when a dependency was lost: there is little left to be graceful with."""


def plan_shutdown(plan: Plan) -> Mapping[str, Slot]:
    """Return the slot of each actor."""
    plan = with_templates(plan)
    graces = {name: 0.0 if spec.is_virtual else spec.grace for name, spec in plan.specs.items()}
    counted = {name: 0.0 if spec.is_virtual else 1.0 for name, spec in plan.specs.items()}
    length = max(_chains(plan, counted).values(), default=0.0) or 1.0
    patience = min(PATIENCE, plan.shutdown / 2 / length)
    ceiling = _ceiling(plan, graces, plan.shutdown - length * patience)
    weights = {name: counted[name] * (min(grace, ceiling) + patience) for name, grace in graces.items()}
    chains = _chains(plan, weights)
    cancel_by = {name: plan.shutdown - (chains[name] - weight) - patience for name, weight in weights.items()}
    slots = {at: Slot(cancel_by=at, patience=patience) for at in set(cancel_by.values())}  # many actors share a few
    return {name: slots[at] for name, at in cancel_by.items()}


def _ceiling(plan: Plan, graces: Mapping[str, float], seconds: float) -> float:
    # The greatest height at which graces can be cut so that no chain of them takes longer than so many seconds.
    low, high = 0.0, max(graces.values(), default=0.0)
    if max(_chains(plan, graces).values(), default=0.0) <= seconds:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        cut = {name: min(grace, middle) for name, grace in graces.items()}
        low, high = (middle, high) if max(_chains(plan, cut).values()) <= seconds else (low, middle)
    return low


def template_of(pool: str) -> str:
    """Return the name under which the children of a pool have their slot."""
    return f"{pool}/*"


def with_templates(plan: Plan) -> Plan:
    """Return the plan with one child in each pool.

    Children come later; their time is set aside now. The pool itself needs none, and its grace is theirs.
    """
    for name, spec in tuple(plan.specs.items()):
        if spec.kind == "pool":
            plan = plan.with_child(attrs.evolve(spec, name=template_of(name), kind="child", group=name, needs=(name,)))
    return plan


def _chains(plan: Plan, weights: Mapping[str, float]) -> dict[str, float]:
    # For each actor the weight of the heaviest chain that begins with it and goes on with what stops after it.
    totals: dict[str, float] = {}
    for wave in reversed(plan.stop_order):  # those that stop last come first
        for name in wave:
            totals[name] = weights[name] + max((totals[other] for other in plan.holds[name]), default=0.0)
    return totals
