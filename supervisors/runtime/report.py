"""Turns the root causes of a failed tree into one exception and into a text for people."""

import traceback
from collections.abc import Iterable, Sequence

from supervisors.core.events import Event, describe
from supervisors.core.world import Failure, World
from supervisors.errors import TreeFailed

_HISTORY = 12  # events of an actor that go into its note


def failure_of(world: World, events: Iterable[Event]) -> BaseException | None:
    """Return what leaving the tree is to raise, or None when nothing failed.

    A failure that is no `Exception` (a `KeyboardInterrupt`, say) cannot sit in a `TreeFailed`; then it is a plain
    `BaseExceptionGroup`.
    """
    log = list(events)
    for failure in world.failures:
        failure.error.add_note(_note(failure, log))
    errors = list({id(failure.error): failure.error for failure in world.failures}.values())
    names = ", ".join(dict.fromkeys(failure.name for failure in world.failures))
    message = f"tree {world.plan.name!r} failed because of {names}"
    exceptions = [error for error in errors if isinstance(error, Exception)]
    if not errors:
        return None
    return TreeFailed(message, exceptions) if len(exceptions) == len(errors) else BaseExceptionGroup(message, errors)


def render_failure(failure: TreeFailed) -> str:
    """Return a report: what failed in a line each, then every root cause with its traceback and notes."""
    causes = failure.exceptions
    head = [failure.message, *(f"  - {describe(cause)}" for cause in causes)]
    bodies = ["".join(traceback.format_exception(cause)).rstrip() for cause in causes]
    return "\n".join([*head, *(f"\n{body}" for body in bodies)])


def _note(failure: Failure, log: Sequence[Event]) -> str:
    history = [event for event in log if event.name == failure.name][-_HISTORY:]
    lines = [f"actor {failure.name!r}, generation {failure.generation}"]
    if history:
        first = history[0].at
        lines += [f"  +{e.at - first:.3f} s  {e.from_state} -> {e.to_state}  {e.reason}" for e in history]
    return "\n".join(lines)
