-- The vault's tables lie in a database of its own (operator/vault-db); the move comes before this
-- (office/database/move-vault.ts). One transaction, so that the books have either all of them or none.
DROP TABLE kept_head, closed_delivery, verified_order_line, verified_order, serial_counter, stock_file, code_fingerprint,
  sealed_pack, sealed_lot;
DROP SEQUENCE lot_number;
