"""The names under which Temporal knows our work. Recorded in every history: never rename one."""

from typing import Final

RUN_TASK: Final = "compozy.run_task"
"""The activity that does the work of one task."""

RUN_TASKS: Final = "compozy.run_tasks"
"""The activity that does the work of several tasks at once."""

RECORD: Final = "compozy.record"
"""The activity that writes states."""

ACCEPT_DUE: Final = "compozy.accept_due"
"""The activity that records an execution which a schedule has started."""

CHUNK_WORKFLOW: Final = "compozy.chunk"
"""The workflow that runs some of the children of a large collection."""

CHUNK_NEWS: Final = "compozy.chunk.news"
"""The signal that tells such a workflow what was told to the execution."""
