-- name: active_source
-- Under which source this desk numbers an agency's facts.
SELECT id, name FROM outbox_source WHERE agency = ? AND kind <> 'archived';

-- name: insert_source
INSERT INTO outbox_source (name, agency, kind) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING;

-- name: source_row
SELECT id FROM outbox_source WHERE name = ?;

-- name: insert_schema
INSERT INTO outbox_schema (fingerprint, text) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: schema_row
SELECT id FROM outbox_schema WHERE fingerprint = ?;

-- name: next_sequence
-- The number that follows a child's last under a source, in what was recorded and in the archives taken in.
SELECT 1 + max(
    coalesce((SELECT max(sequence) FROM outbox_event WHERE child_key = ?1 AND source = ?2), 0),
    coalesce((SELECT last FROM outbox_past WHERE child_key = ?1 AND source = ?2), 0));

-- name: event_by_id
-- What is recorded under an event id.
SELECT e.child_key, s.name AS source, e.sequence, e.recorded_at, e.datum, k.text AS schema
FROM outbox_event e JOIN outbox_source s ON s.id = e.source JOIN outbox_schema k ON k.id = e.schema
WHERE e.event_id = ?;

-- name: insert_event
INSERT INTO outbox_event (event_id, child_key, source, sequence, occurred_at, recorded_at, schema, datum)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_outbox
-- The outbox row of the event with this number; it comes next in its source's account.
INSERT INTO outbox (number, source, running, child_key, since)
VALUES (?1, ?2, 1 + coalesce((SELECT max(running) FROM outbox WHERE source = ?2), 0), ?3,
        (SELECT now FROM outbox_clock));

-- name: claim
-- The oldest ?3 events that wait and that nobody holds; none of a child of whom another holds one, for that one is
-- earlier. A lease that has run out holds nothing.
UPDATE outbox SET claimed_by = ?1, leased_until = (SELECT now FROM outbox_clock) + ?2
WHERE number IN (
    SELECT o.number FROM outbox o
    WHERE o.sent_at IS NULL AND (o.claimed_by IS NULL OR o.leased_until < (SELECT now FROM outbox_clock))
      AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.child_key = o.child_key AND p.claimed_by IS NOT NULL
                      AND p.claimed_by <> ?1 AND p.leased_until >= (SELECT now FROM outbox_clock))
    ORDER BY o.number LIMIT ?3);

-- name: claimed
-- What a relay holds, in the order of recording; found among what is held, however much waits.
SELECT o.number, e.event_id, e.child_key, s.name AS source, e.occurred_at, e.schema, e.datum
FROM outbox o INDEXED BY outbox_claimed JOIN outbox_event e ON e.number = o.number JOIN outbox_source s ON s.id = o.source
WHERE o.claimed_by = ? AND o.sent_at IS NULL ORDER BY o.number;

-- name: mark_sent
-- Acknowledged. Only who holds the claim marks: where another took it over, that one sends it again and marks it.
UPDATE outbox SET sent_at = (SELECT now FROM outbox_clock), partition = ?, "offset" = ?, claimed_by = NULL,
                  leased_until = NULL
WHERE number = ? AND claimed_by = ? AND sent_at IS NULL;

-- name: release_claims
-- What was claimed and not sent is free again.
UPDATE outbox SET claimed_by = NULL, leased_until = NULL WHERE claimed_by = ?;

-- name: schema_text
SELECT text FROM outbox_schema WHERE id = ?;

-- name: has_pending
SELECT EXISTS (SELECT 1 FROM outbox WHERE sent_at IS NULL);

-- name: last_positions
-- By partition the furthest offset at which an event lies. SQLite takes `number` from the row that holds the maximum.
SELECT o.partition, o.place, e.event_id
FROM (SELECT partition, max("offset") AS place, number FROM outbox WHERE "offset" IS NOT NULL GROUP BY partition) o
JOIN outbox_event e ON e.number = o.number;

-- name: resend_all
UPDATE outbox SET sent_at = NULL, partition = NULL, "offset" = NULL WHERE sent_at IS NOT NULL;

