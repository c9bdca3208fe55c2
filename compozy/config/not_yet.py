"""Keys of the language that this version does not run: refused by name, so that nobody thinks they work.

Remove an entry here in the change that makes it run.
"""

from typing import Final


def _words(text: str) -> frozenset[str]:
    """Return the words of a text: the tables below are read more easily as prose than as columns of quotes."""
    return frozenset(text.split())


NOT_YET: Final = "not supported by this version yet"
"""What every such problem says."""

PROJECT_KEYS: Final = _words(
    "cli embedders knowledge knowledge_bases mcp_proxy mcps memory monitoring stream vector_dbs webhooks"
)
RUNTIME_KEYS: Final = _words("task_execution_timeout_default task_execution_timeout_max")
SERVER_KEYS: Final = _words("auth base_url cors cors_enabled timeout timeouts")
DATABASE_KEYS: Final = _words("conn_string dbname max_idle_conns max_open_conns")
TEMPORAL_KEYS: Final = _words("task_queue")
TEMPORAL_STANDALONE_KEYS: Final = _words("cluster_name")
LIMITS_KEYS: Final = _words(
    """max_config_file_nesting_depth max_config_file_size max_message_content_length max_nesting_depth
    max_string_length max_task_context_depth max_total_content_size parent_update_batch_size"""
)
WORKFLOW_KEYS: Final = _words("knowledge knowledge_bases mcps")
TASK_KEYS: Final = _words(
    "attachments batch_size clear_config flush_config health_config knowledge max_keys mcps stats_config"
)
AGENT_KEYS: Final = _words("attachments env knowledge mcps with")
ACTION_KEYS: Final = _words("attachments with")
MODEL_KEYS: Final = _words("max_tool_iterations organization")
MEMORY_KEYS: Final = _words(
    """default_key_template eviction_policy flushing locking max_context_ratio privacy_policy token_allocation
    token_provider"""
)
