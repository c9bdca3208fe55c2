-- Users with their API keys; executions that other executions started; what listings by parent and retention need.

ALTER TABLE workflow_states ADD COLUMN parent_exec_id text COLLATE "C";

CREATE INDEX workflow_states_by_parent ON workflow_states (parent_exec_id, created_at, exec_id)
  WHERE parent_exec_id IS NOT NULL;
-- By the time of the end, for those that have ended: retention asks for this very expression.
CREATE INDEX workflow_states_by_end ON workflow_states (
  (CASE WHEN status IN ('SUCCESS', 'FAILED', 'TIMED_OUT', 'CANCELED') THEN updated_at END), exec_id
);
CREATE INDEX task_states_by_parent ON task_states (parent_id, created_at, task_exec_id) WHERE parent_id IS NOT NULL;

CREATE TABLE users (
  user_id    text COLLATE "C" NOT NULL PRIMARY KEY,
  email      text COLLATE "C" NOT NULL UNIQUE,
  role       text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL
);

-- Of a key only the fingerprint is kept: SHA-256 of what the client sends.
CREATE TABLE api_keys (
  key_id       text COLLATE "C" NOT NULL PRIMARY KEY,
  user_id      text COLLATE "C" NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  name         text COLLATE "C" NOT NULL,
  fingerprint  text COLLATE "C" NOT NULL UNIQUE,
  prefix       text COLLATE "C" NOT NULL,
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at   timestamptz
);

CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at, key_id);
