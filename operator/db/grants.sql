-- The api's tables: the vault's lie in a database to which the api cannot connect (operator/vault-db).
GRANT SELECT, INSERT ON product TO :api;
GRANT UPDATE (on_hold) ON product TO :api;
GRANT SELECT, INSERT ON lot, pack TO :api;
GRANT UPDATE (activated_at) ON lot TO :api;
GRANT UPDATE (given, aside, held_at) ON pack TO :api;
GRANT SELECT, INSERT ON code_case, lot_state, code_exchange TO :api;
GRANT UPDATE (ended_by, ended_at, ended_cause, end_request) ON code_case TO :api;
GRANT SELECT, INSERT ON restock_order, restock_order_line, restock_delivery, restock_run, restock_duplicate TO :api;
GRANT UPDATE (state, settled_at, codes_taken, reason) ON restock_delivery TO :api;
GRANT SELECT, INSERT ON lot_activation, lot_activation_run, lot_activation_told TO :api;
GRANT UPDATE (state, reason, settled_at) ON lot_activation_told TO :api;

GRANT SELECT ON product, lot, pack, code_case, lot_state, code_exchange, restock_order, restock_order_line, restock_delivery, restock_run,
  restock_duplicate, lot_activation, lot_activation_run, lot_activation_told TO :auditor;
