// The product and the parties of every test world.

import { centreId, operatorId } from '../ids.ts'
import { money } from '../money.ts'
import { type Product, productId } from '../product.ts'

export const ATLAS = operatorId('atlas')
export const CENTRE = centreId('centre')

export const ATLAS_5: Product = {
  id: productId('ATLAS-5'),
  operator: ATLAS,
  faceValue: money(5_000n, 'TND'),
  publicPrice: money(5_000n, 'TND'),
  tax: money(300n, 'TND'),
  netCredit: money(4_700n, 'TND'),
  codeDigits: 14,
  checkDigit: 'none',
  validityDays: 365,
  refillTemplate: '*123*{code}#',
}

/** What a retailer pays with the default discount of 4 %. */
export const UNIT_PRICE_MINOR = 4_800n
