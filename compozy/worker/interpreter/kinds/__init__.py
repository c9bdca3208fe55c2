"""What each type of task does: one module a type, and the table of them."""

from collections.abc import Mapping
from typing import Final

from compozy.domain.definitions import TaskType
from compozy.worker.interpreter.kinds.aggregate import run_aggregate
from compozy.worker.interpreter.kinds.basic import run_basic
from compozy.worker.interpreter.kinds.collection import run_collection
from compozy.worker.interpreter.kinds.composite import run_composite
from compozy.worker.interpreter.kinds.memory import run_memory
from compozy.worker.interpreter.kinds.parallel import run_parallel
from compozy.worker.interpreter.kinds.router import run_router
from compozy.worker.interpreter.kinds.signal import run_signal
from compozy.worker.interpreter.kinds.wait import run_wait
from compozy.worker.interpreter.runs import Kind

KINDS: Final[Mapping[TaskType, Kind]] = {
    TaskType.BASIC: run_basic,
    TaskType.ROUTER: run_router,
    TaskType.PARALLEL: run_parallel,
    TaskType.COLLECTION: run_collection,
    TaskType.AGGREGATE: run_aggregate,
    TaskType.COMPOSITE: run_composite,
    TaskType.SIGNAL: run_signal,
    TaskType.WAIT: run_wait,
    TaskType.MEMORY: run_memory,
}
"""By type."""
