-- How a script ended, beside its status: the reason in one word, its exit code and the line at which it failed. Rows
-- from before have none. The reason is not indexed: it is read with a row, never searched by.
ALTER TABLE executions ADD COLUMN end_reason {key};
ALTER TABLE executions ADD COLUMN exit_code BIGINT;
ALTER TABLE executions ADD COLUMN end_line BIGINT;
