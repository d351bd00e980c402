// The centre's words as the first release kept them: before what travels had levels. A store of that release is read
// as one of today; what it could not know is asked for.

import { cardId, centreId, operatorId, retailerId, terminalId } from '@scratchless/voucher/ids'
import { type Currency, isCurrency } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { type CborValue, decodeCbor } from '@scratchless/wire/compact/cbor'
import {
  amount,
  bytes,
  type ContentOf,
  contentOf,
  integer,
  list,
  named,
  oneOf,
  record,
  seconds,
  text,
} from '@scratchless/wire/compact/shape'
import { catalogue } from '@scratchless/wire/supply/catalogue'
import { enrolmentAnswer } from '@scratchless/wire/supply/enrolment-answer'
import { encodeLevelled } from '@scratchless/wire/supply/level'
import { publicKey } from '@scratchless/wire/supply/public-key'
import { type Standing, standing } from '@scratchless/wire/supply/standing'

const FIRST_LEVEL = 1
/** Of an enrolment's three answers, the welcome. */
const ENROLLED = 2

const u32 = integer(0, 0xffff_ffff)
const standingThen = record({
  timeS: seconds,
  leaseUntilS: seconds,
  unreportedSales: integer(0, 65_535),
  revokedCards: list(named(cardId), 0, 20),
  catalogueVersion: u32,
  epoch: u32,
})

const enrolledThen = record({
  standing: standingThen,
  terminal: named(terminalId),
  retailer: named(retailerId),
  retailerName: text(1, 64),
  centre: named(centreId),
  rootKey: publicKey,
  terminalCertificate: bytes(64, 1_024),
  centreCertificate: bytes(64, 1_024),
})

const catalogueThen = record({
  standing: standingThen,
  version: u32,
  currency: named<Currency>((value) => {
    if (!isCurrency(value)) throw new TypeError(`no currency of ours: ${value.slice(0, 10)}`)
    return value
  }),
  ...{ retailerName: text(1, 64), distributorName: text(1, 64), distributorPhone: text(0, 20) },
  operators: list(
    record({ id: named(operatorId), name: text(1, 64), colour: text(7, 7), careNumber: text(0, 20) }),
    0,
    16,
  ),
  products: list(
    record({
      ...{ id: named(productId), operator: named(operatorId), faceValueMinor: amount },
      ...{ publicPriceMinor: amount, taxMinor: amount, netCreditMinor: amount, codeDigits: u32 },
      ...{ checkDigit: oneOf(['none', 'luhn']), validityDays: u32, refillTemplate: text(7, 32) },
      unitPriceMinor: amount,
    }),
    0,
    200,
  ),
})

/** The word of today that a word of the first release is; undefined where it is none. */
export function wordOfFirstRelease(name: string, content: Uint8Array): Buffer | undefined {
  const value = decodeCbor(content)
  if (!Array.isArray(value)) return undefined
  if (name === 'standing') return standingOf(value)
  if (name === 'catalogue') return catalogueOf(value)
  return name === 'enrolled' ? enrolledOf(value) : undefined
}

function standingOf(value: readonly CborValue[]): Buffer | undefined {
  const then = contentOf(standingThen, value as CborValue[])
  return then && encodeLevelled(standing, standingNow(then), FIRST_LEVEL)
}

/** Catalogues, settings and letters are counted anew, for each terminal: the catalogue held is older than the first. */
function standingNow({ epoch: _, ...then }: ContentOf<typeof standingThen>): Standing {
  return { ...then, catalogueVersion: 1, settingsVersion: 0, letter: 0, notices: [] }
}

function enrolledOf([state, ...fields]: readonly CborValue[]): Buffer | undefined {
  const then = state === ENROLLED ? contentOf(enrolledThen, fields) : undefined
  if (then === undefined) return undefined
  const now = { ...then, state: 'enrolled' as const, standing: standingNow(then.standing), lastSequence: 0 }
  return encodeLevelled(enrolmentAnswer, now, FIRST_LEVEL)
}

function catalogueOf(value: readonly CborValue[]): Buffer | undefined {
  const then = contentOf(catalogueThen, value as CborValue[])
  if (then === undefined) return undefined
  const products = then.products.map(
    ({ publicPriceMinor, taxMinor, netCreditMinor, unitPriceMinor, ...product }) => ({
      ...product,
      ...{ qr: true, mark: 'sold' as const },
      prices: [{ priceId: 0, validFromS: 0, publicPriceMinor, taxMinor, netCreditMinor, unitPriceMinor }],
    }),
  )
  return encodeLevelled(
    catalogue,
    { ...then, standing: standingNow(then.standing), version: 1, products },
    FIRST_LEVEL,
  )
}
