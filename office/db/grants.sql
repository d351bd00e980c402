GRANT SELECT, INSERT ON staff TO :api;
GRANT UPDATE (password_hash, failures, locked_until, disabled_at) ON staff TO :api;
GRANT SELECT, INSERT, DELETE ON staff_session TO :api;
GRANT UPDATE (seen_at) ON staff_session TO :api;
-- What was saved to be sent and what was taken is never rewritten; only what became of it is.
GRANT SELECT, INSERT ON message_out, message_in TO :api;
GRANT UPDATE (state, answer, attempts, next_try_at, last_problem, settled_at) ON message_out TO :api;
GRANT UPDATE (answer, answered_at) ON message_in TO :api;
GRANT SELECT, INSERT ON audit_entry TO :api;
GRANT SELECT ON audit_head TO :api;
GRANT UPDATE (n, hash) ON audit_head TO :api;
GRANT SELECT, UPDATE (n, hash) ON audit_lane TO :api;
GRANT SELECT, UPDATE (n) ON audit_tied TO :api;
-- Who may do what is read by every route, and changed by nobody here.
GRANT SELECT ON act, act_role TO :api;
-- What was asked for stays as it was asked; what became of it is added.
GRANT SELECT, INSERT ON request, request_agreement TO :api;
GRANT UPDATE (state, agreed_by, ended_by, ended_at, ended_why) ON request TO :api;
-- The vault signs the chain's head into its messages; nothing else here is its.
GRANT SELECT ON audit_head TO :vault;

-- The auditor sees everything here but what signs somebody in.
GRANT SELECT (id, sign_in_name, full_name, roles, failures, locked_until, disabled_at) ON staff TO :auditor;
GRANT SELECT ON message_out, message_in, audit_entry, audit_head, audit_lane, audit_tied, schema_migration, act, act_role,
  request, request_agreement TO :auditor;
-- A paper is only ever added; of its series the last number moves.
GRANT SELECT, INSERT ON paper_series, paper TO :api;
GRANT UPDATE (last) ON paper_series TO :api;
GRANT SELECT ON paper_series, paper TO :auditor;
