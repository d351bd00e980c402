-- Packs carry maps of their codes instead of a cursor, so that any code may be held back, given, or given again later.
-- The first bit is the code of `first_serial`. Each code of a pack is free, given to a centre, or aside.
ALTER TABLE pack
  -- Promised to a centre or sent there.
  ADD COLUMN given bit(1000) NOT NULL DEFAULT 0::bit(1000),
  -- Here, and promised to nobody until people say so.
  ADD COLUMN aside bit(1000) NOT NULL DEFAULT 0::bit(1000),
  -- The whole pack is held.
  ADD COLUMN held_at timestamptz;
UPDATE pack SET given = (-1)::bit(1000) << (1000 - allocated) WHERE allocated > 0;
ALTER TABLE pack
  DROP COLUMN allocated,
  ADD COLUMN free int NOT NULL GENERATED ALWAYS AS (count - bit_count(given | aside)::int) STORED,
  ADD CONSTRAINT pack_marks_within CHECK ((given | aside) << count = 0::bit(1000)),
  ADD CONSTRAINT pack_marks_apart CHECK (given & aside = 0::bit(1000));
CREATE INDEX pack_with_stock ON pack (lot, first_serial) WHERE free > 0 AND held_at IS NULL;
