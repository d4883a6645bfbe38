-- name: cluster
-- The cluster whose positions these are.
SELECT cluster_id FROM cluster;

-- name: upsert_cluster
-- From now on the positions are this cluster's.
INSERT INTO cluster (one, cluster_id) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET cluster_id = excluded.cluster_id;

-- name: positions
-- Where every partition stands.
SELECT topic, partition, next_offset, last_offset, last_digest, end_offset FROM position ORDER BY topic, partition;

-- name: insert_position
-- A partition read for the first time.
INSERT INTO position (topic, partition, next_offset, end_offset) VALUES (?, ?, ?, ?);

-- name: rewind_position
-- Read a partition again from this offset.
UPDATE position SET next_offset = ?, end_offset = ?, last_offset = NULL, last_digest = NULL
WHERE topic = ? AND partition = ?;

-- name: update_position
-- Compare and set: a reader that lost its partition finds the old offset gone, and cannot write.
UPDATE position SET next_offset = ?, last_offset = coalesce(?, last_offset), last_digest = coalesce(?, last_digest)
WHERE topic = ? AND partition = ? AND next_offset = ?;

-- name: update_end_offset
-- How far the partition reached when last looked at, and when that was. What is behind now was not when last looked at.
UPDATE position SET end_offset = max(?1, next_offset), seen_at = ?2,
                    behind_since = CASE WHEN ?1 > next_offset THEN coalesce(behind_since, nullif(seen_at, 0), ?2) END
WHERE topic = ?3 AND partition = ?4;

-- name: update_last_applied
-- The clocks of the event that a partition gave last.
UPDATE position SET occurred_at = ?, recorded_at = ?, published_at = ?, received_at = ? WHERE topic = ? AND partition = ?;

-- name: partition_lags
-- Where every partition stands, also in time.
SELECT topic, partition, next_offset, end_offset, seen_at, behind_since, occurred_at, recorded_at, published_at, received_at
FROM position ORDER BY topic, partition;

