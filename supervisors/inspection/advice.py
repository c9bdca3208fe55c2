"""Warnings about a tree that is legal, but will hardly do what was meant.

Each is a sentence that names the actor, the numbers and the way out. A rule belongs here only if whoever gets its
warning would change the tree: what is merely unusual is left alone.
"""

import inspect
from collections import deque
from collections.abc import Callable, Iterator

import attrs

from supervisors.core.budget import PATIENCE, plan_shutdown
from supervisors.core.plan import Plan
from supervisors.core.specs import ActorSpec
from supervisors.inspection.forecast import Share, deepest_stop, longest_stop, shutdown_shares, sufficient_shutdown
from supervisors.inspection.tables import arrows, seconds


def warnings(plan: Plan) -> tuple[str, ...]:
    """Return what should be looked at, a sentence each; empty when there is nothing."""
    return tuple(warning for rule in _RULES for warning in rule(plan))


def _graces_beyond_the_budget(plan: Plan) -> Iterator[str]:
    shares = shutdown_shares(plan)
    shrunk = [share for share in shares if share.is_shrunk]
    if not shrunk:
        return
    chain = longest_stop(plan)
    worst = min(shrunk, key=_kept)
    largest = max((share for share in shares if share.name in chain.actors), key=lambda share: share.grace)
    yield (
        f"tree {plan.name!r} has {seconds(plan.shutdown)} to stop, but {arrows(chain.actors)} may take "
        f"{seconds(chain.seconds)}: graces, and {seconds(PATIENCE)} for each to end once cancelled; {worst.name!r} is "
        f"left with {seconds(worst.planned)} of its grace of {seconds(worst.grace)} ({_kept(worst):.0%}); raise "
        f"shutdown to {_number(sufficient_shutdown(plan))}, or lower a grace: that of {largest.name!r} is the largest, "
        f"{seconds(largest.grace)}"
    )


def _shortened_patience(plan: Plan) -> Iterator[str]:
    patience = min((slot.patience for slot in plan_shutdown(plan).values()), default=PATIENCE)
    if patience >= PATIENCE or any(share.is_shrunk for share in shutdown_shares(plan)):
        return  # the warning about graces says how much would do for both
    chain = deepest_stop(plan)
    yield (
        f"tree {plan.name!r} has {seconds(plan.shutdown)} to stop {len(chain.actors)} actors one after the other "
        f"({arrows(chain.actors)}); each is abandoned {seconds(patience)} after it was cancelled, not "
        f"{seconds(PATIENCE)}; raise shutdown to {_number(sufficient_shutdown(plan))}"
    )


def _teardown_without_grace(plan: Plan) -> Iterator[str]:
    for name, spec in plan.specs.items():
        if spec.grace == 0 and _is_resource(spec):
            yield (
                f"{name!r} has a grace of 0: it is cancelled in the moment it is asked to stop, so every await after "
                f"its yield raises Cancelled; give its teardown some time, or shield it"
            )


def _wants_what_it_needs(plan: Plan) -> Iterator[str]:
    for name, spec in plan.specs.items():
        for wanted in plan.wants[name]:
            way = _way(plan, name, wanted)
            if not way or (spec.group is not None and not wanted.startswith(f"{spec.group}/")):
                continue  # whoever wrote the group could not know that it would be given something that is needed too
            yield (
                f"{name!r} wants {wanted!r}, but cannot run without it: {arrows(way)}; "
                f"need {wanted!r} to get its value instead of a reference, or drop it"
            )


def _several_mains(plan: Plan) -> Iterator[str]:
    mains = [name for name, spec in plan.specs.items() if spec.main]
    if len(mains) > 1:
        yield (
            f"{', '.join(map(repr, mains))} are all main actors: the first that returns ends the tree with its result; "
            f"keep main=True on one of them"
        )


def _needed_mains(plan: Plan) -> Iterator[str]:
    for name, spec in plan.specs.items():
        waiting = [other for other in plan.needed_by[name] if not plan.specs[other].is_virtual]
        if spec.main and waiting:
            yield (
                f"{waiting[0]!r} needs the main actor {name!r}, which has no start timeout: unless that announces its "
                f"readiness, the tree waits for ever; turn the edge around, or drop main=True"
            )


def _options_without_effect(plan: Plan) -> Iterator[str]:
    fields = attrs.fields(ActorSpec)
    for name, spec in plan.specs.items():
        if spec.main and spec.start_timeout != fields.start_timeout.default:
            yield (
                f"{name!r} is a main actor, which may take any time to be ready: start_timeout={spec.start_timeout:g} "
                f"has no effect; drop it"
            )
        if spec.main and spec.restart == "always":
            yield (
                f"{name!r} is a main actor, so its return ends the tree: restart='always' has no effect on that; "
                f"drop one of the two"
            )
        if spec.restart == "never" and spec.retries not in {0, fields.retries.default}:
            yield f"{name!r} is never retried: retries={spec.retries} has no effect; drop it, or restart='never'"


_RULES: tuple[Callable[[Plan], Iterator[str]], ...] = (
    _graces_beyond_the_budget,
    _shortened_patience,
    _teardown_without_grace,
    _wants_what_it_needs,
    _several_mains,
    _needed_mains,
    _options_without_effect,
)


def _kept(share: Share) -> float:
    return share.planned / share.grace


def _number(value: float) -> str:
    return seconds(value).removesuffix(" s")


def _is_resource(spec: ActorSpec) -> bool:
    # What asynccontextmanager made; its teardown is known to be code that awaits. Others cannot be told by looking.
    return inspect.isasyncgenfunction(inspect.unwrap(spec.function))


def _way(plan: Plan, start: str, goal: str) -> tuple[str, ...]:
    # The shortest chain of needs from one actor to another; empty when there is none.
    came_from: dict[str, str] = {}
    frontier = deque([start])
    while frontier and goal not in came_from:
        here = frontier.popleft()
        for need in plan.needs[here]:
            if need not in came_from:
                came_from[need] = here
                frontier.append(need)
    if goal not in came_from:
        return ()
    way = [goal]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))
