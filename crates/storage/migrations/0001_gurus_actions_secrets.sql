-- What builders make: gurus, their actions and their secrets.
--
-- Types are TEXT, BIGINT, DOUBLE PRECISION, BOOLEAN and bytes only, since both databases know these. {key} is text
-- compared byte by byte on both (PostgreSQL would otherwise sort ids and names by its locale, and differently from
-- SQLite). Ids, times (milliseconds since 1970, UTC) and JSON text are made by the caller, so nothing here has a
-- default that the database computes.

-- `revision` counts every change of the guru's settings, actions and secrets. A node that caches a guru compares it
-- instead of listening for messages, so a lost message can't leave a node acting on old rules.
CREATE TABLE gurus (
    id {key} NOT NULL PRIMARY KEY,
    slug {key} NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- `definition` is the action file, the one versioned format of an action: what is exported is what is stored.
CREATE TABLE actions (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    name {key} NOT NULL,
    version BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    tested_version BIGINT,
    disabled_reason TEXT,
    definition TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (guru_id, name)
);

-- History names the version that ran, so versions are kept as long as their action.
CREATE TABLE action_versions (
    action_id {key} NOT NULL REFERENCES actions (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    definition TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (action_id, version)
);

-- Which secrets an action names. No reference to `secrets`: an imported action may name one that is still missing.
CREATE TABLE action_secrets (
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    secret_name {key} NOT NULL,
    action_id {key} NOT NULL REFERENCES actions (id) ON DELETE CASCADE,
    PRIMARY KEY (guru_id, secret_name, action_id)
);
CREATE INDEX action_secrets_by_action ON action_secrets (action_id);

-- What a planner computed from an action, per model; a vector of an older version of the action counts as absent.
CREATE TABLE action_vectors (
    action_id {key} NOT NULL REFERENCES actions (id) ON DELETE CASCADE,
    model {key} NOT NULL,
    version BIGINT NOT NULL,
    vectors {bytes} NOT NULL,
    PRIMARY KEY (action_id, model)
);

-- `sealed` is opaque here: the value encrypted under a data key that is wrapped by a master key, with guru, name and
-- version bound in.
CREATE TABLE secrets (
    id {key} NOT NULL PRIMARY KEY,
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    name {key} NOT NULL,
    version BIGINT NOT NULL,
    sealed {bytes} NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (guru_id, name)
);
