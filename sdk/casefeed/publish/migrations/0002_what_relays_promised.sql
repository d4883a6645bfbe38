-- When each relay of this desk said last that it will be heard again, and by when; null where it ended in good order.
CREATE TABLE outbox_promise (
    relay TEXT PRIMARY KEY,
    stated_at INTEGER NOT NULL,
    next_by INTEGER CHECK (next_by > stated_at)
) WITHOUT ROWID;
