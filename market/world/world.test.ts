// A small world, made as a large one is: it has what was asked for, and the centre's books hold on it.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createPool } from '@scratchless/office/database/database'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditMarket } from '../audit/audit-market.ts'
import { claimDataFolder } from '../demo/data-folder.ts'
import { startMarketDatabase } from '../demo/database.ts'
import { makeWorld, whyNoWorld } from './make-world.ts'
import { worldSizeOf } from './world-size.ts'

const SIZE = { codes: 2_345, retailers: 40, sales: 6_789 }
const MINUTE_MS = 60_000

let parent: string
let dataDir: string
beforeAll(async () => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'world-'))
  fs.chmodSync(parent, 0o755)
  dataDir = path.join(parent, 'data')
  await withData((data) => makeWorld(data, SIZE, () => {}))
}, 2 * MINUTE_MS)
afterAll(() => fs.rmSync(parent, { recursive: true, force: true }))

async function withData<Result>(
  work: (data: Exclude<ReturnType<typeof claimDataFolder>, { problem: string }>) => Promise<Result>,
): Promise<Result> {
  const data = claimDataFolder(dataDir)
  if ('problem' in data) throw new Error(data.problem)
  try {
    return await work(data)
  } finally {
    data.release()
  }
}

test(
  'the books of the centre hold, and across parties all but what an operator would have to know',
  async () => {
    const lines = await auditMarket(dataDir)
    expect(
      lines.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail.split(';')[0]}`),
    ).toEqual([
      'across: not so: what the centre has an operator sent it',
      'across: not so: both ends of a restock order agree on codes and price',
    ])
    expect(lines.filter(({ name }) => name === 'centre').length).toBeGreaterThan(20)
  },
  MINUTE_MS,
)

test(
  'it has the codes, retailers and sales that were asked for, each sale from its terminal’s own run',
  async () => {
    await withData(async (data) => {
      const database = await startMarketDatabase(data, null)
      const pool = createPool({ url: database.offices.get('centre')!.books.auditor, name: 'test', max: 1 })
      try {
        const { rows } = await pool.query(
          `SELECT (SELECT sum(free) FROM pack)::int AS codes, (SELECT count(*) FROM retailer)::int AS retailers,
                (SELECT count(*) FROM sale)::int AS sales, (SELECT sum(bit_count(sold)) FROM supply_run)::int AS marked,
                (SELECT count(*) FROM terminal WHERE id !~ '^T[0-9]{5}$')::int AS odd,
                (SELECT count(DISTINCT sold_on) FROM sale)::int AS days,
                (SELECT count(*) FROM sale WHERE sold_at > now())::int AS to_come,
                (SELECT count(*) FROM supply_message WHERE answer_hash IS NOT NULL) > 0 AS let_go`,
        )
        expect(rows).toEqual([
          {
            ...{ codes: 2_345, retailers: 40, sales: 6_789, marked: 6_789, odd: 0 },
            ...{ days: expect.toSatisfy((days: number) => days > 150), to_come: 0, let_go: true },
          },
        ])
      } finally {
        await pool.end()
        await database.stop()
      }
    })
  },
  MINUTE_MS,
)

test('a folder that holds something is refused, and so is a file', () => {
  expect(whyNoWorld(dataDir)).toBe(
    `${dataDir} holds something already: a world is made in a folder of its own, name another with --data.`,
  )
  const [empty, file] = [path.join(parent, 'empty'), path.join(parent, 'file')]
  fs.mkdirSync(empty)
  fs.writeFileSync(file, '')
  expect(whyNoWorld(empty)).toBe(null)
  expect(whyNoWorld(path.join(parent, 'new'))).toBe(null)
  expect(whyNoWorld(file)).toBe(`${file} is no folder: name another with --data.`)
})

test('a size beyond what is bounded, or no number, is said in a sentence', () => {
  expect(worldSizeOf(SIZE)).toEqual(SIZE)
  expect(worldSizeOf({ ...SIZE, sales: 20_000_001 })).toEqual({
    problem: '--sales takes a whole number from 0 to 20000000.',
  })
  expect(worldSizeOf({ ...SIZE, codes: Number.NaN })).toMatchObject({
    problem: expect.stringContaining('--codes'),
  })
  expect(worldSizeOf({ ...SIZE, retailers: 0 })).toMatchObject({
    problem: expect.stringContaining('--retailers'),
  })
})
