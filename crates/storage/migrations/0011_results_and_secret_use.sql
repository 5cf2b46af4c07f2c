-- Where the results of schedules go, and what became of each delivery; which hosts a secret is for, and what used it last.

-- JSON: when somebody is told, and who; NULL for nobody.
ALTER TABLE schedules ADD COLUMN results TEXT;

-- When it was decided who is told of the run; NULL while that is open. So that a process that dies between a run's end and
-- that decision loses nothing: whoever comes next decides.
ALTER TABLE schedule_firings ADD COLUMN results_at BIGINT;
UPDATE schedule_firings SET results_at = decided_at;
CREATE INDEX schedule_firings_untold ON schedule_firings (execution_id) WHERE results_at IS NULL AND execution_id IS NOT NULL;

-- `receiver` is JSON, as it was when the run ended: a schedule that changes later changes nothing that is under way.
-- `next_at` is NULL once a delivery ended, so that what is due is found by an index.
CREATE TABLE deliveries (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    action_id {key} NOT NULL,
    execution_id {key} NOT NULL,
    fire_at BIGINT NOT NULL,
    receiver TEXT NOT NULL,
    status {key} NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT,
    error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_by_action ON deliveries (guru_id, action_id, id);
CREATE INDEX deliveries_by_execution ON deliveries (execution_id);

-- JSON list of host patterns; NULL for a secret that may go anywhere its action may.
ALTER TABLE secrets ADD COLUMN hosts TEXT;

-- What used it at `last_used_at`: an action's name, or what else it was.
ALTER TABLE secrets ADD COLUMN last_used_by TEXT;
