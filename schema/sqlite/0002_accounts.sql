-- Users with their API keys; executions that other executions started; what listings by parent and retention need.

ALTER TABLE workflow_states ADD COLUMN parent_exec_id TEXT;

CREATE INDEX workflow_states_by_parent ON workflow_states (parent_exec_id, created_at, exec_id)
  WHERE parent_exec_id IS NOT NULL;
-- By the time of the end, for those that have ended: retention asks for this very expression.
CREATE INDEX workflow_states_by_end ON workflow_states (
  (CASE WHEN status IN ('SUCCESS', 'FAILED', 'TIMED_OUT', 'CANCELED') THEN updated_at END), exec_id
);
CREATE INDEX task_states_by_parent ON task_states (parent_id, created_at, task_exec_id) WHERE parent_id IS NOT NULL;

CREATE TABLE users (
  user_id    TEXT NOT NULL PRIMARY KEY,
  email      TEXT NOT NULL UNIQUE,
  role       TEXT NOT NULL,
  created_at TEXT NOT NULL CHECK (length(created_at) = 27)
) STRICT;

-- Of a key only the fingerprint is kept: SHA-256 of what the client sends.
CREATE TABLE api_keys (
  key_id       TEXT NOT NULL PRIMARY KEY,
  user_id      TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  name         TEXT NOT NULL,
  fingerprint  TEXT NOT NULL UNIQUE,
  prefix       TEXT NOT NULL,
  created_at   TEXT NOT NULL CHECK (length(created_at) = 27),
  last_used_at TEXT CHECK (length(last_used_at) = 27),
  revoked_at   TEXT CHECK (length(revoked_at) = 27)
) STRICT;

CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at, key_id);
