import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  CRASH_POINTS,
  type CrashPoint,
  type CrashReport,
  type CrashTask,
} from '../../testing/crash-while-selling.ts'
import { PRODUCT } from '../../testing/fake-catalogue.ts'
import { startFakePrinter } from '../../testing/fake-printer.ts'
import { DEVICE_KEY } from '../../testing/keys-in-memory.ts'
import { PIN, type TestTill, testTill } from '../../testing/test-till.ts'
import { auditTerminal } from '../audit.ts'
import { stockOf } from '../safe/safe-run.sql.ts'
import { connectStore } from '../store/connect-store.ts'
import { salesIn } from './sale.sql.ts'

const STOCK = 5
const START_MS = Date.parse('2026-11-22T18:42:00Z')
const digits = Array.from({ length: STOCK }, (_, i) => `7712345678${String(1000 + i * 7)}`)
let world: TestTill

beforeAll(async () => {
  world = await testTill({
    startMs: START_MS,
    stock: STOCK,
    packedCodes(first, count) {
      const size = packedSize(14)
      const bytes = Buffer.alloc(count * size)
      for (let i = 0; i < count; i++) packDigits(Buffer.from(digits[first + i]!, 'latin1'), bytes, i * size)
      return bytes
    },
  })
  await world.till().stop()
  world.store().statement('PRAGMA wal_checkpoint(TRUNCATE)').get()
})
afterAll(() => world.close())

interface Life {
  readonly signal: NodeJS.Signals | null
  readonly report: CrashReport | null
}

async function live(task: CrashTask): Promise<Life> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('../../testing/crash-while-selling.ts', import.meta.url)),
      JSON.stringify(task),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [signal, said] = await Promise.all([
    new Promise<NodeJS.Signals | null>((end) => child.once('exit', (_code, by) => end(by))),
    text(child.stdout),
  ])
  return { signal, report: said === '' ? null : (JSON.parse(said) as CrashReport) }
}

/** What the power cut leaves: the sale's state, and which of the first two codes stand whole on paper after it. */
const left: Record<CrashPoint, { sale: 'none' | 'in_doubt' | 'printed'; onPaper: number[] }> = {
  'printer-asked': { sale: 'none', onPaper: [] },
  'intent-saved': { sale: 'in_doubt', onPaper: [] },
  'card-asked': { sale: 'in_doubt', onPaper: [] },
  'code-opened': { sale: 'in_doubt', onPaper: [] },
  'first-byte': { sale: 'in_doubt', onPaper: [] },
  half: { sale: 'in_doubt', onPaper: [] },
  'last-byte': { sale: 'in_doubt', onPaper: [0] },
  'printed-saved': { sale: 'printed', onPaper: [0] },
}

test.each(CRASH_POINTS)('killed at "%s": in doubt or whole, never twice, never lost', async (crashAt) => {
  const folder = join(world.folder, crashAt)
  for (const part of ['terminal.sqlite', 'card', DEVICE_KEY]) {
    cpSync(join(world.folder, part), join(folder, part), { recursive: true })
  }
  const printer = await startFakePrinter()
  const timesOnPaper = () =>
    digits.map((code) => printer.received().toString('latin1').split(`*${code}%23`).length - 1)
  const task = {
    folder,
    printerPort: printer.port,
    nowMs: START_MS,
    pin: PIN,
    session: world.session,
    form: { saleId: 'the-sale-that-is-cut', product: PRODUCT },
  }

  const killed = await live({ ...task, crashAt })
  expect(killed).toEqual({ signal: 'SIGKILL', report: null })
  const { sale, onPaper } = left[crashAt]
  expect(timesOnPaper().flatMap((times, i) => (times > 0 ? [i] : []))).toEqual(onPaper)

  // The same press again after the restart: it sells only where nothing was promised, and else finds its sale.
  const again = await live({ ...task, crashAt: null })
  expect(again.report).toEqual({
    doubts: sale === 'in_doubt' ? [1] : [],
    outcome: sale === 'none' ? 'printed' : sale,
  })
  const next = await live({ ...task, form: { saleId: 'the-next-sale', product: PRODUCT }, crashAt: null })
  expect(next.report?.outcome).toBe('printed')

  const doubted = sale === 'in_doubt'
  expect(timesOnPaper()).toEqual(
    digits.map((_, i) => (i === 1 || (i === 0 && (!doubted || onPaper.length > 0)) ? 1 : 0)),
  )
  const store = connectStore(join(folder, 'terminal.sqlite'))
  expect(salesIn(store, 'in_doubt').length).toBe(doubted ? 1 : 0)
  expect(store.statement(`SELECT count(*) AS found FROM sale WHERE state = 'printed'`).get()).toEqual({
    found: doubted ? 1 : 2,
  })
  expect(stockOf(store, PRODUCT)).toBe(STOCK - 2)
  store.close()
  expect(auditTerminal(join(folder, 'terminal.sqlite')).filter(({ ok }) => !ok)).toEqual([])
  await printer.close()
})
