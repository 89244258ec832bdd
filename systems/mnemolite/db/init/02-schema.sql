-- The memories, their passages, the queue, and the events.

CREATE TABLE IF NOT EXISTS memories (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source text NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS memories_created_at ON memories (created_at);

CREATE TABLE IF NOT EXISTS passages (
    memory_id uuid NOT NULL REFERENCES memories ON DELETE CASCADE,
    ordinal integer NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (memory_id, ordinal)
);

-- A plain table, read with FOR UPDATE SKIP LOCKED, because pgmq has no order by size and no state to show. Rows that are
-- done are deleted after a day. A memory without a row is done.
CREATE TABLE IF NOT EXISTS queue (
    memory_id uuid PRIMARY KEY REFERENCES memories ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    reason text,
    -- For a running row, due_at is the time from which its worker counts as lost.
    due_at timestamptz NOT NULL DEFAULT now(),
    claim uuid,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS queue_due ON queue (due_at) WHERE state IN ('queued', 'running');

CREATE OR REPLACE VIEW memory_states AS
    SELECT m.id, m.source, coalesce(q.state, 'done') AS state, q.reason, q.attempts, m.created_at
    FROM memories m LEFT JOIN queue q ON q.memory_id = m.id;

CREATE TABLE IF NOT EXISTS events (
    at timestamptz NOT NULL DEFAULT now(),
    memory_id uuid NOT NULL,
    kind text NOT NULL,
    detail text
) PARTITION BY RANGE (at);
CREATE INDEX IF NOT EXISTS events_memory ON events (memory_id, at);
