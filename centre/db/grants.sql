-- Who may do what. Entries of money, sales and answers are only ever added; sealed bytes and keys are the vault's.
GRANT SELECT, INSERT ON product, product_price, tier, retailer_tier, retailer, rate, terminal, enrolment, card, approval
  TO :api;
GRANT USAGE ON SEQUENCE retailer_number, terminal_number TO :api;
GRANT UPDATE (closed_at) ON retailer TO :api;
GRANT UPDATE (certificate_number, public_key, certified_until, last_sequence, letter_epoch, letter_ends_at,
              letter_number, letter_wanted, catalogue_version, catalogue_hash, catalogue_from, locked_at, revoked_at)
  ON terminal TO :api;
GRANT UPDATE (fingerprint) ON enrolment TO :api;
GRANT UPDATE (registered_at, revoked_at) ON card TO :api;
GRANT SELECT, INSERT ON restock_order, restock_order_line, restock_delivery, lot, pack TO :api;
GRANT UPDATE (state, reason) ON restock_order TO :api;
GRANT UPDATE (accepted, received, unit_price_minor, reason) ON restock_order_line TO :api;
GRANT UPDATE (taken, activated_on) ON pack TO :api;
GRANT UPDATE (activated_on) ON lot TO :api;
GRANT SELECT, INSERT ON lot_activation, lot_activation_run TO :api;
GRANT SELECT, INSERT ON supply_message, supply_order, supply_order_line, supply_run, sale, ticket_event, alarm TO :api;
GRANT UPDATE (answer) ON supply_message TO :api;
GRANT UPDATE (delivery_hash, state, settled_at) ON supply_order TO :api;
GRANT INSERT ON alarm TO :vault;

GRANT SELECT ON product TO :vault;
GRANT SELECT, INSERT ON vault_lot_record, vault_pack, vault_fingerprint, vault_restock_line, vault_restock_delivery,
  vault_certificate, vault_enrolment, vault_terminal, vault_card, vault_safe_key, vault_supply TO :vault;
GRANT USAGE ON SEQUENCE vault_enrolment_number_seq TO :vault;
GRANT UPDATE (closed_upto) ON vault_pack TO :vault;
GRANT UPDATE (accepted, received, unit_price) ON vault_restock_line TO :vault;
GRANT UPDATE (bytes, revoked_at) ON vault_certificate TO :vault;
GRANT UPDATE (device_key, certificate) ON vault_enrolment TO :vault;
GRANT UPDATE (retailer_id, certificate, mac, revoked_at) ON vault_terminal TO :vault;
GRANT UPDATE (revoked_at) ON vault_card TO :vault;
GRANT UPDATE (ends_at, mac) ON vault_safe_key TO :vault;

GRANT SELECT ON product, product_price, tier, retailer_tier, retailer, rate, terminal, enrolment, card, approval,
  restock_order, restock_order_line, restock_delivery, lot, lot_activation, lot_activation_run, pack, supply_message,
  supply_order, supply_order_line, supply_run,
  sale, ticket_event, alarm TO :auditor;
-- The auditor compares the journals; what is sealed or wrapped he does not need.
GRANT SELECT (operator, first_serial, count, record_id, first_index, closed_upto) ON vault_pack TO :auditor;
GRANT SELECT (terminal_id, sequence, epoch, codes, runs, closed_at) ON vault_supply TO :auditor;
GRANT SELECT (order_id, operator, line_no, accepted, received) ON vault_restock_line TO :auditor;
GRANT SELECT (operator, id) ON vault_restock_delivery TO :auditor;
GRANT SELECT (id, operator, lot_id, product_id) ON vault_lot_record TO :auditor;
