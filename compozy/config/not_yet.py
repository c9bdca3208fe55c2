"""Keys and values of the language that this version does not run: refused by name, so that nobody thinks they work.

Remove an entry here in the change that makes it run.
"""

from collections.abc import Mapping
from typing import Final


def _words(text: str) -> frozenset[str]:
    """Return the words of a text: the tables below are read more easily as prose than as columns of quotes."""
    return frozenset(text.split())


NOT_YET: Final = "not supported by this version yet"
"""What every such problem says."""

PROJECT_KEYS: Final = _words(
    "agents autoload cli config limits mcp_proxy mcps memories memory models monitoring schemas stream webhooks worker"
)
RUNTIME_KEYS: Final = _words(
    "permissions task_execution_timeout_default task_execution_timeout_max tool_execution_timeout"
)
SERVER_KEYS: Final = _words("auth base_url cors cors_enabled timeout timeouts")
DATABASE_KEYS: Final = _words("conn_string dbname max_idle_conns max_open_conns")
TEMPORAL_KEYS: Final = _words("task_queue")
TEMPORAL_STANDALONE_KEYS: Final = _words("cluster_name")
TOOL_KEYS: Final = _words("env input output")
WORKFLOW_KEYS: Final = _words("agents author license mcps schedule schemas triggers")
WORKFLOW_CONFIG_KEYS: Final = _words(
    "heartbeat_timeout retry_policy schedule_to_close_timeout schedule_to_start_timeout start_to_close_timeout"
)
TASK_KEYS: Final = _words(
    """action agent attachments batch condition config env filter final index_var input item_var items key_template
    max_iterations max_keys mcps memory memory_ref mode model_config on_timeout operation output payload processor
    prompt retries routes signal sleep task tools wait_for"""
)

VALUES: Final[Mapping[str, frozenset[str]]] = {
    "type": _words("aggregate collection composite memory router signal wait"),
    "strategy": _words("best_effort fail_fast race"),
    "runtime.type": _words("bun deno node"),
}
"""Values that are refused so, by the key (``runtime.type``) or, where tasks nest, by its last part."""
