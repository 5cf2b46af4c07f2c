-- Who saved a version of an action, which groups a member has in a guru, and what a session was begun with.
--
-- All three may be absent: rows from before this migration don't know.

ALTER TABLE action_versions ADD COLUMN author TEXT;

-- JSON list of names. A member's groups in one guru say nothing about another guru.
ALTER TABLE memberships ADD COLUMN member_groups TEXT;

-- What the browser called itself, shortened; shown to its owner, believed by nobody.
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
