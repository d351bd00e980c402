// Step 1 of the way of a code: a member of staff brings codes into stock. The api says yes and hands out a token;
// the file goes to the vault's own listener, and codes are made in the vault.

import type { Pool } from '@scratchless/office/database/database'
import type { StaffMember } from '@scratchless/office/staff/staff'
import { HttpRefusal } from '@scratchless/program/http/http-server'
import type { PrivateLine } from '@scratchless/program/private-line'
import type { Clock } from '@scratchless/voucher/clock'
import type { OperatorId } from '@scratchless/voucher/ids'
import type { ProductId } from '@scratchless/voucher/product'
import type { SealedLot, VaultVerbs } from '../vault/verbs.ts'
import { adoptSealedStock } from './adopt-sealed-stock.ts'
import { findProduct, listProducts } from './product.sql.ts'

export interface ImportNeeds {
  readonly party: OperatorId
  readonly pool: Pool
  readonly vault: PrivateLine<VaultVerbs>
  readonly clock: Clock
  /** Where the vault takes files: `http://127.0.0.1:port`. */
  readonly stockUrl: string
}

const DAY_MS = 86_400_000

/** An address that takes one file, once, within ten minutes. */
export async function admitStockFile(
  needs: ImportNeeds,
  member: StaffMember,
  file: { fileName: string; sizeBytes: number; activated: boolean },
): Promise<{ token: string; url: string }> {
  await tellProducts(needs)
  const { token, path } = await needs.vault.admitStockFile({ ...file, actor: member.signInName })
  return { token, url: needs.stockUrl + path }
}

/** Has the vault make a lot. Throws an HttpRefusal 409: `unknown-product`, `codes-exhausted`. */
export async function generateStock(
  needs: ImportNeeds,
  member: StaffMember,
  wanted: { product: ProductId; count: number; expiresOn?: string | undefined; activated: boolean },
): Promise<SealedLot> {
  const product = await findProduct(needs.pool, needs.party, wanted.product)
  if (product === undefined) throw new HttpRefusal(409, 'unknown-product')
  await tellProducts(needs)
  const lastDay = new Date(needs.clock.nowMs() + product.validityDays * DAY_MS)
  const lot = await needs.vault.generateStock({
    product: wanted.product,
    count: wanted.count,
    expiresOn: wanted.expiresOn ?? lastDay.toISOString().slice(0, 10),
    activated: wanted.activated,
    actor: member.signInName,
  })
  if ('refusal' in lot) throw new HttpRefusal(409, lot.refusal)
  await adoptSealedStock(needs)
  return lot
}

/** What codes look like, the vault must know before they come. It takes no second word on a product. */
async function tellProducts({ pool, party, vault }: ImportNeeds): Promise<void> {
  const products = await listProducts(pool, party)
  const told = await vault.knowProducts(
    products.map(({ id, codeDigits, checkDigit }) => ({ id, codeDigits, checkDigit })),
  )
  if (told !== 'known') throw new Error(`the vault knows otherwise of a product: ${told.refusal}`)
}
