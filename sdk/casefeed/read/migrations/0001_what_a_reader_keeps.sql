-- Everything a reader must keep to read each event once: the log, where it stands, what it could not apply.

-- The Kafka cluster whose positions these are.
CREATE TABLE cluster (one INTEGER PRIMARY KEY CHECK (one = 1), cluster_id TEXT NOT NULL);

-- Where each partition stands. `next_offset` moves only by compare-and-set; `last_*` prove it is the same topic.
-- `end_offset` is how far it reached when last looked at, at `seen_at`.
CREATE TABLE position (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    last_offset INTEGER,
    last_digest BLOB,
    end_offset INTEGER NOT NULL,
    seen_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;

-- Schemas by fingerprint, and which number each registry gave them.
CREATE TABLE schema (
    id INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    name TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE registered (
    registry TEXT NOT NULL,
    schema_id INTEGER NOT NULL,
    schema INTEGER NOT NULL REFERENCES schema (id),
    PRIMARY KEY (registry, schema_id)
) WITHOUT ROWID;

CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- Children by number, in the order in which they were first heard of: what happens to children of the same months lies
-- close together, and a batch touches few pages however many children there are.
CREATE TABLE child (id INTEGER PRIMARY KEY, child_key TEXT NOT NULL UNIQUE);

-- The log: every event held, as the bytes it came in. Times are ms UTC.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    event_id BLOB NOT NULL CHECK (length(event_id) = 16),
    child INTEGER NOT NULL REFERENCES child (id),
    source INTEGER NOT NULL REFERENCES source (id),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    schema INTEGER NOT NULL REFERENCES schema (id),
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    datum BLOB NOT NULL
);
CREATE UNIQUE INDEX event_once ON event (event_id);
CREATE UNIQUE INDEX event_in_sequence ON event (child, source, sequence);

-- Records that could not be applied, with their bytes. The same bytes are one problem, however often they come.
-- `child_key` is the child of the Kafka key, `body_child_key` the one the body names where it is another.
CREATE TABLE parked (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    child_key TEXT,
    body_child_key TEXT,
    published_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    key BLOB,
    value BLOB,
    headers TEXT NOT NULL,
    UNIQUE (topic, digest)
);
CREATE INDEX parked_of_child ON parked (child_key) WHERE child_key IS NOT NULL;
CREATE INDEX parked_of_body_child ON parked (body_child_key) WHERE body_child_key IS NOT NULL;

-- A parked record as it may be shown: without its bytes. `applied`: the same datum (the value without its frame)
-- came again and could be read, so it lies in the log of one of the children as well.
CREATE VIEW parked_record AS
SELECT p.id, p.topic, p.partition, p."offset", p.digest, p.child_key, p.body_child_key, p.published_at, p.received_at, p.reason,
       p.detail, length(p.key) AS key_bytes, length(p.value) AS value_bytes, p.headers,
       EXISTS (SELECT 1 FROM event e JOIN child c ON c.id = e.child WHERE c.child_key IN (p.child_key, p.body_child_key)
               AND e.datum = substr(p.value, 6)) AS applied
FROM parked p;

-- Records that may not be here: where they lay, their digest and why, never their bytes.
CREATE TABLE refused (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    received_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    UNIQUE (topic, digest)
);
