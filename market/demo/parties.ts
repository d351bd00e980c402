// Who is in the demo's market. Figures a person may change are in the settings files this makes; products, shops
// and prices are entered through the offices' own interfaces (see set-up-market.ts).

import { operatorId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import type { Product } from '@scratchless/voucher/product'
import { productId } from '@scratchless/voucher/product'

export interface DemoOperator {
  readonly party: 'atlas' | 'sahel'
  readonly name: string
  readonly colour: string
  readonly customerCare: string
  readonly codeDigits: number
  /** Face values in dinars. */
  readonly values: readonly number[]
  readonly refillTemplate: string
  readonly suite: 'modern' | 'interop'
}

export const OPERATORS: readonly DemoOperator[] = [
  {
    party: 'atlas',
    name: 'Atlas',
    colour: '#1D4F9F',
    customerCare: '1200',
    codeDigits: 14,
    values: [1, 5, 10],
    refillTemplate: '*123*{code}#',
    suite: 'interop',
  },
  {
    party: 'sahel',
    name: 'Sahel',
    colour: '#B24A17',
    customerCare: '1300',
    codeDigits: 16,
    values: [1, 5, 20],
    refillTemplate: '*145*{code}#',
    suite: 'modern',
  },
]

export const CENTRE = { party: 'centre', name: 'Tunis Distribution', phone: '71000000' } as const
export const RETAILER = { name: 'Epicerie El Amen', place: 'Tunis' } as const
/** The demo's people sign in with these; they are printed with the addresses. */
export const OWNER = { password: 'owner-of-the-shop' } as const
export const VENDOR = { id: '02', name: 'Vendeur 02', password: 'vendor-two', pin: '24681357' } as const

/** Stamp duty contained in the public price, in basis points of the face value: a recharge of 5 DT credits 4.700. */
const STAMP_BASIS_POINTS = 600n
const VALIDITY_DAYS = 365

export function productsOf(operator: DemoOperator): Product[] {
  return operator.values.map((value) => {
    const faceMinor = BigInt(value) * 1_000n
    const taxMinor = (faceMinor * STAMP_BASIS_POINTS) / 10_000n
    return {
      id: productId(`${operator.party.toUpperCase()}-${value}`),
      operator: operatorId(operator.party),
      faceValue: money(faceMinor, 'TND'),
      publicPrice: money(faceMinor, 'TND'),
      tax: money(taxMinor, 'TND'),
      netCredit: money(faceMinor - taxMinor, 'TND'),
      codeDigits: operator.codeDigits,
      checkDigit: 'none',
      validityDays: VALIDITY_DAYS,
      refillTemplate: operator.refillTemplate,
    }
  })
}
