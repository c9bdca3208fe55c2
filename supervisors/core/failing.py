"""What becomes of an actor that failed, of those that need it, and of the group it is in."""

import math

from supervisors.core.draft import Draft, is_calm
from supervisors.core.events import Cause, describe
from supervisors.core.happenings import Drop, Retire
from supervisors.core.specs import FOREVER, ActorSpec
from supervisors.core.states import LEAVING, State
from supervisors.core.stopping import begin_shutdown, condemn
from supervisors.core.world import Cell, Fate


def fail(draft: Draft, name: str, error: BaseException, chance: float, *, culprit: str | None = None) -> None:
    """Count a failure: the actor is retried after a while or gives up, and whatever needs it stops.

    Args:
        draft: The tree.
        name: The actor, or a group of which a member gave up.
        error: The failure.
        chance: The jitter of the backoff.
        culprit: Whose failure it was in the first place; None: the actor's own.
    """
    cell, spec = draft.cell(name), draft.spec(name)
    streak = next_streak(cell, draft.at)
    cause, said = (
        (Cause.MEMBER_GAVE_UP, f"{culprit}: {describe(error)}") if culprit else (Cause.CRASHED, describe(error))
    )
    draft.move(name, State.FAILED, cause, said, streak=streak)
    booting = not draft.ever_ready and not draft.plan.retry_boot and not _is_optional(draft, name)
    final = verdict(spec, error, streak, booting=booting)
    if final is not None:
        _give_up(draft, name, error, chance, final, culprit or name)
        return
    wait = spec.backoff.delay(streak, chance=chance)
    limit = f" of {spec.retries}" if spec.retries < FOREVER else ""
    detail = f"attempt {streak}{limit} in {wait:.3g} s, after {said}"
    draft.move(name, State.BACKOFF, Cause.RETRY, detail)
    draft.put(name, deadline=draft.at + wait)
    condemn(draft, draft.plan.dependents(name), Fate.RETURN, Cause.DEPENDENCY_LOST, name, quick=True)
    if not wait:
        release(draft, name, Cause.BACKOFF_OVER)


def release(draft: Draft, name: str, cause: Cause) -> None:
    """Let an actor start again that waited for its next attempt or had given up, and with a group all its members.

    A group goes on waiting while one of its members is still on its way out: none starts beside another's past.
    """
    if draft.cell(name).state is State.BACKOFF and _has_leaving_members(draft, name):
        draft.put(name, deadline=math.inf)
        return
    if draft.cell(name).state is State.GAVE_UP:
        draft.move(name, State.WAITING, cause, streak=0)
    else:
        draft.move(name, State.WAITING, cause)
    for member in draft.plan.members(name):
        if not _comes_back(draft, member):
            continue
        if draft.cell(member).state is State.GAVE_UP:
            draft.move(member, State.WAITING, cause, f"with {name}")
        draft.put(member, streak=0)
        draft.startable[member] = None


def release_waiting(draft: Draft) -> None:
    """Let those groups start again that waited only for their members to end."""
    groups, draft.relieved = draft.relieved, {}
    if draft.shutdown is not None:
        return
    for inner in groups:
        for group in (inner, *draft.plan.enclosing(inner)):
            cell = draft.cell(group)
            if cell.state is State.BACKOFF and cell.deadline == math.inf:
                release(draft, group, Cause.BACKOFF_OVER)


def _has_leaving_members(draft: Draft, name: str) -> bool:
    return any(draft.cell(member).state in LEAVING for member in draft.plan.members(name))


def next_streak(cell: Cell, at: float) -> int:
    """Return the length of the streak with a failure now."""
    return 1 if is_calm(cell, at) else cell.streak + 1


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


def _give_up(draft: Draft, name: str, error: BaseException, chance: float, final: Cause, culprit: str) -> None:
    spec = draft.spec(name)
    draft.move(name, State.GAVE_UP, final, describe(error))
    if spec.kind == "child":
        draft.put(name, fault=error)  # for whoever waits for it, should it not come back with its pool
    parked = draft.ever_ready or spec.gives_up == "ignore"
    if spec.gives_up == "escalate" or not parked or not isinstance(error, Exception):
        _escalate(draft, name, error, chance, final, culprit)
    elif spec.kind == "child":
        _drop_failed(draft, name, error)
    else:
        why = f"{name} gave up ({final.value})"
        lost = draft.plan.lost_with(name)
        draft.effects.extend(Retire(each, why) for each in (name, *lost))
        cause = Cause.GROUP_FAILED if spec.is_virtual else Cause.DEPENDENCY_LOST
        condemn(draft, lost, Fate.RETURN, cause, name, quick=True)


def _escalate(draft: Draft, name: str, error: BaseException, chance: float, final: Cause, culprit: str) -> None:
    spec = draft.spec(name)
    if spec.group is not None and final is not Cause.BOOT_FAILED and isinstance(error, Exception):
        _fail_group(draft, spec.group, error, chance, culprit)
    else:
        draft.blame(culprit, error)
        begin_shutdown(draft, f"{name} gave up ({final.value})")
    if spec.restart == "never" and spec.kind == "child" and name in draft:
        _drop_failed(draft, name, error)  # its pool comes back, but not this one


def _drop_failed(draft: Draft, name: str, error: BaseException) -> None:
    draft.move(name, State.STOPPED, Cause.FORGOTTEN)
    draft.effects.append(Drop(name, error=error))
    draft.drop(name)


def _fail_group(draft: Draft, group: str, error: BaseException, chance: float, culprit: str) -> None:
    if draft.cell(group).state in {State.BACKOFF, State.GAVE_UP}:
        return  # another member had failed it already; this one comes back with the others
    condemn(draft, draft.plan.lost_with(group), Fate.RETURN, Cause.GROUP_FAILED, group, quick=True, failing=group)
    for member in draft.plan.members(group):
        if draft.cell(member).fate is Fate.FAIL and draft.cell(member).state in LEAVING and _comes_back(draft, member):
            draft.put(member, fate=Fate.RETURN)  # it would fail the group a second time, once that is under way again
    fail(draft, group, error, chance, culprit=culprit)


def _comes_back(draft: Draft, name: str) -> bool:
    spec = draft.spec(name)
    return spec.kind != "child" or spec.restart != "never"  # whatever brings its pool down ends such a child


def _is_optional(draft: Draft, name: str) -> bool:
    return any(draft.spec(each).gives_up == "ignore" for each in (name, *draft.plan.enclosing(name)))


def _contains(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_contains(inner, kinds) for inner in error.exceptions) or isinstance(error, kinds)
    return isinstance(error, kinds)
