-- What a desk keeps: who it is, what it recorded, what of that is still to be sent, and what lies before it.
-- Every name begins with `outbox`, for an agency's other tables may lie in the same file. Times are ms UTC.

-- The database's clock, by which leases begin and end: whoever writes this file shares it.
CREATE VIEW outbox_clock AS SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS now;

-- Whose desk this is: the topic that its events go to, and no other.
CREATE TABLE outbox_desk (one INTEGER PRIMARY KEY CHECK (one = 1), topic TEXT NOT NULL);

-- Recording stores by the id that events carry. `minted`: made here. `adopted`: an archive's, which this desk goes on
-- with. `archived`: an archive's, in which this desk numbers nothing. A desk numbers under one source an agency.
CREATE TABLE outbox_source (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
        CHECK (length(name) BETWEEN 3 AND 40 AND name GLOB '[a-z]*' AND name NOT GLOB '*[^a-z0-9-]*'),
    agency TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('minted', 'adopted', 'archived'))
);
CREATE UNIQUE INDEX outbox_source_in_use ON outbox_source (agency) WHERE kind <> 'archived';

-- Schemas by fingerprint: what waits while a release changes the packaged one is still sent as it was recorded.
CREATE TABLE outbox_schema (
    id INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    text TEXT NOT NULL
);

-- Archives taken in, by their sha256.
CREATE TABLE outbox_batch (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    taken_at INTEGER NOT NULL
);
CREATE TABLE outbox_batch_source (
    batch INTEGER NOT NULL REFERENCES outbox_batch (id),
    source INTEGER NOT NULL REFERENCES outbox_source (id),
    events INTEGER NOT NULL CHECK (events > 0),
    children INTEGER NOT NULL CHECK (children BETWEEN 1 AND events),
    PRIMARY KEY (batch, source)
) WITHOUT ROWID;

-- Where each child's numbers stand in the archives taken in, and which event holds the last one.
CREATE TABLE outbox_past (
    child_key TEXT NOT NULL,
    source INTEGER NOT NULL REFERENCES outbox_source (id),
    last INTEGER NOT NULL CHECK (last > 0),
    last_event_id BLOB NOT NULL CHECK (length(last_event_id) = 16),
    PRIMARY KEY (child_key, source)
) WITHOUT ROWID;

-- What was recorded here, as the bytes it is sent in. `number` is the order of recording.
CREATE TABLE outbox_event (
    number INTEGER PRIMARY KEY,
    event_id BLOB NOT NULL UNIQUE CHECK (length(event_id) = 16),
    child_key TEXT NOT NULL CHECK (length(child_key) = 16),
    source INTEGER NOT NULL REFERENCES outbox_source (id),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL CHECK (recorded_at >= occurred_at),
    schema INTEGER NOT NULL REFERENCES outbox_schema (id),
    datum BLOB NOT NULL,
    UNIQUE (child_key, source, sequence)
);

-- A child's numbers have no gap and none is given twice, whoever writes here.
CREATE TRIGGER outbox_event_in_sequence BEFORE INSERT ON outbox_event
WHEN NEW.sequence <> 1 + max(
    coalesce((SELECT max(sequence) FROM outbox_event WHERE child_key = NEW.child_key AND source = NEW.source), 0),
    coalesce((SELECT last FROM outbox_past WHERE child_key = NEW.child_key AND source = NEW.source), 0))
BEGIN SELECT RAISE(ABORT, 'a number that is not the next of its child and source'); END;

CREATE TRIGGER outbox_event_never_changes BEFORE UPDATE ON outbox_event
BEGIN SELECT RAISE(ABORT, 'an event never changes'); END;

-- What is to be sent, and what was. `running` counts a source's events without a gap; `since` is when it was put here.
-- A claim is a lease: it counts while `leased_until` is not past by the database's clock. "offset" is null where the
-- broker had taken the batch before and did not say where.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY REFERENCES outbox_event (number),
    source INTEGER NOT NULL REFERENCES outbox_source (id),
    running INTEGER NOT NULL CHECK (running > 0),
    child_key TEXT NOT NULL,
    since INTEGER NOT NULL,
    claimed_by TEXT,
    leased_until INTEGER,
    sent_at INTEGER,
    partition INTEGER,
    "offset" INTEGER,
    UNIQUE (source, running),
    CHECK ((claimed_by IS NULL) = (leased_until IS NULL)),
    CHECK (sent_at IS NULL OR claimed_by IS NULL),
    CHECK ((sent_at IS NULL) = (partition IS NULL)),
    CHECK ("offset" IS NULL OR sent_at IS NOT NULL)
);
CREATE INDEX outbox_waiting ON outbox (number) WHERE sent_at IS NULL;
CREATE INDEX outbox_claimed ON outbox (child_key) WHERE claimed_by IS NOT NULL;
CREATE INDEX outbox_sent ON outbox (source, sent_at) WHERE sent_at IS NOT NULL;

CREATE TRIGGER outbox_without_a_gap BEFORE INSERT ON outbox
WHEN NEW.running <> 1 + coalesce((SELECT max(running) FROM outbox WHERE source = NEW.source), 0)
BEGIN SELECT RAISE(ABORT, 'a running number that is not the next of its source'); END;

-- The Kafka cluster that what is sent went to.
CREATE TABLE outbox_cluster (one INTEGER PRIMARY KEY CHECK (one = 1), cluster_id TEXT NOT NULL);