-- name: any_sent
SELECT EXISTS (SELECT 1 FROM outbox WHERE sent_at IS NOT NULL);

-- name: cluster
SELECT cluster_id FROM outbox_cluster;

-- name: bind_cluster
INSERT INTO outbox_cluster (one, cluster_id) VALUES (1, ?)
ON CONFLICT (one) DO UPDATE SET cluster_id = excluded.cluster_id;

-- name: desk_topic
-- The topic whose desk this is.
SELECT topic FROM outbox_desk;

-- name: insert_topic
INSERT INTO outbox_desk (one, topic) VALUES (1, ?) ON CONFLICT DO NOTHING;

-- name: batch_by_digest
SELECT id FROM outbox_batch WHERE sha256 = ?;

-- name: insert_batch
INSERT INTO outbox_batch (sha256, taken_at) VALUES (?, (SELECT now FROM outbox_clock));

-- name: insert_batch_source
INSERT INTO outbox_batch_source (batch, source, events, children) VALUES (?, ?, ?, ?);

-- name: create_archive_events
-- What the pass over an archive finds, in a file of this connection's own, so that the desk stays free meanwhile.
CREATE TEMP TABLE archive_events (
    source INTEGER NOT NULL,
    child_key TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    PRIMARY KEY (source, child_key, sequence)
) WITHOUT ROWID;

-- name: drop_archive_events
DROP TABLE IF EXISTS archive_events;

-- name: create_last_archive_events
-- Each child's last number in the archive. SQLite takes `event_id` from the row that holds the maximum.
CREATE TEMP TABLE last_archive_events (source INTEGER NOT NULL, child_key TEXT NOT NULL, last INTEGER NOT NULL, event_id BLOB NOT NULL,
                              PRIMARY KEY (source, child_key)) WITHOUT ROWID;

-- name: fill_last_archive_events
INSERT INTO last_archive_events SELECT source, child_key, max(sequence), event_id FROM archive_events GROUP BY source, child_key;

-- name: drop_last_archive_events
DROP TABLE IF EXISTS last_archive_events;

