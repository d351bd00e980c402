-- What two people agreed to is done once: the number of the act, which their signatures name, is used up here. Only ever
-- added.
CREATE TABLE used_agreement (
  number  bigint PRIMARY KEY CHECK (number > 0),
  -- SHA-256 over what was agreed (office/requests/agreement.ts).
  hash    bytea NOT NULL CHECK (octet_length(hash) = 32),
  used_at timestamptz NOT NULL,
  codes   int NOT NULL CHECK (codes >= 0)
);

-- What was made void, by range or by lot: what of it arrives later is void as it arrives.
CREATE TABLE void_stock (
  number       bigint PRIMARY KEY REFERENCES used_agreement (number) DEFERRABLE INITIALLY DEFERRED,
  lot          text,
  first_serial bigint CHECK (first_serial >= 0),
  count        int CHECK (count BETWEEN 1 AND 1000000),
  CONSTRAINT void_stock_lot_or_range CHECK (num_nulls(lot, first_serial) = 1 AND (first_serial IS NULL) = (count IS NULL))
);
CREATE INDEX void_stock_of_range ON void_stock (first_serial);

CREATE FUNCTION void_at_arrival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Whoever makes void waits for what is arriving, and the other way round.
  PERFORM pg_advisory_xact_lock_shared(hashtext('voids'));
  SELECT NEW.void | coalesce(bit_or(((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - NEW.first_serial)::int),
                             0::bit(1000))
    INTO NEW.void
    FROM void_stock AS gone, LATERAL (
      SELECT greatest(NEW.first_serial, coalesce(gone.first_serial, NEW.first_serial)) AS start,
             least(NEW.first_serial + NEW.count, coalesce(gone.first_serial + gone.count, NEW.first_serial + NEW.count)) AS upto) AS cut
   WHERE upto > start
     AND ((gone.first_serial < NEW.first_serial + NEW.count AND gone.first_serial > NEW.first_serial - 1000000)
          OR gone.lot = NEW.lot);
  RETURN NEW;
END
$$;
CREATE TRIGGER sealed_pack_void_at_arrival BEFORE INSERT ON sealed_pack FOR EACH ROW EXECUTE FUNCTION void_at_arrival();
