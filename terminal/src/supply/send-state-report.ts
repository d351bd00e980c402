// How the terminal is: told every few hours, and when an alarm began or ended, beside another message.

import type { CardId } from '@scratchless/voucher/ids'
import { cardId } from '@scratchless/voucher/ids'
import { type StateReport, stateReportMessage } from '@scratchless/wire/supply/state-report'
import { sellableStock } from '../safe/safe-run.sql.ts'
import { asideByProduct, keysGivenTo } from '../sale/sale.sql.ts'
import type { PrinterStatus } from '../till/till-shapes.ts'
import { alarmsReported, standingAlarms } from './alarm.sql.ts'
import { getCatalogue } from './centre-word.sql.ts'
import { saveStateReported } from './device.sql.ts'
import { SOFTWARE_VERSION } from './enrol.ts'
import type { Carrier } from './reporting-rule.ts'
import type { StoredRequest } from './request.sql.ts'
import { type RequestNeeds, saveRequest } from './save-request.ts'

/** What the machine is like now; the rest stands in the store. */
export interface Machine {
  readonly startedAtMs: number
  readonly carrier: Carrier
  /** Times that the line failed since the last report. */
  readonly failures: number
  readonly printer: PrinterStatus
  readonly card: {
    readonly status: 'in' | 'out' | 'blocked'
    readonly id: string | null
    readonly triesLeft: number
  }
}

const PRINTER_STATES = {
  ready: 'ready',
  printing: 'ready',
  'no-paper': 'paper-end',
  'cover-open': 'cover-open',
  'not-connected': 'off',
} as const satisfies Record<PrinterStatus, StateReport['printer']['state']>

const MOST_ALARMS = 32
const MOST_FAILURES = 0xffff_ffff

export function sendStateReport(needs: RequestNeeds, machine: Machine): StoredRequest {
  const { store, clock } = needs
  const nowMs = clock.nowMs()
  const content: StateReport = {
    softwareVersion: SOFTWARE_VERSION,
    startedAtS: Math.floor(machine.startedAtMs / 1_000),
    line: { carrier: machine.carrier, rate: 0, failures: Math.min(machine.failures, MOST_FAILURES) },
    printer: { state: PRINTER_STATES[machine.printer], model: '' },
    cards: cardsOf(needs, machine.card),
    stock: stockOf(needs, nowMs),
    alarms: standingAlarms(store)
      .slice(0, MOST_ALARMS)
      .map(({ kind, subject, sinceMs }) => ({
        kind: kind as StateReport['alarms'][number]['kind'],
        subject,
        sinceS: Math.floor(sinceMs / 1_000),
      })),
    shiftMarks: [],
  }
  return saveRequest(
    needs,
    'state-report',
    (signer, binding) => stateReportMessage.sign(content, signer, binding),
    () => {
      saveStateReported(store, nowMs)
      alarmsReported(store)
    },
  )
}

/** The card in the slot. No card counts its keys yet: what it gave here is what was sold, in doubt or damaged here. */
function cardsOf({ store }: RequestNeeds, card: Machine['card']): StateReport['cards'] {
  if (card.status === 'out' || card.id === null) return []
  const id: CardId = cardId(card.id)
  const keysGiven = keysGivenTo(store, id)
  return [{ card: id, state: card.status, pinTriesLeft: card.triesLeft, pukCount: 0, keysGiven }]
}

/** In the catalogue's order. */
function stockOf({ store }: RequestNeeds, nowMs: number): StateReport['stock'] {
  const catalogue = getCatalogue(store)
  const products = catalogue?.products ?? []
  const here = sellableStock(store, nowMs)
  const aside = asideByProduct(store)
  return {
    catalogueVersion: catalogue?.version ?? 0,
    onBoard: products.map(({ id }) => here.get(id) ?? 0),
    aside: products.flatMap(({ id }, place) => {
      const found = aside.get(id)
      return found === undefined ? [] : [{ place, ...found }]
    }),
  }
}
