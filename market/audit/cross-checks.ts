// The invariants that no party can check alone. The terminals' books were read first, then the centre's, then the
// operators': whatever an earlier book has, a later one must have too; what only a later one has may have come since.

import type { CentreFacts, Letter, MarketFacts, OperatorFacts, Range, TerminalFacts } from './facts.ts'

export interface AuditLine {
  /** Its number among the project's invariants. */
  readonly invariant: number
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

interface CrossCheck {
  readonly invariant: number
  readonly holds: string
  /** What breaks it, one sentence each. */
  readonly breaks: (facts: MarketFacts) => string[]
}

const CHECKS: readonly CrossCheck[] = [
  { invariant: 1, holds: 'no serial is at two terminals', breaks: sharedByTerminals },
  { invariant: 1, holds: 'what a terminal has the centre gave it', breaks: terminalRunsNotGiven },
  {
    invariant: 1,
    holds: 'codes at a terminal are closed for it, as many as came',
    breaks: notClosedForTerminal,
  },
  { invariant: 1, holds: 'what the centre has an operator sent it', breaks: packsNotSent },
  { invariant: 2, holds: 'received = sum over places, per lot', breaks: lotsNotAddingUp },
  { invariant: 3, holds: 'every sale in the centre’s books was made at its terminal', breaks: salesNotMade },
  { invariant: 5, holds: 'what was receipted is paid for', breaks: receiptedNotPosted },
  { invariant: 5, holds: 'what the operator bills is what the centre took', breaks: billedNotTaken },
  { invariant: 5, holds: 'both ends of a restock order agree on codes and price', breaks: linesDiffer },
  { invariant: 7, holds: 'every sale acknowledged is in the centre’s books', breaks: acknowledgedSalesLost },
  {
    invariant: 7,
    holds: 'every message answered to a terminal is in the centre’s books',
    breaks: answersLost,
  },
  { invariant: 8, holds: 'a terminal holds the answer that the centre stored', breaks: supplyAnswersDiffer },
  {
    invariant: 8,
    holds: 'asker and answerer of a restock message hold one answer',
    breaks: restockAnswersDiffer,
  },
  { invariant: 9, holds: 'no sequence was used that its terminal did not give', breaks: sequencesNotGiven },
]

export function crossCheck(facts: MarketFacts): AuditLine[] {
  return CHECKS.map(({ invariant, holds, breaks }) => {
    const found = breaks(facts)
    return {
      invariant,
      name: 'across',
      ok: found.length === 0,
      detail: found.length === 0 ? holds : `not so: ${holds}; ${found.length} times, e.g. ${found[0]}`,
    }
  })
}

const end = ({ firstSerial, count }: Range) => firstSerial + BigInt(count)
const sum = (ranges: Iterable<{ readonly count: number }>) => {
  let total = 0
  for (const { count } of ranges) total += count
  return total
}

function indexed<Row>(list: readonly Row[], key: (row: Row) => string): Map<string, Row> {
  return new Map(list.map((row) => [key(row), row]))
}

function grouped<Row>(list: readonly Row[], key: (row: Row) => string): Map<string, Row[]> {
  return Map.groupBy(list, key)
}

/** Whether the ranges, in any order and cut anywhere, hold the whole of `whole`. */
function covers(ranges: readonly Range[], whole: Range): boolean {
  let upTo = whole.firstSerial
  for (const range of ranges.toSorted((a, b) => (a.firstSerial < b.firstSerial ? -1 : 1))) {
    if (range.firstSerial <= upTo && end(range) > upTo) upTo = end(range)
  }
  return upTo >= end(whole)
}

function sharedByTerminals({ terminals }: MarketFacts): string[] {
  const runs = terminals.flatMap(({ terminal, runs: own }) => own.map((run) => ({ ...run, terminal })))
  return [...grouped(runs, ({ operator }) => operator).values()].flatMap((ofOperator) => {
    const sorted = ofOperator.toSorted((a, b) => (a.firstSerial < b.firstSerial ? -1 : 1))
    return sorted
      .filter((run, i) => i > 0 && run.firstSerial < end(sorted[i - 1]!))
      .map(({ operator, firstSerial, terminal }) => `${operator} serial ${firstSerial} at ${terminal}`)
  })
}

function terminalRunsNotGiven({ terminals, centre }: MarketFacts): string[] {
  const given = grouped(
    centre.runs,
    (run) => `${run.terminal} ${run.sequence} ${run.operator} ${run.lot} ${run.product}`,
  )
  return terminals.flatMap(({ terminal, runs }) =>
    runs
      .filter(
        (run) =>
          !covers(
            given.get(`${terminal} ${run.delivery} ${run.operator} ${run.lot} ${run.product}`) ?? [],
            run,
          ),
      )
      .map(({ delivery, firstSerial }) => `${terminal} delivery ${delivery}, serial ${firstSerial}`),
  )
}

function notClosedForTerminal({ terminals, centre }: MarketFacts): string[] {
  const orders = indexed(centre.supplyOrders, ({ terminal, sequence }) => `${terminal} ${sequence}`)
  return terminals.flatMap(({ terminal, runs }) =>
    [...grouped(runs, ({ delivery }) => String(delivery))].flatMap(([delivery, here]) => {
      const closed = orders.get(`${terminal} ${delivery}`)?.closed ?? null
      return closed === sum(here)
        ? []
        : [`${terminal} delivery ${delivery}: ${sum(here)} here, ${closed} closed`]
    }),
  )
}

function packsNotSent({ centre, operators }: MarketFacts): string[] {
  const sent = new Map(
    operators.flatMap(({ operator, parts, runs, lots }) => {
      const lotOf = indexed(lots, ({ id }) => id)
      const runsOf = grouped(runs, ({ delivery }) => delivery)
      return parts.map(
        (part) =>
          [
            `${operator} ${part.id} ${part.lot} ${lotOf.get(part.lot)?.product}`,
            runsOf.get(part.id) ?? [],
          ] as const,
      )
    }),
  )
  return centre.packs
    .filter(
      (pack) =>
        !covers(sent.get(`${pack.operator} ${pack.delivery} ${pack.lot} ${pack.product}`) ?? [], pack),
    )
    .map(({ operator, delivery, firstSerial }) => `${operator} delivery ${delivery}, serial ${firstSerial}`)
}

/** Where each code of a lot is, by the book of whoever has it. */
function lotsNotAddingUp({ terminals, centre, operators }: MarketFacts): string[] {
  const atTerminals = grouped(
    terminals.flatMap(({ terminal, runs }) => runs.map((run) => ({ ...run, terminal }))),
    lotKey,
  )
  const arrived = new Set([...atTerminals.values()].flat().map((run) => `${run.terminal} ${run.delivery}`))
  const openOrders = new Set(
    centre.supplyOrders
      .filter((order) => isTravelling(order, terminals))
      .map(({ terminal, sequence }) => `${terminal} ${sequence}`),
  )
  const travelling = grouped(
    centre.runs.filter((run) => {
      const name = `${run.terminal} ${run.sequence}`
      return openOrders.has(name) && !arrived.has(name)
    }),
    lotKey,
  )
  const packs = grouped(centre.packs, lotKey)
  const held = new Map(centre.parts.map((part) => [`${part.operator} ${part.id}`, part]))
  return operators.flatMap(({ operator, lots, parts }) => {
    const partsOf = grouped(parts, ({ lot }) => lot)
    return lots.flatMap(({ id, product, codes }) => {
      const key = lotKey({ operator, lot: id })
      const sentParts = partsOf.get(id) ?? []
      const places = {
        inStock: codes - sentParts.reduce((total, part) => total + part.codes, 0),
        toCentre: sentParts
          .filter((part) => !held.has(`${operator} ${part.id}`) && isOpen(part, centre))
          .reduce((total, part) => total + part.codes, 0),
        // Codes that the centre sent back as known already, or refused whole: they rest with the operator.
        onHold: sentParts
          .filter((part) => held.has(`${operator} ${part.id}`))
          .reduce((total, part) => total + part.codes - held.get(`${operator} ${part.id}`)!.codes, 0),
        atCentre: (packs.get(key) ?? []).reduce((total, pack) => total + pack.count - pack.given, 0),
        toTerminals: sum(travelling.get(key) ?? []),
        atTerminals: sum(atTerminals.get(key) ?? []),
      }
      const found = Object.values(places).reduce((total, place) => total + place, 0)
      return found === codes
        ? []
        : [`${operator} lot ${id} of ${product}: ${codes} received, found ${JSON.stringify(places)}`]
    })
  })
}

const lotKey = ({ operator, lot }: { operator: string; lot: string }) => `${operator} ${lot}`

/** On its way to the centre, or taken only after the centre's books were read. */
function isOpen(part: OperatorFacts['parts'][number], centre: CentreFacts): boolean {
  return part.settledAt === null || part.settledAt > centre.readAt
}

/**
 * An order whose codes its terminal need not have: it has no answer yet, or had none when its book was read. What was
 * withheld is still at the centre.
 */
function isTravelling(
  order: CentreFacts['supplyOrders'][number],
  terminals: readonly TerminalFacts[],
): boolean {
  const terminal = terminals.find((candidate) => candidate.terminal === order.terminal)
  const request = terminal?.requests.find(({ sequence }) => BigInt(sequence) === order.sequence)
  return order.state !== 'withheld' && (request === undefined || request.state === 'asked')
}

function salesNotMade({ terminals, centre }: MarketFacts): string[] {
  return terminals.flatMap(({ terminal, sales, requests }) => {
    const made = new Set(
      sales
        .filter(({ state }) => state === 'printed')
        .map((sale) => `${sale.operator} ${sale.serial} ${sale.product} ${sale.number}`),
    )
    const read = new Set(requests.map(({ sequence }) => BigInt(sequence)))
    return centre.sales
      .filter((sale) => sale.terminal === terminal && read.has(sale.reportedIn))
      .filter((sale) => !made.has(`${sale.operator} ${sale.serial} ${sale.product} ${sale.ticket}`))
      .map((sale) => `${terminal} ticket ${sale.ticket}, ${sale.operator} serial ${sale.serial}`)
  })
}

function receiptedNotPosted({ terminals, centre }: MarketFacts): string[] {
  const orders = indexed(centre.supplyOrders, ({ terminal, sequence }) => `${terminal} ${sequence}`)
  return terminals.flatMap(({ terminal, receipted }) =>
    receipted
      .filter((sequence) => orders.get(`${terminal} ${sequence}`)?.state !== 'delivered')
      .map((sequence) => `${terminal} order ${sequence}`),
  )
}

function billedNotTaken({ centre, operators }: MarketFacts): string[] {
  const held = new Map(centre.parts.map((part) => [`${part.operator} ${part.id}`, part.codes]))
  return operators.flatMap(({ operator, parts }) =>
    parts
      .filter(({ settledAt }) => settledAt !== null && settledAt <= centre.readAt)
      .filter(({ id, codesTaken }) => (held.get(`${operator} ${id}`) ?? 0) !== codesTaken)
      .map(({ id, codesTaken }) => `${operator} delivery ${id}: ${codesTaken} billed`),
  )
}

function linesDiffer({ centre, operators }: MarketFacts): string[] {
  const promised = new Map(
    operators.flatMap(({ operator, restockLines }) =>
      restockLines.map((line) => [`${operator} ${line.order} ${line.line}`, line] as const),
    ),
  )
  return centre.restockLines
    .filter(({ answered }) => answered)
    .filter((line) => {
      const there = promised.get(`${line.operator} ${line.order} ${line.line}`)
      if (there === undefined) return line.accepted > 0
      if (there.accepted !== line.accepted) return true
      return line.accepted > 0 && there.unitPriceMinor !== line.unitPriceMinor
    })
    .map(({ order, line }) => `order ${order} line ${line}`)
}

function acknowledgedSalesLost({ terminals, centre }: MarketFacts): string[] {
  const known = new Set(
    centre.sales.map((sale) => `${sale.terminal} ${sale.operator} ${sale.serial} ${sale.ticket}`),
  )
  return terminals.flatMap(({ terminal, sales }) =>
    sales
      .filter(({ acknowledged, state }) => acknowledged && state === 'printed')
      .filter((sale) => !known.has(`${terminal} ${sale.operator} ${sale.serial} ${sale.number}`))
      .map(({ number, serial }) => `${terminal} ticket ${number}, serial ${serial}`),
  )
}

function answersLost({ terminals, centre }: MarketFacts): string[] {
  const known = indexed(centre.messages, ({ terminal, sequence }) => `${terminal} ${sequence}`)
  return terminals.flatMap(({ terminal, requests }) =>
    requests
      .filter(({ state }) => state === 'answered')
      .filter(
        ({ sequence, payloadHash }) => known.get(`${terminal} ${sequence}`)?.payloadHash !== payloadHash,
      )
      .map(({ sequence, kind }) => `${terminal} ${kind} ${sequence}`),
  )
}

function supplyAnswersDiffer({ terminals, centre }: MarketFacts): string[] {
  const known = indexed(centre.messages, ({ terminal, sequence }) => `${terminal} ${sequence}`)
  return terminals.flatMap(({ terminal, requests }) =>
    requests
      .filter(({ answerHash }) => answerHash !== null)
      .filter(({ sequence, answerHash }) => known.get(`${terminal} ${sequence}`)?.answerHash !== answerHash)
      .map(({ sequence, kind }) => `${terminal} ${kind} ${sequence}`),
  )
}

function restockAnswersDiffer({ centre, operators }: MarketFacts): string[] {
  return operators.flatMap(({ operator, asked, answered }) => [
    ...differing(
      centre.asked.filter(({ partner }) => partner === operator),
      answered,
    ),
    ...differing(
      asked,
      centre.answered.filter(({ partner }) => partner === operator),
      centre.readAt,
    ),
  ])
}

/** Questions whose answer is not the one in the answerer's book. `since`: answers given later are not judged. */
function differing(asked: readonly Letter[], answered: readonly Letter[], since?: Date): string[] {
  const known = indexed(answered, ({ kind, id }) => `${kind} ${id}`)
  return asked
    .filter(({ answerHash, settledAt }) => answerHash !== null && !(since && settledAt && settledAt > since))
    .filter(({ kind, id, answerHash }) => known.get(`${kind} ${id}`)?.answerHash !== answerHash)
    .map(({ kind, id }) => `${kind} ${id}`)
}

function sequencesNotGiven({ terminals, centre }: MarketFacts): string[] {
  return terminals.flatMap(({ terminal, requests, readAt }) => {
    const given = new Set(requests.map(({ sequence }) => BigInt(sequence)))
    return centre.messages
      .filter((message) => message.terminal === terminal && message.takenAt <= readAt)
      .filter(({ sequence }) => !given.has(sequence))
      .map(({ sequence }) => `${terminal} ${sequence}`)
  })
}
