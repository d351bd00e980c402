GRANT SELECT, INSERT, UPDATE ON staff TO :api;
GRANT SELECT, INSERT, UPDATE, DELETE ON staff_session TO :api;
GRANT SELECT, INSERT, UPDATE ON message_out, message_in TO :api;
GRANT SELECT, INSERT ON audit_entry TO :api, :vault;
GRANT SELECT, UPDATE ON audit_head TO :api, :vault;
GRANT SELECT, INSERT ON kept_head TO :vault;

-- The auditor sees everything here but what signs somebody in.
GRANT SELECT (id, sign_in_name, full_name, roles, failures, locked_until, disabled_at) ON staff TO :auditor;
GRANT SELECT ON message_out, message_in, audit_entry, audit_head, kept_head, schema_migration TO :auditor;
