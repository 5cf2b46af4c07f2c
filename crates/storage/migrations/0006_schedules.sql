-- When actions run by themselves, and what came of every time that one was due.

-- `next_at` is computed when a schedule is saved and whenever it fired; NULL while it is disabled. So that what is due is
-- found by an index and never by computing.
CREATE TABLE schedules (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    action_id {key} NOT NULL UNIQUE REFERENCES actions (id) ON DELETE CASCADE,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    arguments TEXT NOT NULL,
    overlap {key} NOT NULL,
    missed {key} NOT NULL,
    enabled BOOLEAN NOT NULL,
    next_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX schedules_by_guru ON schedules (guru_id);
CREATE INDEX schedules_due ON schedules (next_at);

-- The key is what makes a time fire once, however many processes find it due. The execution waits in the ledger from the
-- same transaction on, so that a process that dies in between loses nothing.
CREATE TABLE schedule_firings (
    schedule_id {key} NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    fire_at BIGINT NOT NULL,
    outcome {key} NOT NULL,
    execution_id {key},
    decided_at BIGINT NOT NULL,
    started_at BIGINT,
    PRIMARY KEY (schedule_id, fire_at)
);
CREATE INDEX schedule_firings_by_execution ON schedule_firings (execution_id) WHERE execution_id IS NOT NULL;
