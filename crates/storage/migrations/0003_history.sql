-- What happened: conversations, turns, executions and the event log.
--
-- Nothing here references gurus, users or each other. History outlives what it tells of (a deleted action's runs stay
-- readable), and thousands of rows a second must not lock or look up their guru's row. Deleting a guru deletes its
-- history by query.

-- The owner is a person or a key, at most one of them; `external_user_id` is the caller's own word and proves nothing.
CREATE TABLE conversations (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL,
    title TEXT NOT NULL,
    source {key} NOT NULL,
    user_id {key},
    api_key_id {key},
    external_user_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX conversations_by_user ON conversations (guru_id, user_id, updated_at, id);
CREATE INDEX conversations_by_key ON conversations (guru_id, api_key_id, updated_at, id);

CREATE TABLE turns (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL,
    conversation_id {key} NOT NULL,
    question TEXT NOT NULL,
    answer TEXT,
    plan TEXT,
    status {key} NOT NULL,
    source {key} NOT NULL,
    lease_owner {key} NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX turns_by_conversation ON turns (conversation_id, id);
CREATE INDEX turns_by_guru ON turns (guru_id, id);
CREATE INDEX turns_open ON turns (id) WHERE status = 'running';

-- Ids are UUIDv7 and so sort by birth: `id` is at once the order of the list and its time filter. Each filter of the
-- history has an index that ends in `id`, so that the first page never sorts. Whoever runs an execution holds a lease:
-- `lease_fence` grows with each holder, and a result under an older fence is refused.
CREATE TABLE executions (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL,
    action_id {key} NOT NULL,
    action_name {key} NOT NULL,
    action_version BIGINT NOT NULL,
    kind {key} NOT NULL,
    source {key} NOT NULL,
    status {key} NOT NULL,
    turn_id {key},
    conversation_id {key},
    parent_id {key},
    user_id {key},
    question TEXT NOT NULL,
    arguments TEXT NOT NULL,
    output TEXT,
    output_truncated BOOLEAN NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    duration_us BIGINT,
    lease_owner {key},
    lease_fence BIGINT NOT NULL
);
CREATE INDEX executions_by_guru ON executions (guru_id, id);
CREATE INDEX executions_by_action ON executions (guru_id, action_id, id);
CREATE INDEX executions_by_status ON executions (guru_id, status, id);
CREATE INDEX executions_by_source ON executions (guru_id, source, id);
CREATE INDEX executions_by_turn ON executions (turn_id, id) WHERE turn_id IS NOT NULL;
CREATE INDEX executions_open ON executions (id) WHERE status IN ('queued', 'running');

-- The log itself. `stream_id` is a turn's or an execution's id; `payload` is the event as JSON, already masked, in the
-- format that `version` numbers.
CREATE TABLE events (
    stream_id {key} NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    type {key} NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (stream_id, seq)
) {clustered};

-- A write effect's key (turn, action version, arguments): the first execution to take it is the only one to act.
CREATE TABLE write_keys (
    guru_id {key} NOT NULL,
    write_key {key} NOT NULL,
    execution_id {key} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (guru_id, write_key)
);
CREATE INDEX write_keys_by_execution ON write_keys (execution_id);
