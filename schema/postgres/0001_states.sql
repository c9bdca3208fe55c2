-- Executions of workflows and the runs of their tasks.
--
-- JSON is json, not jsonb: jsonb refuses \u0000, sorts keys, drops -0.0 and the difference between 1e23 and the integer.
-- Keys are compared by code point, as SQLite does it, whatever the collation of the database.
--
-- The names of statuses and task types are not checked here: the program's enums are the one list of them.

CREATE TABLE workflow_states (
  exec_id     text COLLATE "C" NOT NULL PRIMARY KEY,
  workflow_id text COLLATE "C" NOT NULL,
  status      text COLLATE "C" NOT NULL,
  input       json NOT NULL,
  output      json,
  error       json,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL
);

-- A listing merges one index walk per wanted status, so these two serve every combination of filters without sorting.
CREATE INDEX workflow_states_by_status ON workflow_states (status, created_at, exec_id);
CREATE INDEX workflow_states_by_workflow ON workflow_states (workflow_id, status, created_at, exec_id);

-- parent_id is no foreign key: the runs of one execution are written in any order.
CREATE TABLE task_states (
  task_exec_id text COLLATE "C" NOT NULL PRIMARY KEY,
  task_id      text COLLATE "C" NOT NULL,
  type         text COLLATE "C" NOT NULL,
  exec_id      text COLLATE "C" NOT NULL REFERENCES workflow_states (exec_id) ON DELETE CASCADE,
  workflow_id  text COLLATE "C" NOT NULL,
  parent_id    text COLLATE "C",
  status       text COLLATE "C" NOT NULL,
  input        json NOT NULL,
  output       json,
  error        json,
  attempt      bigint NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL
);

CREATE INDEX task_states_by_execution ON task_states (exec_id, created_at, task_exec_id);
