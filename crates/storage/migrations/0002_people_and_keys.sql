-- Who may come in: people, their sessions and one-time links, and keys for programs.
--
-- Tokens are kept as SHA-256 hashes: they are long and random, so a slow hash would add nothing, and a stolen
-- database opens no door.

-- `email_key` is the address in lower case, made by the caller: the databases differ in what they lower.
CREATE TABLE users (
    id {key} NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key {key} NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role {key} NOT NULL,
    password_hash TEXT,
    user_groups TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE claim_tokens (
    token_hash {bytes} NOT NULL PRIMARY KEY,
    user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX claim_tokens_by_user ON claim_tokens (user_id);

CREATE TABLE sessions (
    token_hash {bytes} NOT NULL PRIMARY KEY,
    user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A key without a guru serves every guru.
CREATE TABLE api_keys (
    id {key} NOT NULL PRIMARY KEY,
    key_hash {bytes} NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    guru_id {key} REFERENCES gurus (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX api_keys_by_guru ON api_keys (guru_id);

CREATE TABLE memberships (
    guru_id {key} NOT NULL REFERENCES gurus (id) ON DELETE CASCADE,
    user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role {key} NOT NULL,
    PRIMARY KEY (guru_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);
