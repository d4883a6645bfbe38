-- What keeps a child's case from being known whole, and what people decided about it.

-- Numbers of a child and source that are missing below one that is held, from `first` to `last`. `past`: the event past
-- the gap that came first; it was received when the gap was noticed.
CREATE TABLE gap (
    child INTEGER NOT NULL REFERENCES child (id),
    source INTEGER NOT NULL REFERENCES source (id),
    first INTEGER NOT NULL CHECK (first > 0),
    last INTEGER NOT NULL CHECK (last >= first),
    past INTEGER NOT NULL REFERENCES event (seq),
    PRIMARY KEY (child, source, first)
) WITHOUT ROWID;

INSERT INTO gap (child, source, first, last, past)
SELECT g.child, g.source, g.before + 1, g.sequence - 1,
       (SELECT min(e.seq) FROM event e WHERE e.child = g.child AND e.source = g.source AND e.sequence >= g.sequence)
FROM (SELECT child, source, sequence, lag(sequence, 1, 0) OVER (PARTITION BY child, source ORDER BY sequence) AS before
      FROM event) g
WHERE g.sequence > g.before + 1;

-- A gap with its words.
CREATE VIEW open_gap AS
SELECT c.child_key, s.name AS source, g.first, g.last, e.received_at AS since, e.event_id AS past_event_id, e.topic
FROM gap g JOIN child c ON c.id = g.child JOIN source s ON s.id = g.source JOIN event e ON e.seq = g.past;

-- From when on a rule acts: it derives nothing from what was noticed before.
CREATE TABLE rule (name TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;

-- What a person decided: to judge parked records again, or to close them as they are; to give missing numbers up, or to wait
-- for them again; to expect nothing more of a source. `filter`: which, as JSON. Counts are of records, gaps or sources:
-- applied, held already, closed, reopened, refused, parked still.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    what TEXT NOT NULL CHECK (what IN ('redrive', 'close', 'close-gaps', 'reopen-gaps', 'end-source')),
    at INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    reason TEXT NOT NULL,
    filter TEXT NOT NULL,
    applied INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0,
    closed INTEGER NOT NULL DEFAULT 0,
    reopened INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    parked INTEGER NOT NULL DEFAULT 0
);

-- Numbers of a child and source that `decision` gave up, until another reopened them.
CREATE TABLE closed_gap (
    child INTEGER NOT NULL REFERENCES child (id),
    source INTEGER NOT NULL REFERENCES source (id),
    first INTEGER NOT NULL CHECK (first > 0),
    last INTEGER NOT NULL CHECK (last >= first),
    decision INTEGER NOT NULL REFERENCES decision (id),
    reopened_by INTEGER REFERENCES decision (id),
    PRIMARY KEY (child, source, first, decision)
) WITHOUT ROWID;

-- What is given up now, with its words; `missing`: how many of the numbers have not come since.
CREATE VIEW given_up AS
SELECT c.child_key, s.name AS source, g.first, g.last,
       g.last - g.first + 1 - (SELECT count(*) FROM event e WHERE e.child = g.child AND e.source = g.source
                               AND e.sequence BETWEEN g.first AND g.last) AS missing,
       g.decision, d.at, d."by", d.reason
FROM closed_gap g JOIN child c ON c.id = g.child JOIN source s ON s.id = g.source JOIN decision d ON d.id = g.decision
WHERE g.reopened_by IS NULL;

-- The event that a parked record says it is, where it says so; unknown of what an earlier release parked.
ALTER TABLE parked ADD COLUMN event_id BLOB CHECK (length(event_id) = 16);
-- The decision by which it was judged again last, and why it stayed parked then.
ALTER TABLE parked ADD COLUMN tried_by INTEGER REFERENCES decision (id);
ALTER TABLE parked ADD COLUMN reason_now TEXT;
ALTER TABLE parked ADD COLUMN detail_now TEXT;
-- The decision that ended it, and how: what was refused has no bytes any more.
ALTER TABLE parked ADD COLUMN ended_by INTEGER REFERENCES decision (id);
ALTER TABLE parked ADD COLUMN ended_as TEXT CHECK (ended_as IN ('redriven', 'held', 'closed', 'refused'));

-- A parked record as it may be shown: without its bytes. `healed`: what it tells lies in the log, for the same datum
-- (the value without its frame) came again and could be read, or the event that it says it is did, whole, of the same
-- child. One that contradicts the event of that id says something else. `state`: 'open' while it is a gap.
DROP VIEW parked_record;
CREATE VIEW parked_record AS
SELECT q.*, CASE WHEN q.ended_by IS NOT NULL THEN q.ended_as WHEN q.healed THEN 'applied' ELSE 'open' END AS state
FROM (
    SELECT p.id, p.topic, p.partition, p."offset", p.digest, p.child_key, p.body_child_key, p.published_at, p.received_at,
           p.reason, p.detail, p.event_id, p.tried_by, p.reason_now, p.detail_now, p.ended_by, p.ended_as,
           length(p.key) AS key_bytes, length(p.value) AS value_bytes, p.headers,
           EXISTS (SELECT 1 FROM event e JOIN child c ON c.id = e.child
                   WHERE c.child_key IN (p.child_key, p.body_child_key) AND e.datum = substr(p.value, 6))
           OR (coalesce(p.reason_now, p.reason) <> 'same-id-other-bytes'
               AND EXISTS (SELECT 1 FROM event e JOIN child c ON c.id = e.child
                           WHERE e.event_id = p.event_id
                             AND (p.child_key IS NULL OR c.child_key IN (p.child_key, p.body_child_key)))) AS healed
    FROM parked p
) q;
