"""What was once done otherwise: executions that began before a change go on as they began.

A change belongs here when it could make a recorded history go another way. It is asked for only where the old way and
the new one differ, so that other histories do not carry its mark.
"""

from enum import StrEnum

from temporalio import workflow


class Change(StrEnum):
    """A change, by the name that histories record: never rename one."""

    ENV_IS_TEXT = "env-is-text"
    """``.env`` of a task had numbers and booleans in it where a template came to one."""

    ENV_GOES_INSIDE = "env-goes-inside"
    """The variables of a container were not seen by what runs in it."""

    SKIPPED_DO_NOT_COUNT = "skipped-do-not-count"
    """A child that was skipped won a race, and was enough for ``best_effort``."""

    CANCELED_KEEP_CHILDREN = "canceled-keep-children"
    """A container that was canceled inside another one had no ``.children``."""

    DIGITS_ARE_NUMBERS = "digits-are-numbers"
    """Keys were in the order of texts: ``k-10`` before ``k-2``."""

    EVENT_NAMES_ARE_TEXT = "event-names-are-text"
    """A template of an event's name that came to a number was refused."""

    FEWER_MESSAGES = "fewer-messages"
    """The details of a container's failure had the message of every child."""

    NULL_IS_SHOWN = "null-is-shown"
    """A router's output showed a condition that came to null as an empty text."""


def has(change: Change) -> bool:
    """Tell whether this execution is carried out with the change; the history records that it was asked."""
    return workflow.patched(change.value)
