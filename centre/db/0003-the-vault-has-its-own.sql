-- The vault's tables lie in a database of its own (centre/vault-db); the move comes before this
-- (office/database/move-vault.ts). One transaction, so that the books have either all of them or none.
DROP TABLE kept_head, vault_supply, vault_safe_key, vault_card, vault_terminal, vault_enrolment, vault_certificate,
  vault_restock_delivery, vault_restock_line, vault_fingerprint, vault_pack, vault_lot_record;
