// What tickets showed, kept with their sales: a ticket that is shown or printed again shows what it showed.

import type { Store } from '../store/connect-store.ts'
import type { TicketFacts } from './ticket-content.ts'

const AMOUNT = /^-?\d+n$/

/** Its number; the same facts have the same one. Inside the transaction that saves the sale. */
export function keepTicketFacts(store: Store, facts: TicketFacts): number {
  const content = JSON.stringify(facts, (_name, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
  const known = store.statement('SELECT id FROM ticket_facts WHERE content = ?').get(content)
  if (known !== undefined) return known.id as number
  const { lastInsertRowid } = store.statement('INSERT INTO ticket_facts (content) VALUES (?)').run(content)
  return Number(lastInsertRowid)
}

export function ticketFactsOf(store: Store, id: number): TicketFacts | undefined {
  const row = store.statement('SELECT content FROM ticket_facts WHERE id = ?').get(id)
  if (row === undefined) return undefined
  return JSON.parse(row.content as string, (name, value: unknown) =>
    name === 'amountMinor' && typeof value === 'string' && AMOUNT.test(value)
      ? BigInt(value.slice(0, -1))
      : value,
  ) as TicketFacts
}
