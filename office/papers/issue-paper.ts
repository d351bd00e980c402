// A paper gets its number in the transaction that books what it is about: what is rolled back has taken none, and what is
// booked has one. Papers of one series wait for each other here, so this comes late in a transaction.

import type { SqlClient } from '../database/database.ts'
import { findPaperAbout, insertPaper, type Paper, takePaperNumber } from './paper.sql.ts'
import { paperNumber } from './paper-number.ts'

/** The paper's number as people read it; of what has one already, that one. */
export async function issuePaper(sql: SqlClient, paper: Paper): Promise<string> {
  const known = await findPaperAbout(sql, paper)
  if (known !== undefined) return paperNumber(known)
  const number = await takePaperNumber(sql, paper)
  await insertPaper(sql, paper, number)
  return paperNumber({ ...paper, depot_id: paper.depot, number })
}
