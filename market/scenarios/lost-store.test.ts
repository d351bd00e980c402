// A shop's terminal loses its store: the next start says so and what to do, the device enrols as a new terminal, and
// the centre says which codes the old one had on board.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { CodesAtTerminalView, TerminalView } from '@scratchless/centre/staff-api'
import type { TillState } from '@scratchless/terminal/till/till-contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditMarket } from '../audit/audit-market.ts'
import { claimDataFolder, type DataFolder } from '../demo/data-folder.ts'
import { loadTills } from '../demo/fill-till.ts'
import { OPERATORS, productsOf } from '../demo/parties.ts'
import { sellOne } from '../demo/sell.ts'
import { startMarket } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { waitUntil } from '../demo/wait-until.ts'

const MINUTE_MS = 60_000
let folder: string
let data: DataFolder
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lost-'))
  const opened = claimDataFolder(path.join(folder, 'data'))
  if ('problem' in opened) throw new Error(opened.problem)
  data = opened
})
afterAll(() => {
  data.release()
  fs.rmSync(folder, { recursive: true, force: true })
})

const open = (beginAnew = false) =>
  startMarket(data, {
    ...{ databaseUrl: null, terminals: 1, unpaced: true, beginAnew },
    onPaper: () => {},
    say: () => {},
  })

test('its codes are found out at the centre, and the shop goes on with a new terminal', {
  timeout: 4 * MINUTE_MS,
}, async () => {
  const first = await open()
  let sold: string
  try {
    await loadOperators(first, [], () => {})
    await loadCentre(first, () => {})
    const [till] = await loadTills(first, () => {})
    sold = (await sellOne(till!.vendor, 'ATLAS-1')).serial
    await waitUntil('The report', async () => {
      const status = await till!.vendor.get<{ outboxEmpty: boolean }>('/api/status')
      return status.outboxEmpty ? true : null
    })
  } finally {
    await first.stop()
  }
  const store = data.path('terminal', 'store', 'terminal.sqlite')
  fs.writeFileSync(store, '')

  await expect(open()).rejects.toThrow(
    /store\/terminal\.sqlite: the store is empty.*start it once with --begin-anew/,
  )
  data.release()
  const lines = await auditMarket(data.dir)
  const broken = lines.filter(({ ok }) => !ok)
  expect(broken).toEqual([
    expect.objectContaining({
      name: 'terminal',
      detail: expect.stringMatching(/the store is empty.*\/api\/terminals\/ID\/codes/),
    }),
  ])

  const again = claimDataFolder(data.dir)
  if ('problem' in again) throw new Error(again.problem)
  data = again
  const market = await open(true)
  try {
    const { staff } = market.offices.get('centre')!
    const { codes } = await staff.get<{ codes: CodesAtTerminalView[] }>('/api/terminals/T00001/codes')
    const count = (product: string) =>
      codes.filter((run) => run.product === product).reduce((sum, run) => sum + run.count, 0)
    for (const { id } of OPERATORS.flatMap(productsOf)) expect(count(id)).toBe(id === 'ATLAS-1' ? 19 : 20)
    expect(codes.every(({ state }) => state === 'delivered')).toBe(true)
    expect(codes.some(({ product, firstSerial }) => product === 'ATLAS-1' && firstSerial === sold)).toBe(
      false,
    )
    await staff.post('/api/terminals/T00001/revocation', { reason: 'its store is lost' })

    const [till] = await loadTills(market, () => {})
    expect((await till!.vendor.get<TillState>('/api/state')).terminal).toBe('T00002')
    expect(await sellOne(till!.vendor, 'ATLAS-1')).toMatchObject({ state: 'printed', number: 1 })
    const { terminals } = await staff.get<{ terminals: TerminalView[] }>('/api/terminals')
    expect(terminals.map(({ id, state }) => [id, state])).toEqual([
      ['T00001', 'revoked'],
      ['T00002', 'active'],
    ])
    expect(fs.readdirSync(data.path('terminal')).some((name) => name.startsWith('store.damaged-'))).toBe(true)
  } finally {
    await market.stop()
  }
})
