"""The names under which Temporal knows our work. Recorded in every history: never rename one."""

from typing import Final

RUN_TOOL: Final = "compozy.run_tool"
"""The activity that runs the tool of one task."""

RECORD: Final = "compozy.record"
"""The activity that writes states."""
