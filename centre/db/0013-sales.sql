-- Sales grow for ever, so they lie in a table for each month in which they were reported. That a code is sold once is a
-- condition of the run that it was given in, which says by a bit which of its codes are sold; a partition cannot say it.
ALTER TABLE supply_run
  -- A bit for each code of the run, the first for `first_serial`, 1 where it is sold. Null: none of them is.
  ADD COLUMN sold bit varying(1000),
  ADD CONSTRAINT supply_run_sold_of_its_codes CHECK (length(sold) = count);

ALTER TABLE sale RENAME TO sale_before;
ALTER TABLE sale_before RENAME CONSTRAINT sale_pkey TO sale_before_pkey;
CREATE TABLE sale (
  serial       bigint NOT NULL,
  ticket       bigint NOT NULL,
  reported_in  bigint NOT NULL,
  amount_minor bigint,
  -- By the terminal's clock.
  sold_at      timestamptz NOT NULL,
  -- By ours: nothing of a terminal decides in which month's table it lies.
  reported_at  timestamptz NOT NULL,
  price_id     int,
  -- The day and the hour that the office's clock showed when it was sold.
  sold_on      date NOT NULL,
  sold_hour    smallint NOT NULL CHECK (sold_hour BETWEEN 0 AND 23),
  depot_id     text NOT NULL,
  operator     text NOT NULL,
  product_id   text NOT NULL,
  terminal_id  text NOT NULL,
  vendor_id    text NOT NULL,
  PRIMARY KEY (depot_id, operator, serial, reported_at),
  CONSTRAINT sale_price_id_fkey FOREIGN KEY (price_id) REFERENCES product_price (id),
  CONSTRAINT sale_amount_minor_check CHECK (amount_minor > 0),
  CONSTRAINT sale_amount_of_price CHECK ((price_id IS NULL) = (amount_minor IS NULL))
) PARTITION BY RANGE (reported_at);
CREATE INDEX sale_of_ticket ON sale (depot_id, terminal_id, ticket);

-- Makes the table of a month (any day of it, in UTC) and says whether it was missing. Attached, not made as a partition:
-- whoever sells meanwhile waits for nothing. It acts as the owner, because nobody else makes tables (grants.sql).
CREATE FUNCTION make_sale_month(day date) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  name text := 'sale_' || to_char(day, 'YYYY_MM');
  first timestamp := date_trunc('month', day::timestamp);
BEGIN
  IF day NOT BETWEEN '2020-01-01' AND '2119-12-31' THEN
    RAISE EXCEPTION 'no month of sales: %', day;
  END IF;
  IF to_regclass('public.' || name) IS NOT NULL THEN
    RETURN false;
  END IF;
  -- Of two that miss the same month the second finds it.
  PERFORM pg_advisory_xact_lock(7204131);
  IF to_regclass('public.' || name) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE public.%I (LIKE public.sale INCLUDING ALL)', name);
  EXECUTE format('ALTER TABLE public.sale ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', name,
                 first AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC');
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION make_sale_month FROM PUBLIC;

-- What stands already moves; where the report that brought a sale is not there, it counts as reported now.
CREATE TEMPORARY TABLE sale_moving ON COMMIT DROP AS
  SELECT sale.*, coalesce(message.taken_at, now()) AS reported_at,
         sale.sold_at AT TIME ZONE coalesce(nullif(current_setting('scratchless.time_zone', true), ''), 'UTC') AS clock
    FROM sale_before AS sale
    LEFT JOIN supply_message AS message
      ON message.depot_id = sale.depot_id AND message.terminal_id = sale.terminal_id
     AND message.sequence = sale.reported_in;
SELECT make_sale_month(month::date)
  FROM (SELECT DISTINCT date_trunc('month', reported_at AT TIME ZONE 'UTC') AS month FROM sale_moving
         UNION SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'),
                                      date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months',
                                      interval '1 month')) AS months;
INSERT INTO sale (depot_id, operator, serial, product_id, terminal_id, ticket, vendor_id, sold_at, sold_on, sold_hour,
                  reported_in, reported_at, price_id, amount_minor)
SELECT depot_id, operator, serial, product_id, terminal_id, ticket, vendor_id, sold_at, clock::date,
       extract(hour FROM clock), reported_in, reported_at, price_id, amount_minor
  FROM sale_moving;
DROP TABLE sale_before;

