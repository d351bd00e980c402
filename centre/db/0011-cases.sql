-- Codes that people put aside, by ranges of serials, and let go again: who, when and why. A case is never removed, it ends.
CREATE TABLE code_case (
  depot_id     text NOT NULL,
  id           bigint GENERATED ALWAYS AS IDENTITY,
  operator     text NOT NULL,
  first_serial bigint NOT NULL CHECK (first_serial >= 0),
  -- A story of one serial looks no farther back than this for the cases that it lies in.
  count        int NOT NULL CHECK (count BETWEEN 1 AND 1000000),
  state        text NOT NULL CHECK (state IN ('on_hold', 'in_doubt', 'damaged', 'stolen', 'expired', 'returned', 'void')),
  cause        text NOT NULL CHECK (length(cause) BETWEEN 1 AND 200),
  opened_by    text NOT NULL,
  opened_at    timestamptz NOT NULL,
  ended_by     text,
  ended_at     timestamptz,
  ended_cause  text CHECK (length(ended_cause) BETWEEN 1 AND 200),
  PRIMARY KEY (depot_id, id),
  -- Serials have twelve digits.
  CONSTRAINT code_case_within CHECK (first_serial + count <= 1000000000000),
  CONSTRAINT code_case_end_known CHECK (num_nulls(ended_by, ended_at, ended_cause) IN (0, 3))
);
CREATE INDEX code_case_of_code ON code_case (depot_id, operator, first_serial);
CREATE INDEX code_case_open ON code_case (depot_id, id) WHERE ended_at IS NULL;

-- What happened to one serial is asked by serial.
CREATE INDEX ticket_event_of_code ON ticket_event (depot_id, operator, serial);
