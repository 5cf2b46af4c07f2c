-- Who changed what, what requests were answered, and the settings of this installation.

-- Each row's `hash` covers its content and the hash before it, so a changed or removed row breaks the chain.
-- `audit_head` is the chain's end: appending locks it, which puts concurrent appends in order, and a cut-off tail shows.
CREATE TABLE audit_log (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    origin TEXT NOT NULL,
    verb {key} NOT NULL,
    object {key} NOT NULL,
    guru_id {key},
    before_json TEXT,
    after_json TEXT,
    hash {bytes} NOT NULL
);
CREATE INDEX audit_log_by_guru ON audit_log (guru_id, seq);

CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash {bytes} NOT NULL
);

-- Replies by `Idempotency-Key`, per caller; a row without a reply is a request still at work.
CREATE TABLE http_replies (
    caller {key} NOT NULL,
    request_key {key} NOT NULL,
    request_hash {bytes} NOT NULL,
    status BIGINT,
    reply TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (caller, request_key)
);
CREATE INDEX http_replies_by_age ON http_replies (created_at);

CREATE TABLE settings (
    name {key} NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
