// The numbers of retailers and terminals, which give their ids. A number that was taken and not used is not given again.

import type { Sql } from '@scratchless/office/database/database'

export async function mintNumber(sql: Sql, counter: 'retailer_number' | 'terminal_number'): Promise<number> {
  const { rows } = await sql.query<{ number: bigint }>('SELECT nextval($1) AS number', [counter])
  return Number(rows[0]!.number)
}

/** `R00017`, `R100000`: five digits at least. */
export function idText(letter: 'R' | 'T', number: number): string {
  return `${letter}${String(number).padStart(5, '0')}`
}
