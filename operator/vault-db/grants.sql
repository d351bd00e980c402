-- What was sealed or journalled is only ever added; marks are set, counts move.
GRANT SELECT, INSERT ON product TO :vault;
GRANT SELECT, INSERT ON sealed_lot, code_fingerprint, stock_file, verified_order, verified_order_line TO :vault;
GRANT SELECT, INSERT ON sealed_pack, closed_delivery, used_agreement, void_stock TO :vault;
GRANT UPDATE (closed, void) ON sealed_pack TO :vault;
GRANT SELECT, INSERT, DELETE ON stock_fingerprint TO :vault;
GRANT UPDATE (forgotten_at) ON sealed_lot TO :vault;
GRANT UPDATE (closed) ON verified_order_line TO :vault;
GRANT SELECT ON serial_counter TO :vault;
GRANT UPDATE (next_serial) ON serial_counter TO :vault;
GRANT USAGE ON SEQUENCE lot_number TO :vault;

-- The auditor compares the journals; what is sealed or wrapped he does not need.
GRANT SELECT ON product, verified_order, verified_order_line, used_agreement,
  void_stock TO :auditor;
GRANT SELECT (id, product, expires_on, codes, source, sealed_at, no) ON sealed_lot TO :auditor;
GRANT SELECT (id, lot, first_serial, count, first_index, closed, void) ON sealed_pack TO :auditor;
GRANT SELECT (id, order_id, line_no, codes, closed_at) ON closed_delivery TO :auditor;
