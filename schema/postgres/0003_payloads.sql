-- Values too large for Temporal's histories, which refer to them here. They go with the execution that they belong to.

CREATE TABLE payloads (
  key        text COLLATE "C" NOT NULL PRIMARY KEY,
  exec_id    text COLLATE "C" NOT NULL REFERENCES workflow_states (exec_id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  content    bytea NOT NULL
);

CREATE INDEX payloads_by_execution ON payloads (exec_id);
