-- How late a partition is read, and how old is what it holds.

-- `behind_since`: when the partition was last known to be read to its end, while it is not; NULL while it is.
ALTER TABLE position ADD COLUMN behind_since INTEGER;

-- The clocks of the event applied last, ms UTC; NULL where none was.
ALTER TABLE position ADD COLUMN occurred_at INTEGER;
ALTER TABLE position ADD COLUMN recorded_at INTEGER;
ALTER TABLE position ADD COLUMN published_at INTEGER;
ALTER TABLE position ADD COLUMN received_at INTEGER;

UPDATE position SET (occurred_at, recorded_at, published_at, received_at) = (
    SELECT e.occurred_at, e.recorded_at, e.published_at, e.received_at FROM event e
    WHERE e.topic = position.topic AND e.partition = position.partition ORDER BY e.seq DESC LIMIT 1);
