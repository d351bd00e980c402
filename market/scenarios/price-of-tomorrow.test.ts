// The story of price-of-tomorrow.ts, where time can be moved.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { canMoveTime } from './moved-time.ts'
import { runPriceOfTomorrow } from './price-of-tomorrow.ts'

const movedTest = test.skipIf(!canMoveTime() && process.env.PEERS !== 'required')

movedTest(
  'a price of tomorrow comes into force at midnight on two tills, one of them without a line',
  {
    timeout: 5 * 60_000,
  },
  async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tomorrow-'))
    fs.chmodSync(folder, 0o755)
    try {
      const told = await runPriceOfTomorrow(path.join(folder, 'data'), () => undefined)
      expect(told).toMatchObject({ ok: true, problems: [] })
      expect(told.recomputed).toBeGreaterThan(20)
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  },
)
