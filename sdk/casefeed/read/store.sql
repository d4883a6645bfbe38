-- name: cluster
-- The cluster whose positions these are.
SELECT cluster_id FROM cluster;

-- name: bind_cluster
-- From now on the positions are this cluster's.
INSERT INTO cluster (one, cluster_id) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET cluster_id = excluded.cluster_id;

-- name: positions
-- Where every partition stands.
SELECT topic, partition, next_offset, last_offset, last_digest, end_offset FROM position ORDER BY topic, partition;

-- name: start_position
-- A partition read for the first time.
INSERT INTO position (topic, partition, next_offset, end_offset) VALUES (?, ?, ?, ?);

-- name: rewind
-- Read a partition again from this offset.
UPDATE position SET next_offset = ?, end_offset = ?, last_offset = NULL, last_digest = NULL
WHERE topic = ? AND partition = ?;

-- name: move
-- Compare and set: a reader that lost its partition finds the old offset gone, and cannot write.
UPDATE position SET next_offset = ?, last_offset = coalesce(?, last_offset), last_digest = coalesce(?, last_digest)
WHERE topic = ? AND partition = ? AND next_offset = ?;

-- name: see_end
-- How far the partition reached when last looked at, and when that was. What is behind now was not when last looked at.
UPDATE position SET end_offset = max(?1, next_offset), seen_at = ?2,
                    behind_since = CASE WHEN ?1 > next_offset THEN coalesce(behind_since, nullif(seen_at, 0), ?2) END
WHERE topic = ?3 AND partition = ?4;

-- name: applied_last
-- The clocks of the event that a partition gave last.
UPDATE position SET occurred_at = ?, recorded_at = ?, published_at = ?, received_at = ? WHERE topic = ? AND partition = ?;

-- name: stands
-- Where every partition stands, also in time.
SELECT topic, partition, next_offset, end_offset, seen_at, behind_since, occurred_at, recorded_at, published_at, received_at
FROM position ORDER BY topic, partition;

-- name: keep_schema
-- A schema is kept once, by fingerprint.
INSERT INTO schema (fingerprint, name, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: schema_row
SELECT id FROM schema WHERE fingerprint = ?;

-- name: schema_by_row
SELECT fingerprint, name, text FROM schema WHERE id = ?;

-- name: keep_registered
-- A registry's number for a schema never changes; a registry that was made anew gives new ones.
INSERT INTO registered (registry, schema_id, schema) VALUES (?, ?, ?)
ON CONFLICT (registry, schema_id) DO UPDATE SET schema = excluded.schema;

-- name: registered
-- The numbers known of one registry.
SELECT r.schema_id, s.fingerprint, s.text FROM registered r JOIN schema s ON s.id = r.schema WHERE r.registry = ?;

-- name: keep_source
INSERT INTO source (name) VALUES (?) ON CONFLICT DO NOTHING;

-- name: source_row
SELECT id FROM source WHERE name = ?;

-- name: last_child
-- The highest number of a child.
SELECT coalesce(max(id), 0) FROM child;

-- name: children_among
-- The numbers of those of so many keys that are known.
SELECT child_key, id FROM child WHERE child_key IN (:many);

-- name: keep_child
INSERT INTO child (id, child_key) VALUES (?, ?);

-- name: last_event
-- The highest number of the log.
SELECT coalesce(max(seq), 0) FROM event;

-- name: held_among
-- The hashes of those of so many event ids that are held.
SELECT event_id, hash FROM event WHERE event_id IN (:many);

-- name: hold
-- The log row of a new event; fails where its id, or its number of child and source, is taken.
INSERT INTO event (seq, event_id, child, source, sequence, schema, occurred_at, recorded_at, published_at,
                   received_at, topic, partition, "offset", hash, datum)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: park
INSERT INTO parked (topic, partition, "offset", digest, child_key, body_child_key, published_at, received_at, reason,
                    detail, key, value, headers)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: refuse
INSERT INTO refused (topic, partition, "offset", digest, received_at, reason, detail)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: events_of_child
-- A child's events with every clock and where each came from.
SELECT e.event_id, s.name AS source, e.sequence, e.occurred_at, e.recorded_at, e.published_at, e.received_at,
       e.topic, e.partition, e."offset", e.schema, e.datum
FROM event e JOIN child c ON c.id = e.child JOIN source s ON s.id = e.source
WHERE c.child_key = ? ORDER BY e.occurred_at, e.recorded_at, e.event_id;

-- name: numbers_of_child
-- The numbers held of a child, per source, and when each was received.
SELECT s.name AS source, e.sequence, e.received_at
FROM event e JOIN child c ON c.id = e.child JOIN source s ON s.id = e.source
WHERE c.child_key = ? ORDER BY s.name, e.sequence;

-- name: uncertain_among
-- Which of these children (a list of keys as JSON) have a gap in a sequence, or a parked record not applied since.
SELECT c.child_key FROM child c JOIN event e ON e.child = c.id WHERE c.child_key IN (SELECT value FROM json_each(?1))
GROUP BY c.id, e.source HAVING count(*) < max(e.sequence)
UNION
SELECT child_key FROM parked_record WHERE child_key IN (SELECT value FROM json_each(?1)) AND NOT applied
UNION
SELECT body_child_key FROM parked_record WHERE body_child_key IN (SELECT value FROM json_each(?1)) AND NOT applied;

-- name: parked_of_child
SELECT * FROM parked_record WHERE child_key = ?1 OR body_child_key = ?1 ORDER BY id;

-- name: parked_one
SELECT * FROM parked_record WHERE id = ?;

-- name: parked_list
-- Parked records, the first parked first; each filter may be NULL.
SELECT * FROM parked_record
WHERE (?1 IS NULL OR reason = ?1) AND (?2 IS NULL OR topic = ?2) AND (?3 IS NULL OR child_key = ?3 OR body_child_key = ?3)
ORDER BY id LIMIT ?4;

-- name: parked_count
SELECT count(*) FROM parked
WHERE (?1 IS NULL OR reason = ?1) AND (?2 IS NULL OR topic = ?2) AND (?3 IS NULL OR child_key = ?3 OR body_child_key = ?3);

-- name: parked_counts
-- Parked records per partition that are still a gap.
SELECT topic, partition, count(*) AS parked FROM parked_record WHERE NOT applied GROUP BY topic, partition;

-- name: parked_by_reason
-- Parked records per reason that are still a gap.
SELECT reason, count(*) AS parked FROM parked_record WHERE NOT applied GROUP BY reason ORDER BY reason;

-- name: counts
SELECT (SELECT count(*) FROM event) AS held, (SELECT count(*) FROM parked) AS parked,
       (SELECT count(*) FROM refused) AS refused;

-- name: ends_seen_at
-- When the ends were last looked at, the longest ago of all partitions; 0 where one was never looked at.
SELECT min(seen_at) FROM position;

-- name: keep_heartbeat
-- The last word of a source; one that comes late, or again, changes nothing.
INSERT INTO heartbeat (source, topic, agency, stated_at, next_by, sent, waiting, waiting_since, published_at, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source) DO UPDATE SET topic = excluded.topic, agency = excluded.agency, stated_at = excluded.stated_at,
    next_by = excluded.next_by, sent = excluded.sent, waiting = excluded.waiting, waiting_since = excluded.waiting_since,
    published_at = excluded.published_at, received_at = excluded.received_at
WHERE excluded.stated_at > stated_at;

-- name: heartbeats
SELECT source, topic, agency, stated_at, next_by, sent, waiting, waiting_since, published_at, received_at
FROM heartbeat ORDER BY topic, source;
