-- Executions of workflows and the runs of their tasks.
--
-- JSON is TEXT that json_valid accepts. A moment is ISO-8601 UTC text with microseconds, always 27 characters
-- ('2026-11-23T08:30:00.000000Z'), so text order is time order and people can read it.
--
-- The names of statuses and task types are not checked here: the program's enums are the one list of them, and SQLite
-- cannot change a CHECK without copying the table.

CREATE TABLE workflow_states (
  exec_id     TEXT NOT NULL PRIMARY KEY,
  workflow_id TEXT NOT NULL,
  status      TEXT NOT NULL,
  input       TEXT NOT NULL CHECK (json_valid(input)),
  output      TEXT CHECK (output IS NULL OR json_valid(output)),
  error       TEXT CHECK (error IS NULL OR json_valid(error)),
  created_at  TEXT NOT NULL CHECK (length(created_at) = 27),
  updated_at  TEXT NOT NULL CHECK (length(updated_at) = 27)
) STRICT;

-- A listing merges one index walk per wanted status, so these two serve every combination of filters without sorting.
CREATE INDEX workflow_states_by_status ON workflow_states (status, created_at, exec_id);
CREATE INDEX workflow_states_by_workflow ON workflow_states (workflow_id, status, created_at, exec_id);

-- parent_id is no foreign key: the runs of one execution are written in any order.
CREATE TABLE task_states (
  task_exec_id TEXT NOT NULL PRIMARY KEY,
  task_id      TEXT NOT NULL,
  type         TEXT NOT NULL,
  exec_id      TEXT NOT NULL REFERENCES workflow_states (exec_id) ON DELETE CASCADE,
  workflow_id  TEXT NOT NULL,
  parent_id    TEXT,
  status       TEXT NOT NULL,
  input        TEXT NOT NULL CHECK (json_valid(input)),
  output       TEXT CHECK (output IS NULL OR json_valid(output)),
  error        TEXT CHECK (error IS NULL OR json_valid(error)),
  attempt      INTEGER NOT NULL,
  created_at   TEXT NOT NULL CHECK (length(created_at) = 27),
  updated_at   TEXT NOT NULL CHECK (length(updated_at) = 27)
) STRICT;

CREATE INDEX task_states_by_execution ON task_states (exec_id, created_at, task_exec_id);
