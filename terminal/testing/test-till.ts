// A till in one process for tests: real store, real printer link over a real socket, the card's own code, and a
// fake centre at the end of the line.

import type { KeyObject } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileCardSlot } from '@scratchless/keys/card-slot'
import { createFileCard } from '@scratchless/keys/file-card'
import { createLog } from '@scratchless/program/log'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import { cardId, vendorId } from '@scratchless/voucher/ids'
import { systemRandom } from '@scratchless/voucher/random'
import type { CardVerbs } from '../src/card/card-verbs.ts'
import { holdCard } from '../src/card/hold-card.ts'
import { doubtOpenIntents } from '../src/sale/settle-doubt.ts'
import { connectStore, type Store } from '../src/store/connect-store.ts'
import { beginToEnrol } from '../src/supply/enrol.ts'
import { takeOrder } from '../src/supply/send-supply-order.ts'
import { terminalClock } from '../src/supply/terminal-clock.ts'
import { connectPrinter } from '../src/ticket/printer-link.ts'
import { openTill, type Till } from '../src/till/till.ts'
import type { VendorSession } from '../src/vendors/sessions.ts'
import { DEFAULT_PACE, vendorAtHisPace } from './card-pace.ts'
import { PRODUCT } from './fake-catalogue.ts'
import { createFakeCentre, type FakeCentre } from './fake-centre.ts'
import { type FakePrinter, startFakePrinter } from './fake-printer.ts'
import { DEVICE_KEY, keysInMemory } from './keys-in-memory.ts'

export const CARD = cardId('C0000001')
export const PIN = '12345678'

export interface TestClock extends Clock {
  setMs(ms: number): void
}

export interface TestTill {
  readonly folder: string
  readonly clock: TestClock
  readonly centre: FakeCentre
  readonly printer: FakePrinter
  readonly session: VendorSession
  store(): Store
  till(): Till
  /** The program dies where it stands and comes back: nothing is saved on the way. */
  restart(): Promise<void>
  /** Pulls the card out, or puts it back. */
  card(where: 'in' | 'out'): Promise<void>
  until(holds: () => boolean): Promise<void>
  close(): Promise<void>
}

/** Made once for all tills of a test file: an RSA key and the stretching of its PIN take most of a till's time. */
let issued: Promise<{ folder: string; publicKey: KeyObject }> | null = null

/** A fresh card in a folder, its PIN never tried. */
async function issueCard(folder: string): Promise<KeyObject> {
  issued ??= makeCard()
  const { folder: made, publicKey } = await issued
  cpSync(made, folder, { recursive: true })
  return publicKey
}

async function makeCard() {
  const folder = join(mkdtempSync(join(tmpdir(), 'card-')), 'card')
  const publicKey = await createFileCard(folder, CARD, Buffer.from(PIN), systemRandom)
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return { folder, publicKey }
}

/** An enrolled terminal with its letter and catalogue, and `stock` codes ordered and delivered. */
export async function testTill(needs: {
  packedCodes: (first: number, count: number) => Buffer
  startMs: number
  stock: number
  /** The card's own clock; absent: a vendor who presses at the card's pace. */
  cardClock?: () => number
}): Promise<TestTill> {
  const folder = mkdtempSync(join(tmpdir(), 'till-'))
  let nowMs = needs.startMs
  const clock: TestClock = {
    nowMs: () => nowMs,
    setMs(ms) {
      nowMs = ms
    },
  }
  const centre = createFakeCentre({ clock, packedCodes: needs.packedCodes })
  const cardFolder = join(folder, 'card')
  centre.registerCard(CARD, await issueCard(cardFolder))
  const printer = await startFakePrinter()
  const deviceKeys = keysInMemory()
  writeFileSync(join(folder, DEVICE_KEY), deviceKeys.held()[0]!.export({ type: 'pkcs8', format: 'pem' }))
  const log = createLog({ program: 'terminal', process: 'test', clock, level: 'silent' })
  let settingsFolder = cardFolder
  const cardVerbs = (): CardVerbs =>
    holdCard({
      slot: fileCardSlot(settingsFolder),
      openingsPerSecond: DEFAULT_PACE,
      steadyMs: needs.cardClock ?? vendorAtHisPace(),
    })
  let verbs = cardVerbs()
  const card: PrivateLine<CardVerbs> = {
    state: async () => verbs.state(),
    givePin: async (argument) => verbs.givePin(argument),
    unwrapSafeKey: async (argument) => verbs.unwrapSafeKey(argument),
    keyOfCode: async (argument) => verbs.keyOfCode(argument),
    lock: async () => verbs.lock(),
  }
  let store = connectStore(join(folder, 'terminal.sqlite'))

  async function open(): Promise<Till> {
    const clockOnBoard = terminalClock(clock, store)
    doubtOpenIntents({ store, clock: clockOnBoard })
    const till = openTill({
      store,
      log,
      clock: clockOnBoard,
      random: systemRandom,
      deviceKeys,
      line: centre.line(),
      card,
      printer: connectPrinter({ host: '127.0.0.1', port: printer.port }, () => undefined),
      locale: 'fr',
      columns: 32,
      minimumStock: 5,
    })
    await till.lookAtCard()
    await until(() => till.printer.lastStatus() !== 'not-connected')
    return till
  }

  async function until(holds: () => boolean): Promise<void> {
    const endMs = performance.now() + 5_000
    while (!holds()) {
      if (performance.now() > endMs) throw new Error('it did not come to pass')
      await sleep(5)
    }
  }

  let till = await open()
  await beginToEnrol(till, centre.enrolmentCode)
  centre.approve()
  till.supply.wake()
  await until(() => (till.word()?.catalogue ?? null) !== null)
  const session: VendorSession = { who: 'vendor', vendor: vendorId('02'), card: CARD, sinceMs: nowMs }
  await verbs.givePin({ pin: Buffer.from(PIN) })
  till.sessions.start(session)
  till.supply.wake()
  if (needs.stock > 0) {
    takeOrder(till, [{ product: PRODUCT, quantity: needs.stock }])
    till.supply.wake()
    await until(() => centre.receipts.length === 1)
  }

  return {
    folder,
    clock,
    centre,
    printer,
    session,
    store: () => store,
    till: () => till,
    async restart() {
      const before = store
      await till.stop()
      before.close()
      store = connectStore(join(folder, 'terminal.sqlite'))
      verbs = cardVerbs()
      till = await open()
      till.sessions.start(session)
      await verbs.givePin({ pin: Buffer.from(PIN) })
    },
    async card(where) {
      settingsFolder = where === 'in' ? cardFolder : join(folder, 'no-card')
      verbs = cardVerbs()
      if (where === 'in') await verbs.givePin({ pin: Buffer.from(PIN) })
      await till.lookAtCard()
    },
    until,
    async close() {
      await till.stop()
      store.close()
      await printer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
