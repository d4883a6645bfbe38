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
-- How far the partition reached when last looked at.
UPDATE position SET end_offset = max(?, next_offset) WHERE topic = ? AND partition = ?;

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

-- name: hold
-- The log row of a new event; nothing where its id, or its number of child and source, is taken.
INSERT INTO event (event_id, child_key, source, sequence, schema, occurred_at, recorded_at, published_at,
                   received_at, topic, partition, "offset", hash, datum)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: held_hash
-- The hash an event is held with.
SELECT hash FROM event WHERE event_id = ?;

-- name: park
INSERT INTO parked (topic, partition, "offset", digest, child_key, published_at, received_at, reason, detail,
                    key, value, headers)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: refuse
INSERT INTO refused (topic, partition, "offset", digest, received_at, reason, detail)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: events_of_child
-- A child's events with every clock and where each came from.
SELECT e.event_id, s.name AS source, e.sequence, e.occurred_at, e.recorded_at, e.published_at, e.received_at,
       e.topic, e.partition, e."offset", e.schema, e.datum
FROM event e JOIN source s ON s.id = e.source
WHERE e.child_key = ? ORDER BY e.occurred_at, e.recorded_at, e.event_id;

-- name: gaps_of_child
-- Per source: how many numbers are held, the highest, and when something past the gap was first received.
SELECT s.name AS source, count(*) AS held, max(e.sequence) AS highest
FROM event e JOIN source s ON s.id = e.source WHERE e.child_key = ? GROUP BY e.source HAVING held < highest;

-- name: sequences_of_child
SELECT e.sequence, e.received_at FROM event e JOIN source s ON s.id = e.source
WHERE e.child_key = ? AND s.name = ? ORDER BY e.sequence;

-- name: parked_of_child
SELECT id, reason, received_at FROM parked WHERE child_key = ? ORDER BY received_at, id;

-- name: parked_list
SELECT id, topic, partition, "offset", child_key, published_at, received_at, reason, detail, length(value) AS bytes
FROM parked WHERE (?1 IS NULL OR reason = ?1) AND (?2 IS NULL OR topic = ?2) AND (?3 IS NULL OR child_key = ?3)
ORDER BY id LIMIT ?4;

-- name: parked_show
SELECT id, topic, partition, "offset", digest, child_key, published_at, received_at, reason, detail,
       length(key) AS key_bytes, length(value) AS bytes, headers
FROM parked WHERE id = ?;

-- name: parked_counts
-- Parked records per partition.
SELECT topic, partition, count(*) AS parked FROM parked GROUP BY topic, partition;

-- name: counts
SELECT (SELECT count(*) FROM event) AS held, (SELECT count(*) FROM parked) AS parked,
       (SELECT count(*) FROM refused) AS refused;
