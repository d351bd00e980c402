-- Codes at a shop's terminals that may not be sold there, because a case or a lot is about them: told with the shop's
-- settings. A row is never removed, it ends.
CREATE TABLE barred_range (
  id           bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  retailer_id  text NOT NULL REFERENCES retailer (id),
  operator     text NOT NULL,
  first_serial bigint NOT NULL CHECK (first_serial >= 0),
  count        int NOT NULL CHECK (count BETWEEN 1 AND 1000000),
  why          text NOT NULL CHECK (why IN ('held', 'recalled', 'stolen')),
  code_case    bigint REFERENCES code_case (id),
  lot          text,
  since        timestamptz NOT NULL,
  ended_at     timestamptz,
  -- When the shop's settings were looked at because of what this row says now; null: that is still to be done.
  told_at      timestamptz,
  CONSTRAINT barred_range_of_case_or_lot CHECK (num_nulls(code_case, lot) = 1)
);
CREATE INDEX barred_range_of_shop ON barred_range (retailer_id) WHERE ended_at IS NULL;
CREATE INDEX barred_range_of_case ON barred_range (code_case) WHERE ended_at IS NULL;
CREATE INDEX barred_range_of_lot ON barred_range (operator, lot) WHERE ended_at IS NULL;
CREATE INDEX barred_range_to_tell ON barred_range (retailer_id) WHERE told_at IS NULL;
