"""How long activities are waited for, and how they are repeated."""

from datetime import timedelta
from typing import Final

import attrs
from temporalio import workflow
from temporalio.common import RetryPolicy

LONG_WORK: Final = timedelta(seconds=10)
"""A task that declares more than this runs as a queued, heartbeating activity: it must not hold a workflow task."""

STEP: Final = timedelta(seconds=5)
"""How long a step of a workflow belongs to one worker, as for executions (compozy.drivers.temporal.orchestrator)."""

SLACK: Final = timedelta(seconds=30)
"""What an activity may take on top of its work's own timeout, for the store."""

HEARTBEAT: Final = timedelta(seconds=5)
"""A queued activity that is silent for so long has lost its worker, and is given to another."""

# A task that fails is an outcome. What an activity raises is an outage, and it is repeated until that is over; or it is
# marked as not to be repeated (compozy.worker.activities).
UNTIL_IT_WORKS: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=100),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=5),
)


def is_long(timeout: timedelta | None) -> bool:
    """Tell whether work that declares this limit, or none, is to be queued."""
    return timeout is not None and timeout > LONG_WORK


_BREATH: Final = timedelta(milliseconds=1)
_VALUES_A_STEP: Final = 200_000
_OVERHEAD: Final = 100


@attrs.frozen
class Breath:
    """Gives the step of the workflow back now and then: one that computes for two seconds counts as hung.

    It goes by what is to be computed, not by a clock, for a replay has to come to the same.

    Attributes:
        every: After how many evaluations.
    """

    every: int

    @classmethod
    def for_reading(cls, values: int) -> "Breath":
        """Return one for evaluations that read so many values each; about a quarter of a second lies between two."""
        return cls(max(1, _VALUES_A_STEP // (_OVERHEAD + values)))

    async def after(self, evaluations: int) -> None:
        """Pause when it is time.

        Args:
            evaluations: How many there have been.
        """
        if evaluations and evaluations % self.every == 0:
            await workflow.sleep(_BREATH)
