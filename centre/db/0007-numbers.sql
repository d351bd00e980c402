-- Ids are minted by the program out of these numbers: five digits, then six and seven, never cut.
CREATE SEQUENCE retailer_number AS int MAXVALUE 9999999;
CREATE SEQUENCE terminal_number AS int MAXVALUE 9999999;
SELECT setval('retailer_number', coalesce(max(number), 0) + 1, false) FROM retailer;
SELECT setval('terminal_number', coalesce(max(number), 0) + 1, false) FROM terminal;
ALTER TABLE retailer
  ALTER COLUMN id DROP EXPRESSION,
  ADD CONSTRAINT retailer_id_check CHECK (id ~ '^R([0-9]{5}|[1-9][0-9]{5,6})$');
ALTER TABLE retailer DROP COLUMN number;
ALTER TABLE terminal
  ALTER COLUMN id DROP EXPRESSION,
  ADD CONSTRAINT terminal_id_check CHECK (id ~ '^T([0-9]{5}|[1-9][0-9]{5,6})$');
ALTER TABLE terminal DROP COLUMN number;
