// Who looks on: keeps what was said on the lines, and holds the stores against it and against each other. Beside the
// programs' own audits it checks what only somebody can check who sees all three parties at once.

import { createHash } from 'node:crypto'
import { centreChecks } from '@scratchless/centre/audit'
import { runChecks } from '@scratchless/office/audit/run-checks'
import type { AuditHead } from '@scratchless/office/audit-chain/audit-chain'
import type { KeptHead } from '@scratchless/office/audit-chain/verify-chain'
import type { Pool, Sql } from '@scratchless/office/database/database'
import { operatorChecks } from '@scratchless/operator/audit'
import { auditTerminal } from '@scratchless/terminal/audit'
import { readKeptHeads } from '@scratchless/terminal/supply/kept-head.sql'
import { readFrame } from '@scratchless/wire/compact/frame'
import { kindName, UNACCEPTABLE_FRAME } from '@scratchless/wire/supply/envelope'
import { ATLAS, CENTRE } from '../../voucher/testing/example-product.ts'
import type { SeedDatabase } from './base-world.ts'
import { prepared, type Values } from './sim-process.ts'
import type { SimTerminal } from './sim-terminal.ts'

export interface Violation {
  /** Its number among the invariants; `agreement` once faults have stopped; `fault`: a flow broke by itself. */
  readonly invariant: number | 'agreement' | 'fault'
  readonly what: string
}

interface CentreBooks {
  readonly orders: readonly { terminal: string; sequence: number; state: string; codes: number }[]
  readonly runs: readonly { terminal: string; sequence: number; first: number; count: number }[]
  readonly sales: readonly { terminal: string; serial: number }[]
  readonly terminals: readonly { id: string; last: number }[]
  readonly messages: readonly { terminal: string; sequence: number; answer: string | null }[]
  readonly pending: number
}

const CENTRE_BOOKS = `
  SELECT json_build_object(
    'orders', (SELECT coalesce(json_agg(json_build_object('terminal', terminal_id, 'sequence', sequence,
                                                          'state', state, 'codes', codes)), '[]')
                 FROM supply_order),
    'runs', (SELECT coalesce(json_agg(json_build_object('terminal', terminal_id, 'sequence', sequence,
                                                        'first', first_serial, 'count', count)), '[]')
               FROM supply_run),
    'sales', (SELECT coalesce(json_agg(json_build_object('terminal', terminal_id, 'serial', serial)), '[]')
                FROM sale),
    'terminals', (SELECT json_agg(json_build_object('id', id, 'last', last_sequence)) FROM terminal),
    'messages', (SELECT coalesce(json_agg(json_build_object('terminal', terminal_id, 'sequence', sequence,
                                                            'answer', md5(answer))), '[]')
                   FROM supply_message),
    'pending', (SELECT count(*) FROM transfer WHERE is_pending
                   AND NOT EXISTS (SELECT FROM settlement WHERE transfer_id = transfer.id))) AS books
  WHERE $1`

/** Operator's deliveries and centre's, by id: what one says was taken, the other has. */
const TAKEN = `
  SELECT coalesce(json_agg(json_build_object('id', id, 'codes', codes_taken) ORDER BY id), '[]') AS books
    FROM restock_delivery WHERE state = 'taken' AND $1`
const RECEIVED = `
  SELECT coalesce(json_agg(json_build_object('id', id, 'codes', codes) ORDER BY id), '[]') AS books
    FROM restock_delivery WHERE verdict = 'taken' AND $1`
const OPEN_AT_OPERATOR = `
  SELECT (SELECT count(*) FROM restock_delivery WHERE state IN ('planned', 'despatched'))
       + (SELECT count(*) FROM message_out WHERE state = 'waiting') AS books WHERE $1`
const OPEN_AT_CENTRE = `
  SELECT (SELECT count(*) FROM message_out WHERE state = 'waiting')
       + (SELECT count(*) FROM restock_order_line WHERE received <> coalesce(accepted, -1)) AS books WHERE $1`

