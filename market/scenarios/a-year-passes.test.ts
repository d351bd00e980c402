// The story of a-year-passes.ts in small, where time can be moved: a key renewed, one card replaced, every
// vault restarted, and one terminal off for longer than its certificate.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runAYear } from './a-year-passes.ts'
import { canMoveTime } from './moved-time.ts'

const movedTest = test.skipIf(!canMoveTime() && process.env.PEERS !== 'required')

const DAYS = 115
const STEPS = DAYS / 5
const TERMINALS = 2
const STEPS_OFF = 19

movedTest(
  'four months pass over two tills: a key is renewed, a card replaced, and one till comes back after its certificate',
  { timeout: 5 * 60_000 },
  async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'year-'))
    fs.chmodSync(folder, 0o755)
    try {
      const said: string[] = []
      const size = { days: DAYS, terminals: TERMINALS }
      const told = await runAYear(path.join(folder, 'data'), size, (progress) => said.push(progress)).catch(
        (problem: Error) => {
          throw new Error(`${problem.message}, after "${said.at(-1)}"`, { cause: problem })
        },
      )
      expect(told).toMatchObject({ ok: true, problems: [], ...size, secondEnrolments: 1, cardsReplaced: 1 })
      // Each till sells five a step and two on the last day; the one that comes back sells one of before at once.
      expect(told.sales).toBe((STEPS * TERMINALS - STEPS_OFF) * 5 + 1 + TERMINALS * 2)
      expect(told.renewals).toBe(TERMINALS - 1)
      expect(told.vaultRestarts).toBe(9)
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  },
)
