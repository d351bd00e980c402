-- Prices and rates with dates: what is entered today for Thursday comes into force by itself, and what was sold can be
-- recomputed for ever. A catalogue's number is counted per terminal.

-- What a product costs at the counter from a moment on. The one in force is the latest whose moment has come.
CREATE TABLE product_price (
  -- Travels in catalogues and sales reports.
  id                 int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  product_id         text NOT NULL REFERENCES product (id),
  valid_from         timestamptz NOT NULL,
  public_price_minor bigint NOT NULL CHECK (public_price_minor > 0),
  tax_minor          bigint NOT NULL CHECK (tax_minor >= 0),
  net_credit_minor   bigint NOT NULL CHECK (net_credit_minor >= 0),
  set_by             text NOT NULL,
  set_at             timestamptz NOT NULL,
  UNIQUE (product_id, valid_from)
);
INSERT INTO product_price
       (product_id, valid_from, public_price_minor, tax_minor, net_credit_minor, set_by, set_at)
SELECT id, added_at, public_price_minor, tax_minor, net_credit_minor, 'first-release', added_at
  FROM product ORDER BY added_at, id;

-- Retailers that buy on the same terms; a retailer is in one at a time.
CREATE TABLE tier (
  id       text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{0,19}$'),
  name     text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  added_at timestamptz NOT NULL
);
CREATE TABLE retailer_tier (
  retailer_id text NOT NULL REFERENCES retailer (id),
  valid_from  timestamptz NOT NULL,
  tier_id     text NOT NULL REFERENCES tier (id),
  set_by      text NOT NULL,
  PRIMARY KEY (retailer_id, valid_from)
);

-- Of a retailer, of a tier, or of everyone.
ALTER TABLE rate ADD COLUMN tier_id text REFERENCES tier (id);
ALTER TABLE rate ADD CONSTRAINT rate_of_one CHECK (retailer_id IS NULL OR tier_id IS NULL);
CREATE INDEX rate_of_retailer ON rate (retailer_id, valid_from) WHERE retailer_id IS NOT NULL;
CREATE INDEX rate_of_tier ON rate (tier_id, valid_from) WHERE tier_id IS NOT NULL;
CREATE INDEX rate_of_everyone ON rate (valid_from) WHERE retailer_id IS NULL AND tier_id IS NULL;
CREATE INDEX terminal_of_retailer ON terminal (retailer_id);

-- The catalogue that this terminal should have: its number rises when the content that it would get has changed.
ALTER TABLE terminal
  ADD COLUMN catalogue_version int NOT NULL DEFAULT 1 CHECK (catalogue_version >= 1),
  -- Of the content without its number, and the moment from which that content tells the prices; null until it is
  -- first looked at.
  ADD COLUMN catalogue_hash bytea CHECK (octet_length(catalogue_hash) = 32),
  ADD COLUMN catalogue_from timestamptz,
  ADD CONSTRAINT terminal_catalogue_known
    CHECK ((catalogue_hash IS NULL) = (catalogue_from IS NULL));
-- A terminal of the first release holds the catalogue of all: its own counter goes on from there.
UPDATE terminal SET catalogue_version = (SELECT version FROM catalogue),
                    catalogue_hash = decode(repeat('00', 32), 'hex'), catalogue_from = added_at;
DROP TABLE catalogue;

-- What an order line was charged by: price, rate, and what came of them.
ALTER TABLE supply_order_line
  ADD COLUMN price_id int REFERENCES product_price (id),
  -- Null: the discount that holds where no rate does.
  ADD COLUMN rate_id bigint REFERENCES rate (id),
  ADD COLUMN public_price_minor bigint CHECK (public_price_minor > 0);
UPDATE supply_order_line AS line
   SET price_id = price.id, public_price_minor = price.public_price_minor,
       rate_id = nullif(replace(line.rule, 'rate ', ''), 'default')::bigint
  FROM product_price AS price WHERE price.product_id = line.product_id;
ALTER TABLE supply_order_line
  ALTER COLUMN price_id SET NOT NULL,
  ALTER COLUMN public_price_minor SET NOT NULL,
  DROP COLUMN rule;

-- A sale knows what the customer paid. Null where a terminal named no price of that product.
ALTER TABLE sale
  ADD COLUMN price_id int REFERENCES product_price (id),
  ADD COLUMN amount_minor bigint CHECK (amount_minor > 0),
  ADD CONSTRAINT sale_amount_of_price CHECK ((price_id IS NULL) = (amount_minor IS NULL));
UPDATE sale SET price_id = price.id, amount_minor = price.public_price_minor
  FROM product_price AS price WHERE price.product_id = sale.product_id;

-- What the centre owes the operator for each code: the purchase price of the part that brought them.
ALTER TABLE restock_delivery ADD COLUMN unit_cost_minor bigint CHECK (unit_cost_minor >= 0);
UPDATE restock_delivery AS delivery SET unit_cost_minor = line.unit_price_minor
  FROM restock_order_line AS line
 WHERE line.order_id = delivery.order_id AND line.line_no = delivery.line_no;

ALTER TABLE product
  DROP COLUMN public_price_minor,
  DROP COLUMN tax_minor,
  DROP COLUMN net_credit_minor;
