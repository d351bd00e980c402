GRANT SELECT, INSERT ON account, transfer, entry, settlement TO :api;
GRANT UPDATE (debits_posted, credits_posted, debits_pending, credits_pending, credit_line_minor) ON account TO :api;
GRANT SELECT ON account, transfer, entry, settlement TO :auditor;
