"""What the numbers of a plan add up to: how long the start and the stop of a tree may take, and because of whom.

The start is bounded by the chain of needs with the largest sum of start timeouts. The stop is bounded by the budget;
within it, the worst case of one actor is that everything that has to end before it uses up its own time.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from supervisors.core.budget import PATIENCE, plan_shutdown, with_templates
from supervisors.core.plan import Chain, Edges, Plan
from supervisors.core.specs import ActorSpec


class Share(NamedTuple):
    """What one actor gets of the shutdown budget; all in seconds.

    Attributes:
        name: The actor.
        grace: From the soft stop to cancellation, as declared.
        planned: What is left of that when all that stops before it takes as long as it may.
        cancel_by: When it is cancelled at the latest, counted from the stop request.
        gone_by: When it has ended, or is abandoned, at the latest.
    """

    name: str
    grace: float
    planned: float
    cancel_by: float
    gone_by: float

    @property
    def is_shrunk(self) -> bool:
        """Whether it may get less than it was declared with."""
        return self.planned < self.grace - 1e-6


def longest_start(plan: Plan) -> Chain:
    """Return the chain that decides how long the start may take: until the last actor that is waited for is ready.

    Nothing is waited for longer than that, unless an actor asks for more time with ``ctx.extend`` or is retried. A main
    actor has no start timeout, so whatever needs one may wait for ever.
    """
    order = [name for wave in plan.start_order for name in wave]
    weights = {name: _start_limit(plan, name) for name in order}
    awaited = [name for name, spec in plan.specs.items() if spec.is_awaited]
    chain = _heaviest(order, plan.needs, weights, awaited)
    return Chain(_real(plan, reversed(chain.actors)), chain.seconds)


def longest_stop(plan: Plan) -> Chain:
    """Return the chain that takes longest to stop if every actor is given all of its grace and patience."""
    return _longest_stop(plan, lambda spec: spec.grace + PATIENCE)


def deepest_stop(plan: Plan) -> Chain:
    """Return the chain with the most actors that stop one after the other; its seconds are their patience."""
    return _longest_stop(plan, lambda _: PATIENCE)


def sufficient_shutdown(plan: Plan) -> float:
    """Return the smallest budget within which no grace is shrunk and no patience is shortened."""
    return max(longest_stop(plan).seconds, 2 * deepest_stop(plan).seconds)  # patience takes half of the budget at most


def shutdown_shares(plan: Plan) -> tuple[Share, ...]:
    """Return what each actor gets of the shutdown budget, in the order of stopping."""
    slots = plan_shutdown(plan)
    plan = with_templates(plan)
    gone: dict[str, float] = {}
    shares = []
    for name in (name for wave in plan.stop_order for name in wave):
        spec, slot = plan.specs[name], slots[name]
        turn = max((gone[other] for other in plan.held_by[name]), default=0.0)
        if spec.is_virtual:
            gone[name] = turn
            continue
        planned = max(min(spec.grace, slot.cancel_by - turn), 0.0)
        gone[name] = turn + planned + slot.patience
        shares.append(Share(name=name, grace=spec.grace, planned=planned, cancel_by=slot.cancel_by, gone_by=gone[name]))
    return tuple(shares)


def _start_limit(plan: Plan, name: str) -> float:
    spec = plan.specs[name]
    if spec.is_virtual:
        return 0.0
    return math.inf if spec.main else spec.start_timeout


def _longest_stop(plan: Plan, weight: Callable[[ActorSpec], float]) -> Chain:
    plan = with_templates(plan)
    order = [name for wave in reversed(plan.stop_order) for name in wave]
    real = {name: 0.0 if spec.is_virtual else weight(spec) for name, spec in plan.specs.items()}
    chain = _heaviest(order, plan.holds, real, order)
    return Chain(_real(plan, chain.actors), chain.seconds)


def _heaviest(order: Iterable[str], edges: Edges, weights: Mapping[str, float], heads: Iterable[str]) -> Chain:
    # In this order, each actor comes after all that its edges point to.
    totals: dict[str, float] = {}
    following: dict[str, str | None] = {}
    for name in order:
        heaviest = max(edges[name], key=totals.__getitem__, default=None)
        following[name] = heaviest
        totals[name] = weights[name] + (totals[heaviest] if heaviest is not None else 0.0)
    head = max(heads, key=totals.__getitem__, default=None)
    actors, step = [], head
    while step is not None:
        actors.append(step)
        step = following[step]
    return Chain(tuple(actors), totals[head] if head is not None else 0.0)


def _real(plan: Plan, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not plan.specs[name].is_virtual)