-- name: insert_schema
-- A schema is kept once, by fingerprint.
INSERT INTO schema (fingerprint, name, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: schema_id
SELECT id FROM schema WHERE fingerprint = ?;

-- name: schema_by_id
SELECT fingerprint, name, text FROM schema WHERE id = ?;

-- name: upsert_registered_schema
-- A registry's number for a schema never changes; a registry that was made anew gives new ones.
INSERT INTO registered (registry, schema_id, schema) VALUES (?, ?, ?)
ON CONFLICT (registry, schema_id) DO UPDATE SET schema = excluded.schema;

-- name: registered_schemas
-- The numbers known of one registry.
SELECT r.schema_id, s.fingerprint, s.text FROM registered r JOIN schema s ON s.id = r.schema WHERE r.registry = ?;

-- name: insert_source
INSERT INTO source (name) VALUES (?) ON CONFLICT DO NOTHING;

-- name: source_id
SELECT id FROM source WHERE name = ?;

-- name: last_child_id
-- The highest number of a child.
SELECT coalesce(max(id), 0) FROM child;

-- name: child_ids
-- The numbers of those of so many keys that are known.
SELECT child_key, id FROM child WHERE child_key IN (:many);

-- name: insert_child
INSERT INTO child (id, child_key) VALUES (?, ?);

-- name: last_seq
-- The highest number of the log.
SELECT coalesce(max(seq), 0) FROM event;

-- name: event_hashes
-- The hashes of those of so many event ids that are held.
SELECT event_id, hash FROM event WHERE event_id IN (:many);

-- name: insert_event
-- The log row of a new event; fails where its id, or its number of child and source, is taken.
INSERT INTO event (seq, event_id, child, source, sequence, schema, occurred_at, recorded_at, published_at,
                   received_at, topic, partition, "offset", hash, datum)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_parked
INSERT INTO parked (topic, partition, "offset", digest, child_key, body_child_key, published_at, received_at, reason,
                    detail, event_id, key, value, headers)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: insert_refused
INSERT INTO refused (topic, partition, "offset", digest, received_at, reason, detail)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: events_of_child
-- A child's events with every clock and where each came from.
SELECT e.event_id, s.name AS source, e.sequence, e.occurred_at, e.recorded_at, e.published_at, e.received_at,
       e.topic, e.partition, e."offset", e.schema, e.datum
FROM event e JOIN child c ON c.id = e.child JOIN source s ON s.id = e.source
WHERE c.child_key = ? ORDER BY e.occurred_at, e.recorded_at, e.event_id;

-- name: sequences_to_check
-- Of the events past a place of the log: each whose number does not follow one that is held, or whose child and source
-- have a gap.
SELECT e.child, e.source FROM event e
WHERE e.seq > ?1
  AND (e.sequence > 1 AND NOT EXISTS (SELECT 1 FROM event p WHERE p.child = e.child AND p.source = e.source
                                      AND p.sequence = e.sequence - 1)
       OR EXISTS (SELECT 1 FROM gap g WHERE g.child = e.child AND g.source = e.source));

-- name: sequence_numbers
-- The numbers held of a child and source, each with its place in the log.
SELECT sequence, seq FROM event WHERE child = ? AND source = ? ORDER BY sequence;

-- name: delete_gaps
DELETE FROM gap WHERE child = ? AND source = ?;

-- name: closed_ranges
-- The runs of numbers of a child and source that were given up, by first.
SELECT first, last FROM closed_gap WHERE child = ? AND source = ? AND reopened_by IS NULL ORDER BY first;

-- name: insert_gap
INSERT INTO gap (child, source, first, last, past) VALUES (?, ?, ?, ?, ?);

-- name: gaps_of_child
SELECT child_key, source, first, last, since, past_event_id FROM open_gap WHERE child_key = ? ORDER BY source, first;

-- name: gap_list
-- Gaps, the longest open first, and how many pass in all; each filter may be NULL. ?1: keys of a child as a list in JSON.
SELECT child_key, source, first, last, since, past_event_id, count(*) OVER () AS passing FROM open_gap
WHERE (?1 IS NULL OR child_key IN (SELECT value FROM json_each(?1))) AND (?2 IS NULL OR source = ?2)
  AND (?3 IS NULL OR since >= ?3)
  AND (?4 IS NULL OR since < ?4)
ORDER BY since, child_key, source, first LIMIT ?5;

-- name: closed_gap_list
-- What was given up and has not come since, the last given up first, and how many pass in all; each filter may be NULL,
-- the first is a list of keys in JSON.
SELECT child_key, source, first, last, missing, decision, at, "by", reason, count(*) OVER () AS passing FROM given_up
WHERE missing > 0 AND (?1 IS NULL OR child_key IN (SELECT value FROM json_each(?1))) AND (?2 IS NULL OR source = ?2)
ORDER BY decision DESC, child_key, source, first LIMIT ?3;

-- name: closed_gaps_of_children
-- The same under some keys (a list in JSON), by source and number.
SELECT u.child_key, u.source, u.first, u.last, u.missing, u.decision, u.at, u."by", u.reason
FROM json_each(?1) k CROSS JOIN given_up u ON u.child_key = k.value WHERE u.missing > 0
ORDER BY u.child_key, u.source, u.first;

-- name: closed_gap_counts
SELECT count(*) AS gaps, coalesce(sum(missing), 0) AS numbers FROM given_up WHERE missing > 0;

-- name: missing_ranges_matching
-- The missing runs of numbers under some keys (a list in JSON), of a source, from and to a number (each may be NULL), of
-- gaps that were noticed by a place of the log.
SELECT c.id, s.id, c.child_key, s.name, max(g.first, coalesce(?3, g.first)), min(g.last, coalesce(?4, g.last))
FROM gap g JOIN child c ON c.id = g.child JOIN source s ON s.id = g.source
WHERE (?1 IS NULL OR c.child_key IN (SELECT value FROM json_each(?1))) AND (?2 IS NULL OR s.name = ?2)
  AND g.last >= coalesce(?3, g.last) AND g.first <= coalesce(?4, g.first) AND g.past <= ?5
ORDER BY c.child_key, s.name, g.first;

-- name: closed_ranges_matching
-- The same of what was given up and has not come since, each as it was given up.
SELECT c.id, s.id, u.child_key, u.source, u.first, u.last FROM given_up u
JOIN child c ON c.child_key = u.child_key JOIN source s ON s.name = u.source
WHERE u.missing > 0 AND (?1 IS NULL OR u.child_key IN (SELECT value FROM json_each(?1))) AND (?2 IS NULL OR u.source = ?2)
  AND u.last >= coalesce(?3, u.last) AND u.first <= coalesce(?4, u.first)
ORDER BY u.child_key, u.source, u.first;

-- name: insert_closed_gap
INSERT INTO closed_gap (decision, child, source, first, last) VALUES (?, ?, ?, ?, ?);

-- name: reopen_closed_gap
UPDATE closed_gap SET reopened_by = ?1
WHERE child = ?2 AND source = ?3 AND first = ?4 AND last = ?5 AND reopened_by IS NULL;

-- name: end_source
-- Nothing more is expected of a source that promised to be heard, or of which events wait; unless it was heard since.
UPDATE heartbeat SET ended_by = ?
WHERE source = ? AND published_at <= ? AND (next_by IS NOT NULL OR waiting > 0) AND ended_by IS NULL;

-- name: insert_rule
-- A rule begins once.
INSERT INTO rule (name, since) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: rule_since
SELECT since FROM rule WHERE name = ?;

-- name: uncertain_children
-- Which of these children (a list of keys as JSON) have a gap in a sequence, or a parked record that is open.
SELECT c.child_key FROM child c JOIN gap g ON g.child = c.id WHERE c.child_key IN (SELECT value FROM json_each(?1))
UNION
SELECT child_key FROM parked_record WHERE child_key IN (SELECT value FROM json_each(?1)) AND state = 'open'
UNION
SELECT body_child_key FROM parked_record WHERE body_child_key IN (SELECT value FROM json_each(?1)) AND state = 'open';

-- name: uncertain_counts
-- How many child keys are uncertain, and how many parked records and gaps make them so. No look at the log is taken but
-- for what is parked.
WITH open AS MATERIALIZED (SELECT child_key, body_child_key FROM parked_record WHERE state = 'open')
SELECT (SELECT count(*) FROM (SELECT child_key FROM open WHERE child_key IS NOT NULL
                              UNION SELECT body_child_key FROM open WHERE body_child_key IS NOT NULL
                              UNION SELECT c.child_key FROM gap g JOIN child c ON c.id = g.child)) AS children,
       (SELECT count(*) FROM open) AS parked,
       (SELECT count(*) FROM gap) AS gaps;

-- name: parked_of_child
SELECT * FROM parked_record WHERE child_key = ?1 OR body_child_key = ?1 ORDER BY id;

-- name: parked_by_id
SELECT * FROM parked_record WHERE id = ?;

-- name: parked_list
-- Parked records, the first parked first, and how many pass in all; each filter may be NULL. ?3: keys of a child, ?4: the
-- causes by what it was judged to be last, both as lists in JSON; ?6: open ones (1), or those that are done (0).
SELECT *, count(*) OVER () AS passing FROM parked_record
WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR topic = ?2)
  AND (?3 IS NULL OR child_key IN (SELECT value FROM json_each(?3)) OR body_child_key IN (SELECT value FROM json_each(?3)))
  AND (?4 IS NULL OR coalesce(reason_now, reason) IN (SELECT value FROM json_each(?4))) AND (?5 IS NULL OR received_at >= ?5)
  AND (?6 IS NULL OR (state = 'open') = ?6)