-- name: insert_archive_event
INSERT INTO archive_events (source, child_key, sequence, event_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: archive_event_counts
SELECT count(*) AS events, count(DISTINCT child_key) AS children FROM archive_events WHERE source = ?;

-- name: last_rows
-- How far this desk has come, in events and in archives taken in.
SELECT coalesce((SELECT max(number) FROM outbox_event), 0), coalesce((SELECT max(id) FROM outbox_batch), 0);

-- name: conflicting_sequence
-- A number of source ?2 that the archive (there ?1) gives to another event than this desk, or than an archive before;
-- of events only those after number ?3, of archives only where there is one after ?4.
SELECT e.child_key, e.sequence FROM outbox_event e CROSS JOIN archive_events t
WHERE e.number > ?3 AND e.source = ?2 AND t.source = ?1 AND t.child_key = e.child_key AND t.sequence = e.sequence
  AND t.event_id <> e.event_id
UNION ALL
SELECT p.child_key, p.last FROM outbox_past p CROSS JOIN archive_events t
WHERE EXISTS (SELECT 1 FROM outbox_batch WHERE id > ?4) AND p.source = ?2 AND t.source = ?1 AND t.child_key = p.child_key AND t.sequence = p.last
  AND t.event_id <> p.last_event_id
LIMIT 1;

-- name: upsert_last_sequences
-- Each child's last number in the archive, where it is further than what was known.
INSERT INTO outbox_past (child_key, source, last, last_event_id)
SELECT child_key, ?2, last, event_id FROM last_archive_events WHERE source = ?1
ON CONFLICT (child_key, source) DO UPDATE SET last = excluded.last, last_event_id = excluded.last_event_id
WHERE excluded.last > last;

-- name: source_status
-- Every source with its account: recorded, waiting and since when, held by a relay now, sent last.
SELECT s.name AS source, s.agency, s.kind,
       (SELECT coalesce(max(running), 0) FROM outbox o WHERE o.source = s.id) AS recorded,
       (SELECT count(*) FROM outbox o INDEXED BY outbox_waiting
        WHERE o.source = s.id AND o.sent_at IS NULL) AS waiting,
       (SELECT min(since) FROM outbox o INDEXED BY outbox_waiting
        WHERE o.source = s.id AND o.sent_at IS NULL) AS waiting_since,
       (SELECT count(*) FROM outbox o INDEXED BY outbox_claimed WHERE o.source = s.id AND o.claimed_by IS NOT NULL
        AND o.leased_until >= (SELECT now FROM outbox_clock)) AS claimed,
       (SELECT max(sent_at) FROM outbox o WHERE o.source = s.id AND o.sent_at IS NOT NULL) AS last_sent_at
FROM outbox_source s ORDER BY s.id;

-- name: batches
-- The archives taken in, with each source's part.
SELECT hex(b.sha256) AS sha256, b.taken_at, s.name AS source, r.events, r.children
FROM outbox_batch b JOIN outbox_batch_source r ON r.batch = b.id JOIN outbox_source s ON s.id = r.source
ORDER BY b.id, s.id;

-- name: pending_sequences
-- How many numbers of a child and source, from the third to the fourth, are still to be sent.
SELECT count(*) FROM outbox o JOIN outbox_event e ON e.number = o.number JOIN outbox_source s ON s.id = e.source
WHERE e.child_key = ?1 AND s.name = ?2 AND e.sequence BETWEEN ?3 AND ?4 AND o.sent_at IS NULL;

-- name: resend_sequences
-- The same numbers, where they were sent, are to be sent again.
UPDATE outbox SET sent_at = NULL, partition = NULL, "offset" = NULL
WHERE sent_at IS NOT NULL AND number IN (
    SELECT e.number FROM outbox_event e JOIN outbox_source s ON s.id = e.source
    WHERE e.child_key = ?1 AND s.name = ?2 AND e.sequence BETWEEN ?3 AND ?4);

-- name: heartbeat_counts
-- How far each source is that this desk numbers under. Running numbers have no gap: what does not wait was acknowledged.
SELECT name, agency, recorded - waiting, waiting, waiting_since
FROM (SELECT s.id, s.name, s.agency,
             (SELECT coalesce(max(running), 0) FROM outbox o WHERE o.source = s.id) AS recorded,
             (SELECT count(*) FROM outbox o INDEXED BY outbox_waiting
              WHERE o.source = s.id AND o.sent_at IS NULL) AS waiting,
             (SELECT min(since) FROM outbox o INDEXED BY outbox_waiting
              WHERE o.source = s.id AND o.sent_at IS NULL) AS waiting_since
      FROM outbox_source s WHERE s.kind <> 'archived')
ORDER BY id;

-- name: upsert_deadline
-- Relay ?1 says now that it is heard again within ?2 ms; null, that it is not. No two statements of a desk are of one
-- time, nor does one go back when the clock does: a reader keeps the latest.
INSERT INTO outbox_promise (relay, stated_at, next_by)
SELECT ?1, at, at + ?2
FROM (SELECT max((SELECT now FROM outbox_clock), 1 + coalesce((SELECT max(stated_at) FROM outbox_promise), 0)) AS at)
WHERE true
ON CONFLICT (relay) DO UPDATE SET stated_at = excluded.stated_at, next_by = excluded.next_by;

-- name: delete_past_deadlines
-- Those of other relays that ended or are past; the newest time is the own one.
DELETE FROM outbox_promise WHERE relay <> ?1 AND coalesce(next_by, 0) < (SELECT now FROM outbox_clock);

-- name: next_deadline
-- What relay ?1 has just said: when, and by when the desk is heard again, if not by it then by another that still works.
SELECT stated_at, coalesce(next_by, (SELECT max(next_by) FROM outbox_promise o WHERE o.next_by > p.stated_at))
FROM outbox_promise p WHERE relay = ?1;
