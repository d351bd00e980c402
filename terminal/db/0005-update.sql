-- The version of this program that the centre did not understand at its own level: it needs an update.
ALTER TABLE device ADD COLUMN not_understood TEXT;
