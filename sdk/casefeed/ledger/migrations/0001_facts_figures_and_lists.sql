-- What ICE derives from the log, in the same file and the same transactions.

-- A child's case: its facts (casefeed.case.Fact), in their order, without any personal value. `child` is the child's
-- number in the reader's table. Times are ms UTC.
CREATE TABLE fact (
    child INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    area TEXT NOT NULL,
    about TEXT NOT NULL,
    holds INTEGER NOT NULL,
    finding INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (child, occurred_at, recorded_at, event_id)
) WITHOUT ROWID;

-- The counters of the figures: a figure on (as-of, known-by) is the sum of the steps not later than either.
-- Days are UTC days since 1970-01-01.
CREATE TABLE figure_step (
    figure TEXT NOT NULL,
    day_true INTEGER NOT NULL,
    day_known INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (figure, day_true, day_known)
) WITHOUT ROWID;

-- What people list: one row per absence, missed hearing, or release address that mail cannot reach.
-- `since` and `ended` are ms UTC.
CREATE TABLE listed (
    list TEXT NOT NULL CHECK (list IN ('absences', 'failures', 'addresses')),
    area TEXT NOT NULL,
    since INTEGER NOT NULL,
    child INTEGER NOT NULL,
    about TEXT NOT NULL,
    what TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    ended INTEGER,
    PRIMARY KEY (list, area, since, child, about)
) WITHOUT ROWID;
CREATE INDEX listed_of_child ON listed (child, list);
CREATE INDEX listed_since ON listed (list, since);
