"""When a container of tasks has ended, and how: the strategies.

=============== ==================================== =========================================
strategy        FAILED when                          SUCCESS when
=============== ==================================== =========================================
``wait_all``    all have ended, not all of them well all ended well
``fail_fast``   the first did not end well           all ended well
``best_effort`` all have ended, none of them well    all have ended, at least one of them well
``race``        all have ended, none of them well    the first ended well
=============== ==================================== =========================================

The words ``the first`` decide at once, before the rest has ended. A task that was canceled or timed out did not end
well. A container without tasks has succeeded.

A task that was skipped has done nothing: ``best_effort`` and ``race`` leave it out, unless all were skipped.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from compozy.domain.definitions import Strategy
from compozy.domain.statuses import Status


@attrs.frozen(kw_only=True)
class Verdict:
    """How a container stands.

    Attributes:
        status: How it ended; None while that is open.
        cancels_rest: Whether tasks in it still run, or have not begun, and are not wanted any more.
    """

    status: Status | None = None
    cancels_rest: bool = False


@attrs.frozen(kw_only=True)
class _Rule:
    """One row of the table.

    Attributes:
        needs_all: Whether one task that did not end well decides, for FAILED; else one that did, for SUCCESS.
        is_early: Whether that one decides at once; else all are waited for.
    """

    needs_all: bool
    is_early: bool


_RULES: Final = {
    Strategy.WAIT_ALL: _Rule(needs_all=True, is_early=False),
    Strategy.FAIL_FAST: _Rule(needs_all=True, is_early=True),
    Strategy.BEST_EFFORT: _Rule(needs_all=False, is_early=False),
    Strategy.RACE: _Rule(needs_all=False, is_early=True),
}


def verdict(strategy: Strategy, statuses: Sequence[Status], *, total: int, skipped: int = 0) -> Verdict:
    """Return how a container stands whose tasks stand so.

    Their order does not matter, and a verdict once given stays whatever the rest does: the tasks that a race cancels
    do not make it fail.

    >>> verdict(Strategy.RACE, [Status.FAILED, Status.SUCCESS, Status.RUNNING], total=5)
    Verdict(status=<Status.SUCCESS: 'SUCCESS'>, cancels_rest=True)
    >>> verdict(Strategy.WAIT_ALL, [Status.FAILED, Status.RUNNING], total=2)
    Verdict(status=None, cancels_rest=False)

    Args:
        strategy: The container's.
        statuses: Of its tasks; those that have not begun may be left out.
        total: How many tasks it has.
        skipped: How many of those that succeeded did so because they were skipped.

    Raises:
        ValueError: There are more statuses than tasks.
    """
    if len(statuses) > total:
        raise ValueError(f"{len(statuses)} statuses for {total} tasks")
    if skipped == total:
        return Verdict(status=Status.SUCCESS)
    rule = _RULES[strategy]
    ended = sum(status.is_terminal for status in statuses)
    succeeded = sum(status is Status.SUCCESS for status in statuses)
    is_settled = ended > succeeded if rule.needs_all else succeeded > skipped
    if ended < total and not (rule.is_early and is_settled):
        return Verdict()
    # The one that decides says FAILED where all are needed; where none decided, it is the other way round.
    status = Status.FAILED if is_settled is rule.needs_all else Status.SUCCESS
    return Verdict(status=status, cancels_rest=ended < total)
