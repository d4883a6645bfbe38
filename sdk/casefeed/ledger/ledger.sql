-- name: facts_of_children
-- The facts of so many children, in their order.
SELECT child, occurred_at, recorded_at, event_id, kind, area, about, holds, finding, detail, amends FROM fact
WHERE child IN (:many) ORDER BY child, occurred_at, recorded_at, event_id;

-- name: insert_fact
INSERT INTO fact (child, occurred_at, recorded_at, event_id, kind, area, about, holds, finding, detail, amends)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: key_groups_of_children
-- Those of so many children that are in a bundle, with it.
SELECT child, bundle FROM bundle WHERE child IN (:many);

-- name: children_of_key_groups
-- The children of so many bundles, with theirs.
SELECT child, bundle FROM bundle WHERE bundle IN (:many);

-- name: keys_of_children
-- The keys of so many children.
SELECT id, child_key FROM child WHERE id IN (:many);

-- name: upsert_key_group
-- Where a child belongs now.
INSERT INTO bundle (child, bundle, shown, disagree) VALUES (?, ?, ?, ?)
ON CONFLICT (child) DO UPDATE SET bundle = excluded.bundle, shown = excluded.shown, disagree = excluded.disagree;

-- name: connected_keys
-- The keys that merges, in force or not, tie to this one, itself among them.
SELECT c.child_key FROM bundle b JOIN bundle m ON m.bundle = b.bundle JOIN child c ON c.id = m.child
WHERE b.child = (SELECT id FROM child WHERE child_key = ?) ORDER BY c.child_key;

-- name: keys_of_child
-- The keys of the child that goes by this one, itself among them, where merges in force give it several; else none.
SELECT c.child_key FROM bundle b JOIN bundle m ON m.shown = b.shown JOIN child c ON c.id = m.child
WHERE b.child = (SELECT id FROM child WHERE child_key = ?) ORDER BY c.child_key;

-- name: merged_keys
-- Every key of a child that goes by several, with the number of the child that it is shown under.
SELECT c.child_key, b.shown FROM bundle b JOIN child c ON c.id = b.child
WHERE b.shown IN (SELECT shown FROM bundle GROUP BY shown HAVING count(*) > 1);

-- name: keys_shown_under
-- The keys that are shown under each of these (a list of keys as JSON), and whether their merges disagree.
SELECT s.child_key AS shown, c.child_key, b.disagree FROM bundle b JOIN child s ON s.id = b.shown JOIN child c ON c.id = b.child
WHERE s.child_key IN (SELECT value FROM json_each(?));

-- name: add_figure_step
-- New minus old, on the counters.
INSERT INTO figure_step (figure, day_true, day_known, amount) VALUES (?, ?, ?, ?)
ON CONFLICT (figure, day_true, day_known) DO UPDATE SET amount = amount + excluded.amount;

-- name: delete_list_rows
-- A child's rows in a list, before they are written anew.
DELETE FROM listed WHERE list = ? AND child = ?;

-- name: insert_list_row
INSERT INTO listed (list, area, since, child, about, what, recorded_at, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: figures_as_of
-- Every figure as of ?1, by what was known on ?2.
SELECT figure, sum(amount) AS n FROM figure_step WHERE day_true <= ?1 AND day_known <= ?2 GROUP BY figure;

-- name: figure_series
-- How a figure moved, day by day, by what was known on ?2.
SELECT day_true, sum(amount) AS n FROM figure_step WHERE figure = ?1 AND day_known <= ?2 GROUP BY day_true ORDER BY day_true;

-- name: list_rows
-- A list, oldest first; each filter may be NULL. ?5: only what still lasts.
SELECT c.child_key, l.area, l.since, l.what, l.recorded_at, l.ended, l.about
FROM listed l JOIN child c ON c.id = l.child
WHERE list = ?1 AND (?2 IS NULL OR area = ?2) AND (?3 IS NULL OR since >= ?3) AND (?4 IS NULL OR since < ?4)
  AND (NOT ?5 OR ended IS NULL)
ORDER BY l.since, c.child_key, l.about LIMIT ?6;

-- name: list_row_count
SELECT count(*) FROM listed
WHERE list = ?1 AND (?2 IS NULL OR area = ?2) AND (?3 IS NULL OR since >= ?3) AND (?4 IS NULL OR since < ?4)
  AND (NOT ?5 OR ended IS NULL);

-- name: list_rows_of_keys
-- The rows in lists of these children (a list of keys as JSON), under whichever key that merges tie to theirs.
SELECT l.list, c.child_key, l.area, l.since, l.what FROM child c JOIN listed l ON l.child = c.id
WHERE c.id IN (SELECT id FROM child WHERE child_key IN (SELECT value FROM json_each(?1))
               UNION
               SELECT m.child FROM child k JOIN bundle b ON b.child = k.id JOIN bundle m ON m.bundle = b.bundle
               WHERE k.child_key IN (SELECT value FROM json_each(?1)));

-- name: desk_exists
-- Whether the agency's desk was ever opened in this file.
SELECT 1 FROM sqlite_master WHERE name = 'outbox_event';

-- name: recorded_in_log
-- Those of so many event ids that are held, with when they were recorded.
SELECT event_id, recorded_at FROM event WHERE event_id IN (:many);

-- name: recorded_in_outbox
-- Those of so many event ids that the agency's desk has recorded, with when.
SELECT event_id, recorded_at FROM outbox_event WHERE event_id IN (:many);
