-- What every office has: staff, the messages it sends and takes, and its audit chain.

CREATE TABLE staff (
  id            int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  sign_in_name  text NOT NULL UNIQUE CHECK (sign_in_name ~ '^[a-z][a-z0-9.-]{1,39}$'),
  full_name     text NOT NULL,
  roles         text[] NOT NULL,
  -- argon2id, in PHC string format: salt and parameters travel with the hash
  password_hash text NOT NULL,
  failures      int NOT NULL DEFAULT 0,
  locked_until  timestamptz,
  disabled_at   timestamptz
);

-- A session's token is in the cookie only; here stands its SHA-256, which signs nobody in.
CREATE TABLE staff_session (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  staff_id   int NOT NULL REFERENCES staff,
  started_at timestamptz NOT NULL,
  seen_at    timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL
);
CREATE INDEX ON staff_session (staff_id);

-- Messages that this office asks: saved before they are first sent, kept with their answer.
CREATE TABLE message_out (
  id           uuid PRIMARY KEY,
  partner      text NOT NULL,
  kind         text NOT NULL,
  -- One queue position, so that a partner's messages leave in the order they were written.
  position     bigint GENERATED ALWAYS AS IDENTITY,
  bytes        bytea NOT NULL,
  state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'answered')),
  answer       bytea,
  attempts     int NOT NULL DEFAULT 0,
  next_try_at  timestamptz NOT NULL,
  last_problem text,
  saved_at     timestamptz NOT NULL,
  settled_at   timestamptz,
  CHECK ((state = 'answered') = (answer IS NOT NULL)),
  CHECK ((state = 'waiting') = (settled_at IS NULL))
);
CREATE INDEX message_out_due ON message_out (next_try_at, position) WHERE state = 'waiting';

-- Messages that this office answers. The answer is stored before its first byte is sent, and never made again.
CREATE TABLE message_in (
  sender       text NOT NULL,
  kind         text NOT NULL,
  id           uuid NOT NULL,
  payload_hash bytea NOT NULL CHECK (octet_length(payload_hash) = 32),
  answer       bytea,
  taken_at     timestamptz NOT NULL,
  answered_at  timestamptz,
  PRIMARY KEY (sender, kind, id),
  CHECK ((answer IS NULL) = (answered_at IS NULL))
);

-- The audit chain: one entry per action or group of actions. Nobody updates or deletes one (grants.sql).
CREATE TABLE audit_entry (
  n             bigint PRIMARY KEY,
  at            timestamptz NOT NULL,
  actor         text NOT NULL,
  action        text NOT NULL,
  subject       text NOT NULL,
  -- Text, not jsonb: the hash covers these very characters.
  details       text NOT NULL,
  previous_hash bytea NOT NULL CHECK (octet_length(previous_hash) = 32),
  hash          bytea NOT NULL CHECK (octet_length(hash) = 32)
);

-- The row whose lock puts appenders in line.
CREATE TABLE audit_head (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  n        bigint NOT NULL,
  hash     bytea NOT NULL
);
INSERT INTO audit_head (n, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- Heads of other parties' chains, as their signed messages said them: against an office that cuts off or rewrites its
-- own. Only ever added, by the vault that verified the message. Each message brings one small row at most and stands
-- here with all of its bytes besides, so this grows slower than what it came with. Two hashes at one n contradict each
-- other, and both stay.
CREATE TABLE kept_head (
  party   text NOT NULL,
  n       bigint NOT NULL CHECK (n >= 0),
  hash    bytea NOT NULL CHECK (octet_length(hash) = 32),
  kept_at timestamptz NOT NULL,
  PRIMARY KEY (party, n, hash)
);
