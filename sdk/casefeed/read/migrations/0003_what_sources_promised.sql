-- The last heartbeat of each recording store, by the sender's clock. `next_by` is null where it ended in good order and
-- promised none, `ended_by` the decision since which none is expected. Times are ms UTC.
CREATE TABLE heartbeat (
    source TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    agency TEXT NOT NULL,
    stated_at INTEGER NOT NULL,
    next_by INTEGER,
    sent INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    waiting_since INTEGER,
    published_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    ended_by INTEGER REFERENCES decision (id)
) WITHOUT ROWID;
