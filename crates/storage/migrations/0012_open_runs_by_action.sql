-- Whether a schedule's run before has ended is asked for each of its firings. By this index that looks at the few runs that
-- wait or go on, however long the action's history is; a run that ends soon after it began is never in it.
CREATE INDEX executions_open_by_action ON executions (action_id) WHERE status IN ('queued', 'running');
