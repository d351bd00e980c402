-- What was sealed, signed or journalled is only ever added; marks are set, counts and what ends move.
GRANT SELECT, INSERT ON product TO :vault;
GRANT SELECT, INSERT ON vault_lot_record, vault_pack, vault_fingerprint, vault_restock_line, vault_restock_delivery,
  vault_certificate, vault_enrolment, vault_terminal, vault_card, vault_safe_key, vault_supply, vault_renewal, used_agreement,
  void_stock TO :vault;
GRANT USAGE ON SEQUENCE vault_enrolment_number_seq TO :vault;
GRANT UPDATE (closed, void) ON vault_pack TO :vault;
GRANT SELECT, INSERT, DELETE ON vault_code_fingerprint TO :vault;
GRANT UPDATE (forgotten_at) ON vault_lot_record TO :vault;
GRANT UPDATE (accepted, received, unit_price) ON vault_restock_line TO :vault;
GRANT UPDATE (bytes, centre_certificate, revoked_at) ON vault_certificate TO :vault;
GRANT UPDATE (device_key, certificate) ON vault_enrolment TO :vault;
GRANT UPDATE (depot_id, retailer_id, certificate, mac, revoked_at) ON vault_terminal TO :vault;
GRANT UPDATE (revoked_at) ON vault_card TO :vault;
GRANT UPDATE (ends_at, mac) ON vault_safe_key TO :vault;

-- The auditor compares the journals; what is sealed or wrapped he does not need.
GRANT SELECT (depot_id, operator, first_serial, count, record_id, first_index, closed, void) ON vault_pack TO :auditor;
GRANT SELECT (depot_id, terminal_id, sequence, epoch, codes, runs, closed_at) ON vault_supply TO :auditor;
GRANT SELECT (order_id, operator, line_no, accepted, received) ON vault_restock_line TO :auditor;
GRANT SELECT (operator, id) ON vault_restock_delivery TO :auditor;
GRANT SELECT (id, operator, lot_id, product_id) ON vault_lot_record TO :auditor;
GRANT SELECT ON product TO :auditor;
GRANT SELECT ON used_agreement, void_stock TO :auditor;
