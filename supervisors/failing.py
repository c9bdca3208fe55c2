"""What becomes of an actor that failed, and of those that need it."""

from supervisors.draft import Draft
from supervisors.events import Cause, describe
from supervisors.specs import ActorSpec
from supervisors.states import State
from supervisors.stopping import begin_shutdown, condemn
from supervisors.world import Cell, Fate

CALM = 30.0
"""Seconds of readiness after which earlier failures are forgotten."""


def fail(draft: Draft, name: str, error: BaseException, chance: float) -> None:
    """Count a failure: the actor is retried after a while or gives up, and whatever needs it stops."""
    cell, spec = draft.cell(name), draft.spec(name)
    streak = next_streak(cell, draft.at)
    draft.move(name, State.FAILED, Cause.CRASHED, describe(error), streak=streak)
    booting = not draft.world.ever_ready and not draft.plan.retry_boot
    final = verdict(spec, error, streak, booting=booting)
    if final is not None:
        draft.move(name, State.GAVE_UP, final, describe(error))
        draft.blame(name, error)
        begin_shutdown(draft, f"{name} gave up ({final.value})")
        return
    wait = spec.backoff.delay(streak, chance=chance)
    detail = f"attempt {streak} of {spec.retries} in {wait:.3g} s, after {describe(error)}"
    draft.move(name, State.BACKOFF, Cause.RETRY, detail, deadline=draft.at + wait)
    condemn(draft, draft.plan.dependents(name), Fate.RETURN, Cause.DEPENDENCY_LOST, name, quick=True)


def next_streak(cell: Cell, at: float) -> int:
    """Return the length of the streak with a failure now."""
    calmed = cell.state is State.READY and at - cell.since >= CALM
    return 1 if calmed else cell.streak + 1


def verdict(spec: ActorSpec, error: BaseException, streak: int, *, booting: bool) -> Cause | None:
    """Return why the actor gives up after this failure, or None when it is retried.

    Args:
        spec: What was declared.
        error: The failure.
        streak: Failures in a row, with this one.
        booting: Whether the tree was never ready yet, so that the first failure is final.
    """
    if booting:
        return Cause.BOOT_FAILED
    if spec.restart == "never" or not isinstance(error, Exception) or _contains(error, spec.fatal):
        return Cause.NOT_RETRIED
    return Cause.RETRIES_EXHAUSTED if streak > spec.retries else None


def _contains(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_contains(inner, kinds) for inner in error.exceptions) or isinstance(error, kinds)
    return isinstance(error, kinds)
