-- What task runs wait for, and what executions began with besides their input.

ALTER TABLE workflow_states ADD COLUMN trigger json;
ALTER TABLE workflow_states ADD COLUMN first_task text COLLATE "C";

-- Set while a run waits, so this index is as small as they are few.
ALTER TABLE task_states ADD COLUMN awaits text COLLATE "C";
CREATE INDEX task_states_by_event ON task_states (awaits, exec_id) WHERE awaits IS NOT NULL;
