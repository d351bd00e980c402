// The centre: brings its databases up to date, then keeps its vault and its api process alive.

import { LEDGER_MIGRATIONS } from '@scratchless/ledger/post-transfers'
import { OFFICE_MIGRATIONS } from '@scratchless/office/database/migrate'
import { startOffice } from '@scratchless/office/program/run-office'
import { CENTRE_MIGRATIONS, CENTRE_VAULT_MIGRATIONS, CENTRE_VAULT_MOVE, centreSettings } from './settings.ts'

await startOffice({
  schema: centreSettings,
  migrations: [OFFICE_MIGRATIONS, LEDGER_MIGRATIONS, CENTRE_MIGRATIONS],
  vaultMigrations: CENTRE_VAULT_MIGRATIONS,
  vaultMove: CENTRE_VAULT_MOVE,
  vault: new URL('./vault.ts', import.meta.url),
  api: new URL('./api.ts', import.meta.url),
})
