-- Which numbered files made this store, and what stood in each: they are never edited.
CREATE TABLE schema_file (
  name   TEXT NOT NULL PRIMARY KEY,
  digest TEXT NOT NULL CHECK (length(digest) = 64)
) STRICT, WITHOUT ROWID;
