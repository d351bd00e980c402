-- Who may do what. Entries of money, sales and answers are only ever added. The vault's tables lie in a database to which
-- the api cannot connect (centre/vault-db).
GRANT SELECT, INSERT ON product, product_price, tier, retailer_tier, retailer, rate, terminal, enrolment, card, approval
  TO :api;
GRANT SELECT, INSERT ON depot, deposit_document TO :api;
GRANT SELECT ON depot, deposit_document TO :auditor;
GRANT SELECT, INSERT ON terminal_certificate TO :api;
GRANT SELECT ON terminal_certificate TO :auditor;
GRANT SELECT, INSERT ON vendor, shop_settings, terminal_state, terminal_alarm, terminal_card TO :api;
GRANT UPDATE (suspended_at) ON vendor TO :api;
GRANT UPDATE (reported_at, software_version, content) ON terminal_state TO :api;
GRANT UPDATE (ended_at) ON terminal_alarm TO :api;
GRANT UPDATE (keys_given, puk_count, told_at) ON terminal_card TO :api;
GRANT SELECT ON vendor, shop_settings, terminal_state, terminal_alarm, terminal_card TO :auditor;
GRANT USAGE ON SEQUENCE retailer_number, terminal_number TO :api;
GRANT UPDATE (closed_at) ON retailer TO :api;
GRANT UPDATE (certificate_number, certified_until, centre_until, last_sequence, letter_epoch, letter_ends_at,
              letter_number, letter_wanted, catalogue_version, catalogue_hash, catalogue_from, settings_version,
              settings_hash, locked_at, locked_why, revoked_at, revoked_why, open_order, day_order, aboard_minor)
  ON terminal TO :api;
GRANT UPDATE (fingerprint) ON enrolment TO :api;
GRANT UPDATE (registered_at, revoked_at) ON card TO :api;
GRANT SELECT, INSERT ON restock_order, restock_order_line, restock_delivery, lot, pack TO :api;
GRANT UPDATE (state, reason) ON restock_order TO :api;
GRANT UPDATE (accepted, received, unit_price_minor, reason) ON restock_order_line TO :api;
GRANT UPDATE (given, aside, asleep, held_at, activated_on) ON pack TO :api;
GRANT UPDATE (activated_on) ON lot TO :api;
GRANT SELECT, INSERT ON lot_activation, lot_activation_run, code_case, lot_state, code_exchange TO :api;
GRANT SELECT, INSERT ON barred_range TO :api;
GRANT UPDATE (ended_at, told_at) ON barred_range TO :api;
GRANT SELECT ON barred_range TO :auditor;
GRANT UPDATE (ended_by, ended_at, ended_cause, end_request) ON code_case TO :api;
GRANT SELECT, INSERT ON supply_message, supply_order, supply_order_line, supply_run, sale, ticket_event, alarm TO :api;
GRANT UPDATE (request, answer, answer_hash) ON supply_message TO :api;
GRANT UPDATE (delivery_hash, state, settled_at, withheld_at) ON supply_order TO :api;
GRANT UPDATE (released_at, sold) ON supply_run TO :api;
-- What was sold, added up; and the months in which sales are stored, of which it makes the next ones and no other table.
GRANT SELECT, INSERT ON sales_of_hour, sales_of_hour_change, sales_of_shop, bytes_let_go TO :api;
GRANT UPDATE (sales, amount_minor) ON sales_of_hour, sales_of_shop TO :api;
GRANT DELETE ON sales_of_hour_change TO :api;
GRANT UPDATE (upto_sequence) ON bytes_let_go TO :api;
GRANT EXECUTE ON FUNCTION make_sale_month TO :api;
GRANT SELECT ON sales_of_hour, sales_of_hour_change, sales_of_shop, bytes_let_go TO :auditor;

GRANT SELECT ON product, product_price, tier, retailer_tier, retailer, rate, terminal, enrolment, card, approval,
  restock_order, restock_order_line, restock_delivery, lot, lot_activation, lot_activation_run, code_case, lot_state, code_exchange, pack, supply_message,
  supply_order, supply_order_line, supply_run,
  sale, ticket_event, alarm TO :auditor;