-- Of a code that was withheld and supplied again, the run that was not withheld is the one that it was sold from.
UPDATE supply_run AS run SET sold = marked.codes
  FROM (SELECT run.depot_id, run.operator, run.first_serial, run.terminal_id, run.sequence,
               bit_or(set_bit(repeat('0', run.count)::bit varying, (sale.serial - run.first_serial)::int, 1)) AS codes
          FROM sale
          JOIN supply_run AS run
            ON run.depot_id = sale.depot_id AND run.operator = sale.operator AND run.terminal_id = sale.terminal_id
           AND run.product_id = sale.product_id AND run.first_serial <= sale.serial
           AND run.first_serial > sale.serial - 1000 AND run.first_serial + run.count > sale.serial
          JOIN supply_order AS "order"
            ON "order".depot_id = run.depot_id AND "order".terminal_id = run.terminal_id
           AND "order".sequence = run.sequence AND "order".state <> 'withheld'
         GROUP BY run.depot_id, run.operator, run.first_serial, run.terminal_id, run.sequence) AS marked
 WHERE run.depot_id = marked.depot_id AND run.operator = marked.operator AND run.first_serial = marked.first_serial
   AND run.terminal_id = marked.terminal_id AND run.sequence = marked.sequence;

-- What was sold, added up when it is reported: whoever looks at a year reads these rows, not the sales.
CREATE TABLE sales_of_hour (
  depot_id     text NOT NULL,
  day          date NOT NULL,
  hour         smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
  product_id   text NOT NULL REFERENCES product (id),
  sales        bigint NOT NULL CHECK (sales > 0),
  -- Of those whose price is known.
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  PRIMARY KEY (depot_id, day, hour, product_id)
);
-- All shops sell in the same hour, and none of them waits for another: each report notes what it adds, and one task folds it.
CREATE TABLE sales_of_hour_change (
  depot_id     text NOT NULL,
  day          date NOT NULL,
  hour         smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
  product_id   text NOT NULL,
  sales        bigint NOT NULL CHECK (sales > 0),
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0)
);
CREATE TABLE sales_of_shop (
  depot_id     text NOT NULL,
  day          date NOT NULL,
  retailer_id  text NOT NULL REFERENCES retailer (id),
  product_id   text NOT NULL REFERENCES product (id),
  sales        bigint NOT NULL CHECK (sales > 0),
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  PRIMARY KEY (depot_id, day, retailer_id, product_id)
);
INSERT INTO sales_of_hour (depot_id, day, hour, product_id, sales, amount_minor)
SELECT depot_id, sold_on, sold_hour, product_id, count(*), coalesce(sum(amount_minor), 0)
  FROM sale GROUP BY depot_id, sold_on, sold_hour, product_id;
INSERT INTO sales_of_shop (depot_id, day, retailer_id, product_id, sales, amount_minor)
SELECT sale.depot_id, sold_on, retailer_id, product_id, count(*), coalesce(sum(amount_minor), 0)
  FROM sale JOIN terminal ON terminal.id = sale.terminal_id
 GROUP BY sale.depot_id, sold_on, retailer_id, product_id;

-- Each order looks a terminal, its shop, its account and its card up by name, again and again, and adds none of them. By a hash
-- a lookup touches two pages however many there are; by the trees of the keys three with a hundred, four with 100,000.
CREATE INDEX terminal_by_id ON terminal USING hash (id);
CREATE INDEX retailer_by_id ON retailer USING hash (id);
CREATE INDEX account_by_id ON account USING hash (id);
CREATE INDEX card_by_retailer ON card USING hash (retailer_id);
CREATE INDEX terminal_certificate_by_number ON terminal_certificate USING hash (number);

-- The newest orders are looked at page by page.
CREATE INDEX supply_order_newest ON supply_order (depot_id, decided_at, terminal_id, sequence);

-- The bytes of a request and of its answer are kept for as long as the settings say (docs/operations/growth.md). What
-- stays says what was asked and what was answered, by their hashes.
ALTER TABLE supply_message
  -- Of the answer, once its bytes are gone.
  ADD COLUMN answer_hash bytea CHECK (octet_length(answer_hash) = 32),
  ADD CONSTRAINT supply_message_let_go CHECK
    (answer_hash IS NULL OR (answer IS NOT NULL AND octet_length(request) + octet_length(answer) = 0));
-- How far a terminal's bytes are gone.
CREATE TABLE bytes_let_go (
  depot_id      text NOT NULL,
  terminal_id   text NOT NULL REFERENCES terminal (id),
  upto_sequence bigint NOT NULL CHECK (upto_sequence > 0),
  PRIMARY KEY (depot_id, terminal_id)
);
