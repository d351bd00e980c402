// The head of another party's audit chain, kept so that it can be looked for in that chain later.

import type { Sql } from '../database/database.ts'
import { type HeadToKeep, insertKeptHead } from './kept-head.sql.ts'

/**
 * Keeps the head that a verified message brought; one that is kept already changes nothing. `contradicts`: at its
 * place another hash is kept, so its party has had two chains. That is no reason to refuse the message, but
 * people must look. A head behind those kept before says nothing: messages overtake each other.
 */
export async function keepHead(sql: Sql, head: HeadToKeep): Promise<'kept' | 'contradicts'> {
  const { contradicted } = await insertKeptHead(sql, head)
  return contradicted ? 'contradicts' : 'kept'
}
