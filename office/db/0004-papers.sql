-- Papers that the law wants numbered without a gap: invoices, credit notes, receipts of money, bank slips. Each series of
-- a depot begins anew with the year of the office's clock.
CREATE TABLE paper_series (
  depot_id text NOT NULL,
  series   text NOT NULL CHECK (series IN ('invoice', 'credit-note', 'receipt', 'bank-slip')),
  year     int NOT NULL CHECK (year BETWEEN 2020 AND 2199),
  -- The number given last: whoever takes the next one holds this row to its commit, so that what fails takes none.
  last     int NOT NULL CHECK (last > 0),
  PRIMARY KEY (depot_id, series, year)
);

CREATE TABLE paper (
  depot_id     text NOT NULL,
  series       text NOT NULL,
  year         int NOT NULL,
  number       int NOT NULL CHECK (number > 0),
  -- No paper without the one before it.
  previous     int GENERATED ALWAYS AS (nullif(number - 1, 0)) STORED,
  -- For whom, and the transfer's name that it is about; one paper each.
  subject      text NOT NULL,
  about        text NOT NULL,
  currency     text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  issued_at    timestamptz NOT NULL,
  issued_by    text NOT NULL,
  PRIMARY KEY (depot_id, series, year, number),
  UNIQUE (depot_id, series, about),
  FOREIGN KEY (depot_id, series, year) REFERENCES paper_series (depot_id, series, year),
  CONSTRAINT paper_without_gap
    FOREIGN KEY (depot_id, series, year, previous) REFERENCES paper (depot_id, series, year, number)
);
CREATE INDEX paper_of_subject ON paper (depot_id, subject, issued_at);
