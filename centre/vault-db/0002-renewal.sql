-- Certificates end and begin. A terminal's stands beside the centre's certificate that was given with it: requests under
-- the one are answered under the other, so that no terminal is ever answered under a key that it does not hold.
ALTER TABLE vault_certificate ADD COLUMN centre_certificate int REFERENCES vault_certificate (number);

-- What a renewal was answered: the same request again gets the same bytes, and no second certificate.
CREATE TABLE vault_renewal (
  terminal_id  text NOT NULL,
  sequence     bigint NOT NULL CHECK (sequence > 0),
  request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
  -- Under which the request came.
  asked_under  int NOT NULL REFERENCES vault_certificate (number),
  certificate  int NOT NULL REFERENCES vault_certificate (number),
  answer       bytea NOT NULL,
  PRIMARY KEY (terminal_id, sequence)
);
