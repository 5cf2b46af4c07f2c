-- What askers thought of answers, links that show a conversation to others, and what language models were asked for.

-- One vote per asker and answer. `voter` is the id of the person or of the key that asked; nothing references them, since
-- history outlives accounts.
CREATE TABLE feedback (
    guru_id {key} NOT NULL,
    turn_id {key} NOT NULL,
    voter {key} NOT NULL,
    vote {key} NOT NULL,
    comment TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (turn_id, voter)
);
CREATE INDEX feedback_by_guru ON feedback (guru_id, turn_id);

-- The hash alone is kept: whoever reads the database can open no link. A link shows what was said before it was made.
CREATE TABLE shares (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    conversation_id {key} NOT NULL,
    token_hash {bytes} NOT NULL UNIQUE,
    audience {key} NOT NULL,
    made_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX shares_by_guru ON shares (guru_id, id);
CREATE INDEX shares_by_conversation ON shares (conversation_id);

-- One row per question to a model, beside the turn's plan, which has the same calls as JSON: sums over months must not
-- read every plan. Turns from before this migration have no rows.
CREATE TABLE model_calls (
    guru_id {key} NOT NULL,
    turn_id {key} NOT NULL,
    seq BIGINT NOT NULL,
    purpose {key} NOT NULL,
    model {key} NOT NULL,
    tries BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cost_micros BIGINT,
    duration_us BIGINT NOT NULL,
    failed BOOLEAN NOT NULL,
    PRIMARY KEY (turn_id, seq)
) {clustered};
CREATE INDEX model_calls_by_guru ON model_calls (guru_id, turn_id);
