-- Values too large for Temporal's histories, which refer to them here. They go with the execution that they belong to.

CREATE TABLE payloads (
  key        TEXT NOT NULL PRIMARY KEY,
  exec_id    TEXT NOT NULL REFERENCES workflow_states (exec_id) ON DELETE CASCADE,
  created_at TEXT NOT NULL CHECK (length(created_at) = 27),
  content    BLOB NOT NULL
) STRICT;

CREATE INDEX payloads_by_execution ON payloads (exec_id);
