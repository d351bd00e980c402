-- What every vault has in its own database beside its own tables.

-- Heads of other parties' audit chains, as their signed messages said them: against an office that cuts off or rewrites
-- its own. Only ever added, by the vault that verified the message. Each message brings one small row at most and stands
-- with all of its bytes in the books besides, so this grows slower than what it came with. Two hashes at one n contradict
-- each other, and both stay.
CREATE TABLE kept_head (
  party   text NOT NULL,
  n       bigint NOT NULL CHECK (n >= 0),
  hash    bytea NOT NULL CHECK (octet_length(hash) = 32),
  kept_at timestamptz NOT NULL,
  PRIMARY KEY (party, n, hash)
);

-- Since when this vault works with these rows. From then on nothing is moved here from the office's books any more: what
-- they still had would be older than what stands here.
CREATE TABLE in_use (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  since    timestamptz NOT NULL DEFAULT now()
);
