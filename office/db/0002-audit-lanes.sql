-- Entries stand in lanes, each a chain of its own: whoever appends takes a lane that nobody holds, so that nobody waits
-- for another's transaction. Lane 0 ties them together: its entries say how far the others had come, so that its head,
-- which other parties keep, stands for all of them. What was written before this file is lane 0's.
ALTER TABLE audit_entry ADD COLUMN lane int NOT NULL DEFAULT 0 CHECK (lane BETWEEN 0 AND 32);
ALTER TABLE audit_entry
  ALTER COLUMN lane DROP DEFAULT,
  DROP CONSTRAINT audit_entry_pkey,
  ADD PRIMARY KEY (lane, n);

-- As many as there are connections of an office's processes that append at once.
CREATE TABLE audit_lane (
  lane int PRIMARY KEY CHECK (lane BETWEEN 1 AND 32),
  n    bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
);
INSERT INTO audit_lane (lane) SELECT generate_series(1, 32);

-- How far lane 0 says that each lane had come. Apart from the lane's row, which its appender holds.
CREATE TABLE audit_tied (
  lane int PRIMARY KEY REFERENCES audit_lane (lane),
  n    bigint NOT NULL DEFAULT 0
);
INSERT INTO audit_tied (lane) SELECT lane FROM audit_lane;
