-- Maps of each pack's codes instead of a cursor: what is closed or void stays so, whatever order the codes go in. The
-- first bit is the code of `first_serial`.
ALTER TABLE sealed_pack
  -- Closed for a centre, and for no other any more.
  ADD COLUMN closed bit(1000) NOT NULL DEFAULT 0::bit(1000),
  -- Never closed for anybody.
  ADD COLUMN void bit(1000) NOT NULL DEFAULT 0::bit(1000);
UPDATE sealed_pack SET closed = (-1)::bit(1000) << (1000 - closed_upto) WHERE closed_upto > 0;
-- The packs' exclusion is looked at when a transaction ends; no table with such a row pending is altered.
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE sealed_pack
  DROP COLUMN closed_upto,
  ADD CONSTRAINT sealed_pack_marks_within CHECK ((closed | void) << count = 0::bit(1000));

CREATE FUNCTION keep_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a code that is closed or void stays so' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER sealed_pack_marks_stay BEFORE UPDATE ON sealed_pack FOR EACH ROW
  WHEN (OLD.closed & ~NEW.closed <> 0::bit(1000) OR OLD.void & ~NEW.void <> 0::bit(1000))
  EXECUTE FUNCTION keep_marks();
