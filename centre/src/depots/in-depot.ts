import type { Sql } from '@scratchless/office/database/database'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { DepotId } from '@scratchless/voucher/ids'
import { whichDepot } from './which-depot.ts'

/** What was asked, with the depot that it is about. Throws an HttpRefusal 409 `depot-needed`, `unknown-depot`. */
export async function inDepot<Asked extends { readonly depot?: DepotId | undefined }>(
  sql: Sql,
  asked: Asked,
): Promise<Asked & { readonly depot: DepotId }> {
  const found = await whichDepot(sql, asked.depot)
  if (typeof found === 'string') throw new HttpRefusal(409, found)
  return { ...asked, ...found }
}
