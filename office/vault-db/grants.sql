GRANT SELECT, INSERT ON kept_head TO :vault;
GRANT SELECT ON kept_head, in_use, schema_migration TO :auditor;
