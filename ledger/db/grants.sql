GRANT SELECT, INSERT ON account, transfer, settlement TO :api;
GRANT UPDATE (debits_posted, credits_posted, debits_pending, credits_pending, credit_line_minor, blocked_since,
              blocked_why) ON account TO :api;
-- Folded into the accounts' counters, which the audit compares with the transfers.
GRANT SELECT, INSERT, DELETE ON own_book_change TO :api;
GRANT SELECT ON entry TO :api;
GRANT SELECT ON account, transfer, settlement, entry, own_book_change TO :auditor;
