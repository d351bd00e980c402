// The operator's program: brings its database up to date, then keeps its vault and its api alive.

import { startOffice } from '@scratchless/office/program/run-office'
import { OPERATOR_MIGRATIONS, operatorSettings } from './settings.ts'

await startOffice({
  schema: operatorSettings,
  migrations: OPERATOR_MIGRATIONS,
  vault: new URL('./vault.ts', import.meta.url),
  api: new URL('./api.ts', import.meta.url),
})
