-- Which code went out in the place of one that is void. Only ever added.
CREATE TABLE code_exchange (
  operator  text NOT NULL,
  replaced  bigint NOT NULL CHECK (replaced >= 0),
  replacing bigint NOT NULL CHECK (replacing >= 0),
  cause     text NOT NULL CHECK (length(cause) BETWEEN 1 AND 200),
  made_by   text NOT NULL,
  made_at   timestamptz NOT NULL,
  PRIMARY KEY (operator, replaced),
  UNIQUE (operator, replacing),
  CONSTRAINT code_exchange_of_two CHECK (replaced <> replacing)
);
