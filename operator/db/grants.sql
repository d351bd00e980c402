-- The api sees of what is sealed what is public: serials, counts, dates. Never ciphertext, keys or fingerprints.
GRANT SELECT, INSERT ON product TO :api;
GRANT UPDATE (on_hold) ON product TO :api;
GRANT SELECT, INSERT ON lot, pack TO :api;
GRANT UPDATE (activated_at) ON lot TO :api;
GRANT UPDATE (allocated) ON pack TO :api;
GRANT SELECT, INSERT ON restock_order, restock_order_line, restock_delivery, restock_run, restock_duplicate TO :api;
GRANT UPDATE (state, settled_at, codes_taken, reason) ON restock_delivery TO :api;
GRANT SELECT, INSERT ON lot_activation, lot_activation_run, lot_activation_told TO :api;
GRANT UPDATE (state, reason, settled_at) ON lot_activation_told TO :api;
GRANT SELECT (id, product, expires_on, codes, activated_at, sealed_at) ON sealed_lot TO :api;
GRANT SELECT (id, lot, first_serial, count) ON sealed_pack TO :api;

-- The vault reads of products what it checks codes against.
GRANT SELECT (id, code_digits, check_digit) ON product TO :vault;
GRANT SELECT, INSERT ON sealed_lot, code_fingerprint, stock_file, verified_order, verified_order_line TO :vault;
GRANT SELECT, INSERT ON sealed_pack, closed_delivery TO :vault;
GRANT UPDATE (closed_upto) ON sealed_pack TO :vault;
GRANT UPDATE (closed) ON verified_order_line TO :vault;
GRANT SELECT ON serial_counter TO :vault;
GRANT UPDATE (next_serial) ON serial_counter TO :vault;
GRANT USAGE ON SEQUENCE lot_number TO :vault;

GRANT SELECT ON product, lot, pack, restock_order, restock_order_line, restock_delivery, restock_run,
  restock_duplicate, lot_activation, lot_activation_run, lot_activation_told, verified_order, verified_order_line TO :auditor;
GRANT SELECT (id, product, expires_on, codes, source, sealed_at) ON sealed_lot TO :auditor;
GRANT SELECT (id, lot, first_serial, count, first_index, closed_upto) ON sealed_pack TO :auditor;
GRANT SELECT (id, order_id, line_no, codes, closed_at) ON closed_delivery TO :auditor;