ORDER BY id LIMIT ?7;

-- name: parked_reason_counts
-- The same, by cause: how many, how many of them are open, and when the first and the last came.
SELECT coalesce(reason_now, reason) AS why, count(*) AS records, sum(state = 'open') AS open,
       min(received_at) AS first, max(received_at) AS last
FROM parked_record
WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR topic = ?2)
  AND (?3 IS NULL OR child_key IN (SELECT value FROM json_each(?3)) OR body_child_key IN (SELECT value FROM json_each(?3)))
  AND (?4 IS NULL OR coalesce(reason_now, reason) IN (SELECT value FROM json_each(?4))) AND (?5 IS NULL OR received_at >= ?5)
  AND (?6 IS NULL OR (state = 'open') = ?6)
GROUP BY why ORDER BY open DESC, records DESC, why;

-- name: parked_by_partition
-- Parked records per partition that are still a gap.
SELECT topic, partition, count(*) AS parked FROM parked_record WHERE state = 'open' GROUP BY topic, partition;

-- name: parked_bytes
-- What was parked, as it came.
SELECT topic, partition, "offset", published_at, key, value, headers FROM parked WHERE id = ?;

-- name: parked_state
-- What a parked record is now, and by which decision it ended.
SELECT state, ended_by FROM parked_record WHERE id = ?;

