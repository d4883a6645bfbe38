-- New placements whose address cannot receive mail, per ERO area and finding.
CREATE TABLE unreachable (
    area TEXT NOT NULL,
    finding TEXT NOT NULL,
    placements INTEGER NOT NULL,
    PRIMARY KEY (area, finding)
) WITHOUT ROWID;
