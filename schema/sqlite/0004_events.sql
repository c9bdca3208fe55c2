-- What task runs wait for, and what executions began with besides their input.

ALTER TABLE workflow_states ADD COLUMN trigger TEXT CHECK (trigger IS NULL OR json_valid(trigger));
ALTER TABLE workflow_states ADD COLUMN first_task TEXT;

-- Set while a run waits, so this index is as small as they are few.
ALTER TABLE task_states ADD COLUMN awaits TEXT;
CREATE INDEX task_states_by_event ON task_states (awaits, exec_id) WHERE awaits IS NOT NULL;