type Taken = readonly { id: string; codes: number }[]

async function booksOf<Books>(sql: Pick<Pool, 'query'>, text: string): Promise<Books> {
  const { rows } = await sql.query(prepared(text, [true]))
  return rows[0].books as Books
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

export interface Witness {
  readonly violations: Violation[]
  say(invariant: Violation['invariant'], what: string): void
  /** A request goes out: it must stand in the terminal's store already. */
  heardRequest(terminal: SimTerminal, frame: Uint8Array): void
  /** An answer comes back on the supply line. */
  heardAnswer(terminal: SimTerminal, request: Uint8Array, answer: Uint8Array): Promise<void>
  /** The answer to a restock message, by the message's bytes. */
  heardRestockAnswer(name: string, message: Uint8Array, answer: Uint8Array): void
  /** After each step: everything that was written since the last. */
  look(): Promise<void>
  /** Once faults have stopped and every exchange was made. */
  agree(): Promise<void>
}

export function newWitness(world: {
  terminals: readonly SimTerminal[]
  centre: SeedDatabase
  operator: SeedDatabase
  writes: () => { centre: number; operator: number }
}): Witness {
  const { terminals, centre, operator } = world
  const violations: Violation[] = []
  const answers = new Map<string, Buffer>()
  const restockAnswers = new Map<string, Buffer>()
  const heads: Record<'centre' | 'operator', KeptHead[]> = { centre: [], operator: [] }
  const seen = { centre: -1, operator: -1, terminals: terminals.map(() => -1) }
  const acknowledged = new Map<string, Set<number>>(terminals.map(({ id }) => [id, new Set()]))

  function say(invariant: Violation['invariant'], what: string): void {
    if (!violations.some((one) => one.invariant === invariant && one.what === what))
      violations.push({ invariant, what })
  }

  async function brokenAt(party: 'centre' | 'operator'): Promise<Violation[]> {
    // Before the chain: whatever was kept by now must stand in it.
    const kept = [...heads[party], ...(await headsKeptOf(party))]
    const database = party === 'centre' ? centre : operator
    const clients = [await database.pool('auditor').connect(), await database.vaultPool('auditor').connect()]
    try {
      const [sql, vault] = clients.map(
        (client) =>
          ({
            query: (text: string, values?: Values) => client.query(prepared(text, values ?? [])),
          }) as unknown as Sql,
      ) as [Sql, Sql]
      const office = { books: sql, vaultBefore: vault, vaultAfter: vault }
      const lines = await runChecks(office, party === 'centre' ? centreChecks : operatorChecks, kept)
      const { rows } = await sql.query<AuditHead>('SELECT n, hash FROM audit_head')
      // The newest two: one may be cut off, and a whole history would only say the same again.
      heads[party] = [...heads[party].slice(-1), { ...rows[0]!, keptBy: 'the witness' }]
      return lines
        .filter(({ ok }) => !ok)
        .map(({ invariant, detail }) => ({ invariant, what: `${party}: ${detail}` }))
    } finally {
      for (const client of clients) client.release()
    }
  }

  /** What the other parties have kept of a party's chain. */
  async function headsKeptOf(party: 'centre' | 'operator'): Promise<KeptHead[]> {
    const [other, keptBy] = party === 'centre' ? [operator, ATLAS] : [centre, CENTRE]
    const { rows } = await other
      .vaultPool('auditor')
      .query<AuditHead>(prepared('SELECT n, hash FROM kept_head WHERE $1', [true]))
    const atOffice = rows.map((head) => ({ ...head, keptBy }))
    if (party === 'operator') return atOffice
    const atTerminals = terminals.flatMap(({ id, committed }) =>
      readKeptHeads(committed).map((head) => ({ ...head, keptBy: id })),
    )
    return [...atOffice, ...atTerminals]
  }

  async function audit(centreMoved: boolean, operatorMoved: boolean): Promise<void> {
    const broken = await Promise.all([
      centreMoved ? brokenAt('centre') : [],
      operatorMoved ? brokenAt('operator') : [],
    ])
    // Said in one order, whichever books were read first.
    for (const { invariant, what } of broken.flat()) say(invariant, what)
  }

  function checkTerminal(terminal: SimTerminal, books: CentreBooks, all: boolean): void {
    const { id, committed, printer } = terminal
    const mine = <Row extends { terminal: string }>(rows: readonly Row[]) =>
      rows.filter((row) => row.terminal === id)
    const orders = new Map(mine(books.orders).map((one) => [one.sequence, one]))
    const runs = new Set(mine(books.runs).map((run) => `${run.sequence} ${run.first} ${run.count}`))
    const sales = new Set(mine(books.sales).map(({ serial }) => serial))
    const messages = new Map(mine(books.messages).map(({ sequence, answer }) => [sequence, answer]))

    const safe = committed.statement('SELECT delivery, first_serial, count FROM safe_run').all()
    for (const run of safe)
      if (!runs.has(`${run.delivery} ${run.first_serial} ${run.count}`))
        say(1, `${id} holds a run that the centre did not give it`)
    const last = committed.statement('SELECT coalesce(max(sequence), 0) AS last FROM request').get()!
    const known = books.terminals.find((one) => one.id === id)!
    if (known.last > (last.last as number)) say(9, `the centre took a sequence that ${id} never saved`)
    const receipted = committed.statement(`SELECT sequence FROM supply_order WHERE state = 'receipted'`).all()
    for (const { sequence } of receipted)
      if (orders.get(sequence as number)?.state !== 'delivered')
        say(7, `the centre acknowledged a receipt of ${id} and did not take it`)
    const sold = committed.statement(`SELECT serial, state, acknowledged FROM sale`).all()
    for (const { serial, state, acknowledged: told } of sold)
      if (told === 1 && state === 'printed' && !sales.has(serial as number))
        say(7, `the centre acknowledged a sale of ${id} and does not have it`)
    const soldSerials = new Set(sold.map(({ serial }) => serial as number))
    for (const [serial, { sent }] of printer.paper) {
      if (sent > 1) say(3, `${id} printed one code ${sent} times`)
      if (!soldSerials.has(Number(serial))) say(3, `${id} printed a code and knows of no sale`)
    }
    const checked = acknowledged.get(id)!
    const answered = committed
      .statement(`SELECT sequence, answer FROM request WHERE state = 'answered'`)
      .all()
    for (const { sequence, answer } of answered) {
      if (!all && checked.has(sequence as number)) continue
      checked.add(sequence as number)
      if (messages.get(sequence as number) !== md5(answer as Uint8Array))
        say(7, `${id} has an answer that the centre does not have`)
    }
  }

  async function checkRestock(): Promise<void> {
    const taken = await booksOf<Taken>(operator.pool('owner'), TAKEN)
    const received = await booksOf<Taken>(centre.pool('owner'), RECEIVED)
    const here = new Map(received.map(({ id, codes }) => [id, codes]))
    if (taken.some(({ id, codes }) => here.get(id) !== codes))
      say(7, 'the operator has a receipt for codes that the centre does not have')
  }

  return {
    violations,
    say,
    heardRequest(terminal, frame) {
      const sequence = readFrame(frame)!.sequence
      const saved = terminal.committed.statement('SELECT frame FROM request WHERE sequence = ?').get(sequence)
      if (saved === undefined || !Buffer.from(saved.frame as Uint8Array).equals(frame))
        say(7, `${terminal.id} sent a request before it was saved`)
    },
    async heardAnswer(terminal, request, answer) {
      if (Buffer.from(answer).equals(UNACCEPTABLE_FRAME)) return
      const name = `${terminal.id} ${md5(request)}`
      const known = answers.get(name)
      if (known !== undefined) {
        if (!known.equals(answer)) say(8, `a request of ${terminal.id} got two answers`)
        return
      }
      const { rows } = await centre
        .pool('owner')
        .query(
          prepared('SELECT answer FROM supply_message WHERE terminal_id = $1 AND sequence = $2', [
            terminal.id,
            readFrame(request)!.sequence,
          ]),
        )
      const stored: Buffer | null = rows[0]?.answer ?? null
      if (stored?.equals(answer) === true) answers.set(name, Buffer.from(answer))
      // Refusals that use up nothing are made anew each time.
      else if (kindName(readFrame(answer)!) !== 'supply-refusal')
        say(7, `the centre offered ${terminal.id} an answer that it had not stored`)
    },
    heardRestockAnswer(name, message, answer) {
      const key = `${name} ${md5(message)}`
      const known = restockAnswers.get(key)
      if (known === undefined) restockAnswers.set(key, Buffer.from(answer))
      else if (!known.equals(answer)) say(8, `a ${name} got two answers`)
    },
    async look() {
      const writes = world.writes()
      const moved = terminals.filter((terminal, index) => {
        const was = seen.terminals[index]
        seen.terminals[index] = terminal.writes()
        return was !== terminal.writes()
      })
      for (const { id, storeFile } of moved)
        for (const { invariant, ok, detail } of auditTerminal(storeFile))
          if (!ok) say(invariant, `${id}: ${detail}`)
      const centreMoved = seen.centre !== writes.centre
      const operatorMoved = seen.operator !== writes.operator
      seen.centre = writes.centre
      seen.operator = writes.operator
      await audit(centreMoved, operatorMoved)
      if (operatorMoved) await checkRestock()
      if (!centreMoved && moved.length === 0) return
      const books = await booksOf<CentreBooks>(centre.pool('owner'), CENTRE_BOOKS)
      for (const terminal of terminals) checkTerminal(terminal, books, false)
    },
    async agree() {
      const books = await booksOf<CentreBooks>(centre.pool('owner'), CENTRE_BOOKS)
      const differ = (what: string) => say('agreement', what)
      if (books.pending > 0) differ('money is pending at the centre')
      if (books.orders.some(({ state }) => state !== 'delivered' && state !== 'withheld'))
        differ('an order is open at the centre')
      for (const terminal of terminals) {
        checkTerminal(terminal, books, true)
        const { id, committed } = terminal
        const count = (sql: string) => committed.statement(sql).get()!.found as number
        if (count(`SELECT count(*) AS found FROM request WHERE state = 'asked'`) > 0)
          differ(`${id} waits for an answer`)
        if (
          count(`SELECT count(*) AS found FROM supply_order
                  WHERE state IN ('waiting', 'asked', 'delivered')`) > 0
        )
          differ(`an order is open at ${id}`)
        const given = books.runs.filter(
          (run) =>
            run.terminal === id &&
            books.orders.some(
              (one) => one.terminal === id && one.sequence === run.sequence && one.state === 'delivered',
            ),
        )
        const codes = given.reduce((sum, run) => sum + run.count, 0)
        if (count('SELECT coalesce(sum(count), 0) AS found FROM safe_run') !== codes)
          differ(`${id} does not hold what the centre gave it`)
        const sold = count(`SELECT count(*) AS found FROM sale WHERE state = 'printed'`)
        if (books.sales.filter((sale) => sale.terminal === id).length !== sold)
          differ(`the centre does not know the sales of ${id}`)
      }
      await audit(true, true)
      await checkRestock()
      const taken = await booksOf<Taken>(operator.pool('owner'), TAKEN)
      const received = await booksOf<Taken>(centre.pool('owner'), RECEIVED)
      if (JSON.stringify(taken) !== JSON.stringify(received))
        differ('operator and centre differ on deliveries')
      if (BigInt(await booksOf<bigint>(operator.pool('owner'), OPEN_AT_OPERATOR)) > 0n)
        differ('something is open at the operator')
      if (BigInt(await booksOf<bigint>(centre.pool('owner'), OPEN_AT_CENTRE)) > 0n)
        differ('a restock order is open at the centre')
    },
  }
}
