"""Which payloads are kept elsewhere: the large ones, and those that an execution's history has no room for now."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import attrs
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    StorageDriver,
    StorageDriverActivityInfo,
    StorageDriverSelectContext,
    StorageDriverWorkflowInfo,
)

from compozy.domain.payloads import owner_of

THRESHOLD: Final = 128 * 1024
"""Bytes from which a payload is kept in the store in any case: from about there that is no slower than the history is.

Measured with one local activity on a dev server: the store costs about 3 ms, the history 0.06 ms for each KiB.
"""

FLOOR: Final = 1024
"""Bytes below which none is: a reference takes a quarter of that."""

BUDGET: Final = 1024 * 1024
"""Bytes that payloads above the floor put into one execution's history within a window; a quarter of a message."""

_WINDOW_S: Final = 10.0
"""Twice what a workflow task may take (``compozy.drivers.temporal.orchestrator``), so one falls into two at most."""

_EXECUTIONS: Final = 1024
"""How many executions are counted at once; of more, those that have been counted longest begin anew."""


def execution_of(target: StorageDriverWorkflowInfo | StorageDriverActivityInfo | None) -> str:
    """Return the execution that a payload is for; empty for none, as for an activity without a workflow."""
    return owner_of((target.id if isinstance(target, StorageDriverWorkflowInfo) else None) or "")


class HistoryBudget:
    """Counts what executions put into their histories, each over a window of time.

    Args:
        clock: Gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()  # when it began, and the bytes since

    def take(self, exec_id: str, size_bytes: int) -> bool:
        """Count a payload when the budget has room for it, and tell whether it had."""
        now = self._clock()
        since, used = self._windows.get(exec_id, (now, 0))
        if now - since > _WINDOW_S:
            self._windows.pop(exec_id)  # it begins anew, as the youngest
            since, used = now, 0
        if used + size_bytes > BUDGET:
            return False
        self._windows[exec_id] = since, used + size_bytes
        if len(self._windows) > _EXECUTIONS:
            self._windows.popitem(last=False)
        return True


@attrs.frozen(eq=False)
class Selector:
    """Says which payloads are kept elsewhere; called by the SDK for those above the floor.

    Attributes:
        driver: What keeps them.
        budget: What histories have room for.
    """

    driver: StorageDriver
    budget: HistoryBudget = attrs.Factory(HistoryBudget)

    def __call__(self, context: StorageDriverSelectContext, payload: Payload) -> StorageDriver | None:
        """Return what keeps this payload; None leaves it where it is."""
        size_bytes = payload.ByteSize()
        if size_bytes < THRESHOLD and self.budget.take(execution_of(context.target), size_bytes):
            return None
        return self.driver

    def of_local_activity(self, context: StorageDriverSelectContext, payload: Payload) -> StorageDriver | None:
        """Return the same for what a local activity takes and returns, where only the latter is ever recorded."""
        return self(context, payload) if activity.in_activity() else None
