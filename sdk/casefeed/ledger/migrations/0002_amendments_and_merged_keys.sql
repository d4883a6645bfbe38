-- Corrections and retractions are facts of a case that name the event they amend; merges tie the keys of children.

ALTER TABLE fact ADD COLUMN amends TEXT NOT NULL DEFAULT '';

-- Children of whom something was amended, or whose key a merge names: only of these does a new fact concern more than
-- itself. `bundle` is the smallest number of the children that merges, in force or not, tie together; a child that no
-- merge names is a bundle of its own. `shown`: the child under whose number the merges in force show it; `disagree`:
-- they do not say which one key stays.
CREATE TABLE bundle (
    child INTEGER PRIMARY KEY,
    bundle INTEGER NOT NULL,
    shown INTEGER NOT NULL,
    disagree INTEGER NOT NULL CHECK (disagree IN (0, 1))
);
CREATE INDEX members_of_bundle ON bundle (bundle);
CREATE INDEX shown_in_bundle ON bundle (shown);

-- Merges that disagree are listed too: somebody has to say which key stays.
CREATE TABLE listed_anew (
    list TEXT NOT NULL CHECK (list IN ('absences', 'failures', 'addresses', 'disagreements')),
    area TEXT NOT NULL,
    since INTEGER NOT NULL,
    child INTEGER NOT NULL,
    about TEXT NOT NULL,
    what TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    ended INTEGER,
    PRIMARY KEY (list, area, since, child, about)
) WITHOUT ROWID;
INSERT INTO listed_anew SELECT * FROM listed;
DROP TABLE listed;
ALTER TABLE listed_anew RENAME TO listed;
CREATE INDEX listed_of_child ON listed (child, list);
CREATE INDEX listed_since ON listed (list, since);
