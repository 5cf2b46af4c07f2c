-- People who sign in by an identity provider.
--
-- The provider's own name for a person (`subject`) stays theirs for ever; e-mail addresses are given to others when
-- somebody leaves. So an address leads to an account once, and the subject from then on.
CREATE TABLE identities (
    issuer {key} NOT NULL,
    subject {key} NOT NULL,
    user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
-- One account is one person at a provider.
CREATE UNIQUE INDEX identities_by_user ON identities (user_id, issuer);

-- Tries to sign in that are at the provider. What is secret about one is derived from a token that only its browser
-- has; here are hashes, so that each try is finished once, by that browser, in time.
CREATE TABLE sign_in_attempts (
    state_hash {bytes} NOT NULL PRIMARY KEY,
    token_hash {bytes} NOT NULL,
    return_to TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempts_by_expiry ON sign_in_attempts (expires_at);

-- How a session was begun: `password`, `link` or `provider`; absent in those from before this migration.
ALTER TABLE sessions ADD COLUMN begun_with TEXT;
