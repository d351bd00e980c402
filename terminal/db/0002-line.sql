-- The number of the newest card letter taken, as the centre counts them for this terminal.
ALTER TABLE device ADD COLUMN letter INTEGER NOT NULL DEFAULT 0;

-- The catalogue's price under which it was sold; 0: unknown.
ALTER TABLE sale ADD COLUMN price_id INTEGER NOT NULL DEFAULT 0;

-- Which duplicate of its ticket one is, a report says.
CREATE INDEX ticket_event_duplicate ON ticket_event (sale) WHERE what = 'duplicate';
