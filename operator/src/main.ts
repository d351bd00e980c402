// The operator's program: brings its databases up to date, then keeps its vault and its api alive.

import { startOffice } from '@scratchless/office/program/run-office'
import {
  OPERATOR_MIGRATIONS,
  OPERATOR_VAULT_MIGRATIONS,
  OPERATOR_VAULT_MOVE,
  operatorSettings,
} from './settings.ts'

await startOffice({
  schema: operatorSettings,
  migrations: OPERATOR_MIGRATIONS,
  vaultMigrations: OPERATOR_VAULT_MIGRATIONS,
  vaultMove: OPERATOR_VAULT_MOVE,
  vault: new URL('./vault.ts', import.meta.url),
  api: new URL('./api.ts', import.meta.url),
})
