-- Keys that follow each other, a centre that says stop, what a shop's settings say, and what a ticket showed.

-- The shop settings are one of the centre's words from here on.
CREATE TABLE centre_word_next (
  name TEXT PRIMARY KEY CHECK (name IN ('enrolled', 'standing', 'catalogue', 'settings')),
  content BLOB NOT NULL
) STRICT;
INSERT INTO centre_word_next SELECT name, content FROM centre_word;
DROP TABLE centre_word;
ALTER TABLE centre_word_next RENAME TO centre_word;

-- Who this terminal was, by the number of its certificate then: what was asked under it is answered by the centre's
-- certificate that came with it.
CREATE TABLE earlier_identity (
  kid BLOB PRIMARY KEY CHECK (length(kid) = 4),
  -- As the centre's word `enrolled` was.
  content BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The public key (SPKI) that a renewal is asked for; its private half lies with the device's keys.
ALTER TABLE device ADD COLUMN next_key BLOB;
-- The public key (SPKI) that is to be certified; null: the device's first. Why an approved one was not taken.
ALTER TABLE enrolment ADD COLUMN device_key BLOB;
ALTER TABLE enrolment ADD COLUMN refusal TEXT;
-- The centre's word of the last request that it knew at the last enrolment, and how many numbers enrolments went over
-- because it knew requests that this store does not.
ALTER TABLE device ADD COLUMN last_sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN sequences_skipped INTEGER NOT NULL DEFAULT 0;

-- The catalogue is one of the first release: the centre's is newer, whatever its number.
ALTER TABLE device ADD COLUMN catalogue_is_old INTEGER NOT NULL DEFAULT 0;

-- The level at which a request was written: its answer is of no higher one.
ALTER TABLE request ADD COLUMN level INTEGER NOT NULL DEFAULT 1;
-- The level to write at, where the centre knows less than this program; null: the program's own.
ALTER TABLE device ADD COLUMN spoken_level INTEGER;

-- The centre's word that this terminal sells no more.
CREATE TABLE stop (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  reason TEXT NOT NULL CHECK (reason IN ('terminal-revoked', 'terminal-locked')),
  why TEXT NOT NULL,
  -- The request that met it.
  sequence INTEGER NOT NULL,
  -- Only a later word ends it.
  said_at_s INTEGER NOT NULL
) STRICT;

-- What a ticket shows beside the sale's own figures, as JSON; sales of one product at one price share it.
CREATE TABLE ticket_facts (
  id INTEGER PRIMARY KEY,
  content TEXT NOT NULL UNIQUE
) STRICT;
-- Null: a sale of an earlier release, which kept none.
ALTER TABLE sale ADD COLUMN ticket_facts INTEGER REFERENCES ticket_facts;

-- Why the codes of a run are not sold; a run is wholly barred or not at all.
ALTER TABLE safe_run ADD COLUMN barred TEXT CHECK (barred IN ('held', 'recalled', 'stolen'));

-- What is wrong now, and since when; whether the centre was told.
CREATE TABLE alarm (
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  reported INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
-- When the last state report was made, and whether an alarm that it told of has ended since.
ALTER TABLE device ADD COLUMN state_reported_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN alarm_ended INTEGER NOT NULL DEFAULT 0;
