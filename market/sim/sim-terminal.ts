// A terminal of the simulation: its real flows over its real store, a printer and a line that misbehave, and a program
// that dies and starts again.

import type { PrivateLine } from '@scratchless/program/private-line'
import type { CardVerbs } from '@scratchless/terminal/card/card-verbs'
import type { CentreLine } from '@scratchless/terminal/line/centre-line'
import { salesIn } from '@scratchless/terminal/sale/sale.sql'
import { type SellNeeds, sell } from '@scratchless/terminal/sale/sell'
import { doubtOpenIntents, settleDoubt } from '@scratchless/terminal/sale/settle-doubt'
import { connectStore, connectStoreForReading, type Store } from '@scratchless/terminal/store/connect-store'
import { getCatalogue, getStanding } from '@scratchless/terminal/supply/centre-word.sql'
import { type Identity, identityOf } from '@scratchless/terminal/supply/identity'
import { takeOrder } from '@scratchless/terminal/supply/send-supply-order'
import { firstOrderIn } from '@scratchless/terminal/supply/supply-order.sql'
import { createTurns, type Turn } from '@scratchless/terminal/supply/take-turn'
import { type TerminalClock, terminalClock } from '@scratchless/terminal/supply/terminal-clock'
import { ticketFacts } from '@scratchless/terminal/ticket/ticket-facts'
import { type TicketTemplate, ticketTemplate } from '@scratchless/terminal/ticket/ticket-template'
import type { Clock } from '@scratchless/voucher/clock'
import type { Random } from '@scratchless/voucher/random'
import { priceAt } from '@scratchless/wire/supply/catalogue'
import { VENDOR } from '../../centre/testing/people.ts'
import { keysInMemory } from '../../terminal/testing/keys-in-memory.ts'
import { ATLAS_5 } from '../../voucher/testing/example-product.ts'
import { type BaseTerminal, copyStore, START_MS } from './base-world.ts'
import type { PlantedBug } from './planted-bugs.ts'
import type { SimPrinter } from './sim-printer.ts'
import { newProcess, type SimProcess, storeOf } from './sim-process.ts'

export interface SimTerminal {
  readonly id: string
  readonly storeFile: string
  readonly printer: SimPrinter
  /** A second connection: what is committed, and nothing else. */
  readonly committed: Store
  /** The running program's. */
  process(): SimProcess
  /** Durable writes of all its lives. */
  writes(): number
  start(): void
  /** The next exchange. Throws a LineFault where no answer came. */
  turn(): Promise<Turn>
  order(quantity: number): string
  press(saleId: string): Promise<string>
  /** The vendor looks at the paper. Returns how many doubts he settled. */
  settleDoubts(): number
  close(): void
}

const templates = new Map<string, TicketTemplate>()

export function newTerminal(given: {
  base: BaseTerminal
  folder: string
  clock: Clock
  random: Random
  log: Parameters<typeof createTurns>[0]['log']
  printer: SimPrinter
  line: CentreLine
  bug: PlantedBug | null
}): SimTerminal {
  const { base, clock, random, log, printer, line, bug } = given
  const storeFile = `${given.folder}/${base.id}.sqlite`
  copyStore(base.storeFile, storeFile)
  // A seed's own: a renewal makes the next one, which the next seed must not find.
  const deviceKeys = keysInMemory(base.deviceKeys.held()[0]!)
  let process = newProcess('terminal')
  let writesBefore = 0
  let real: Store | null = null
  let store: Store
  let onBoard: TerminalClock
  let identity: Identity
  let turn: () => Promise<Turn>
  const card: PrivateLine<CardVerbs> = {
    state: async () => base.cardVerbs.state(),
    givePin: async (argument) => base.cardVerbs.givePin(argument),
    unwrapSafeKey: async (argument) => base.cardVerbs.unwrapSafeKey(argument),
    keyOfCode: async (argument) => base.cardVerbs.keyOfCode(argument),
    lock: async () => base.cardVerbs.lock(),
  }
  const session = { who: 'vendor', vendor: VENDOR, card: base.card, sinceMs: START_MS } as const

  function start(): void {
    real?.close()
    writesBefore += process.writes
    process = newProcess('terminal')
    real = connectStore(storeFile)
    store = storeOf(real, process)
    onBoard = terminalClock(clock, store)
    const doubt = bug?.atStart ?? doubtOpenIntents
    doubt({ store, clock: onBoard })
    identity = identityOf(store, deviceKeys)!
    turn = createTurns({
      ...{ store, log, random, line: line, clock: onBoard },
      deviceKeys,
      card: () => base.card,
      // By the time of its clock, which the seed moves.
      reporting: { sales: 10, seconds: 2 },
    })
  }
  start()
  const committed = connectStoreForReading(storeFile)

  function sellNeeds(): SellNeeds | null {
    const catalogue = getCatalogue(store)
    if (catalogue === undefined) return null
    identity = identityOf(store, deviceKeys)!
    return {
      ...{ store, clock: onBoard, identity, catalogue, card, locale: 'fr' },
      standing: getStanding(store)!,
      cardState: { status: 'in', id: base.card },
      printer: printer.linkOf(process),
      template(product, { vendor }, atMs) {
        const line = catalogue.products.find(({ id }) => id === product)!
        const name = `${base.storeFile} ${product} ${priceAt(line, Math.floor(atMs / 1000)).priceId}`
        const known = templates.get(name)
        if (known !== undefined) return known
        const made = ticketTemplate(ticketFacts(catalogue, identity, product, vendor, 'fr', atMs)!, 32, false)
        templates.set(name, made)
        return made
      },
      onPrinting: () => undefined,
    }
  }

  return {
    id: base.id,
    ...{ storeFile, printer, committed },
    process: () => process,
    writes: () => writesBefore + process.writes,
    start,
    turn: () => turn(),
    order(quantity) {
      if (firstOrderIn(store, 'waiting') !== undefined) return 'one waits already'
      const taken = takeOrder({ store, clock: onBoard }, [{ product: ATLAS_5.id, quantity }])
      return typeof taken === 'number' ? 'taken' : taken
    },
    async press(saleId) {
      const needs = sellNeeds()
      if (needs === null) return 'no catalogue'
      const outcome = await sell(needs, session, { saleId, product: ATLAS_5.id })
      return typeof outcome === 'string' ? outcome : `${outcome.number} ${outcome.state}`
    },
    settleDoubts() {
      const doubts = salesIn(store, 'in_doubt')
      for (const { number, serial } of doubts) {
        const whole = printer.paper.get(serial)?.whole === true
        settleDoubt({ store, clock: onBoard }, number, { answer: whole ? 'came-out' : 'did-not-come-out' })
      }
      return doubts.length
    },
    close() {
      committed.close()
      real?.close()
    },
  }
}