-- name: insert_decision
-- A decision; what came of it is written when it is known.
INSERT INTO decision (what, at, "by", reason, filter) VALUES (?, ?, ?, ?, ?);

-- name: update_decision_counts
UPDATE decision SET applied = ?, held = ?, closed = ?, reopened = ?, refused = ?, parked = ? WHERE id = ?;

-- name: decision_list
-- What was decided, the last first.
SELECT id, what, at, "by", reason, filter, applied, held, closed, reopened, refused, parked FROM decision
WHERE (?1 IS NULL OR id = ?1) ORDER BY id DESC LIMIT ?2;

-- name: resolve_parked
-- A parked record ends, by a decision and in a way.
UPDATE parked SET ended_by = ?1, ended_as = ?2, tried_by = CASE ?2 WHEN 'closed' THEN tried_by ELSE ?1 END,
                  reason_now = NULL, detail_now = NULL
WHERE id = ?3;

-- name: update_parked_reason
-- A parked record was judged again and stays: why, as of that decision. What was closed stays closed.
UPDATE parked SET tried_by = ?, reason_now = ?, detail_now = ?, event_id = coalesce(?, event_id) WHERE id = ?;

-- name: erase_parked
-- What may not be here keeps its place and digest, and no byte.
UPDATE parked SET key = NULL, value = NULL, headers = '[]', child_key = NULL, body_child_key = NULL, event_id = NULL
WHERE id = ?;

-- name: refused_list
-- Refused records, the last first, and how many pass in all; each filter may be NULL.
SELECT id, topic, partition, "offset", digest, received_at, reason, detail, count(*) OVER () AS passing FROM refused
WHERE (?1 IS NULL OR reason = ?1) AND (?2 IS NULL OR topic = ?2) AND (?3 IS NULL OR received_at >= ?3)
ORDER BY id DESC LIMIT ?4;

-- name: parked_by_reason
-- Parked records per reason that are still a gap.
SELECT reason, count(*) AS parked FROM parked_record WHERE state = 'open' GROUP BY reason ORDER BY reason;

-- name: record_counts
SELECT (SELECT count(*) FROM event) AS held, (SELECT count(*) FROM parked) AS parked,
       (SELECT count(*) FROM refused) AS refused;

-- name: end_offsets_checked_at
-- When the ends were last looked at, the longest ago of all partitions; 0 where one was never looked at.
SELECT min(seen_at) FROM position;

-- name: upsert_heartbeat
-- The last word of a source; one that comes late, or again, changes nothing. Of one that was ended and is
-- heard again more is expected, whatever its clock says: its desk may have been built anew.
INSERT INTO heartbeat (source, topic, agency, stated_at, next_by, sent, waiting, waiting_since, published_at, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source) DO UPDATE SET topic = excluded.topic, agency = excluded.agency, stated_at = excluded.stated_at,
    next_by = excluded.next_by, sent = excluded.sent, waiting = excluded.waiting, waiting_since = excluded.waiting_since,
    published_at = excluded.published_at, received_at = excluded.received_at, ended_by = NULL
WHERE excluded.stated_at > stated_at OR (ended_by IS NOT NULL AND excluded.published_at > published_at);

-- name: heartbeats
SELECT source, topic, agency, stated_at, next_by, sent, waiting, waiting_since, published_at, received_at, ended_by
FROM heartbeat ORDER BY topic, source;
