-- The trigger lab: labelled questions in suites, and what each run over them found.

CREATE TABLE lab_suites (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    name {key} NOT NULL,
    -- The action that it is about, by name, since a suite outlives a deleted action that is made anew; none for the
    -- whole guru.
    action_name {key},
    created_at BIGINT NOT NULL,
    UNIQUE (guru_id, name)
);

-- `content` is a line of a case file as JSON, masked. `turn_id` says which turn of the history it was made from.
CREATE TABLE lab_cases (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    suite_id {key} NOT NULL REFERENCES lab_suites (id) ON DELETE CASCADE,
    content TEXT NOT NULL,
    turn_id {key},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX lab_cases_by_suite ON lab_cases (suite_id, id);

-- `report` is the run's figures as JSON, so that a later run can say what changed.
CREATE TABLE lab_runs (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    suite_id {key} NOT NULL REFERENCES lab_suites (id) ON DELETE CASCADE,
    planner TEXT NOT NULL,
    report TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX lab_runs_by_suite ON lab_runs (suite_id, id);
